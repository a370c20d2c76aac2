import { mergeSchemas } from "@graphql-tools/schema";
import SchemaBuilder from "@pothos/core";
import {
  GraphQLScalarType,
  isSpecifiedScalarType,
  printSchema,
  printType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from "graphql";
import { createYoga } from "graphql-yoga";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as approval from "../../src/demo/approval.ts";
import * as research from "../../src/demo/research.ts";
import { createService, type Service } from "../../src/index.ts";
import { report } from "../support/graphs.ts";
import { post, postEvents, readResults } from "../support/http.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { eventOf } from "../support/result.ts";
import { listen, type Listening } from "./listen.ts";

const workflows = { report, research, approval };
const logger = recordingLogger();

/** A server of somebody's own with this schema. */
function host(schema: GraphQLSchema): Promise<Listening> {
  return listen(createYoga({ schema, logging: false }));
}

describe("merged into the schema of a host that is built with Pothos", () => {
  let service: Service;
  let merged: GraphQLSchema;
  let listening: Listening;
  let url: string;

  beforeAll(async () => {
    service = createService({ workflows, logger });
    const builder = new SchemaBuilder({});
    builder.queryType({ fields: (t) => ({ hello: t.string({ resolve: () => "Hello" }) }) });
    builder.mutationType({ fields: (t) => ({ wave: t.boolean({ resolve: () => true }) }) });
    merged = mergeSchemas({ schemas: [builder.toSchema(), service.schema] });
    listening = await host(merged);
    url = `${listening.origin}/graphql`;
  });
  afterAll(async () => {
    await listening[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  test("every type is what it was: @oneOf, defaults, descriptions, all", () => {
    const roots = new Set(["Query", "Mutation", "Subscription"]);
    const printed = (schema: GraphQLSchema, { name }: GraphQLNamedType): string =>
      printType(schema.getType(name) as GraphQLNamedType);
    const types = Object.values(service.schema.getTypeMap()).filter(
      (type) =>
        !roots.has(type.name) && !type.name.startsWith("__") && !isSpecifiedScalarType(type),
    );
    expect(types.length).toBeGreaterThan(40);
    for (const type of types) expect(printed(merged, type)).toBe(printed(service.schema, type));
  });

  test("one operation asks both", async () => {
    const { data } = await post(url, { query: "{ hello workflows { name } }" });
    expect(data).toEqual({
      hello: "Hello",
      workflows: [{ name: "report" }, { name: "research" }, { name: "approval" }],
    });
  });

  test("a run is started and followed", async () => {
    const query = `subscription {
      runWorkflow(input: { report: { items: ["a"] } }, only: [PROGRESS, RUN_STATUS]) {
        __typename
        ... on ProgressEvent { status }
        ... on RunStatusEvent { runStatus run { status } }
      }
    }`;
    const events = (await readResults(await postEvents(url, { query }))).map(eventOf);
    expect(events.map((event) => event["runStatus"] ?? event["status"])).toEqual([
      "QUEUED",
      "RUNNING",
      "Processing a",
      "SUCCEEDED",
    ]);
    const { data } = await post(url, {
      query: "{ runs(where: { statuses: [SUCCEEDED] }) { nodes { status } } }",
    });
    expect(data).toEqual({ runs: { nodes: [{ status: "SUCCEEDED" }] } });
  });

  test("errors keep their codes, and @oneOf holds", async () => {
    const missing = await post(url, { query: '{ run(id: "nothing") { id } }' });
    expect(missing.errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
    const { errors } = await post(url, {
      query: "mutation ($input: WorkflowInput!) { startRun(input: $input) { isNew } }",
      variables: { input: { report: { items: [] }, research: { topics: [] } } },
    });
    expect(errors).toMatchObject([{ message: expect.stringContaining("Exactly one") as string }]);
  });
});

describe("under a prefix", () => {
  /** A host's own scalar of the name, told from ours by what it makes of a date. */
  const DateTime = new GraphQLScalarType<Date, number>({
    name: "DateTime",
    description: "Milliseconds since 1970.",
    serialize: (date) => (date as Date).getTime(),
  });
  const JSON_ = new GraphQLScalarType({
    name: "JSON",
    description: "Anything; text, to be exact.",
    serialize: (value) => JSON.stringify(value),
  });
  let service: Service;
  let merged: GraphQLSchema;
  let listening: Listening;

  beforeAll(async () => {
    service = createService({
      workflows,
      logger,
      schema: { prefix: "Agents", scalars: { DateTime, JSON: JSON_ } },
    });
    const builder = new SchemaBuilder<{
      Scalars: {
        DateTime: { Input: never; Output: Date };
        JSON: { Input: never; Output: unknown };
      };
    }>({});
    builder.addScalarType("DateTime", DateTime);
    builder.addScalarType("JSON", JSON_);
    const run = builder.objectRef<{ readonly km: number }>("Run").implement({
      description: "Along the river.",
      fields: (t) => ({
        km: t.exposeFloat("km"),
        at: t.field({ type: "DateTime", resolve: () => new Date(7) }),
      }),
    });
    const workflow = builder.objectRef<object>("Workflow").implement({
      description: "From the host's own office.",
      fields: (t) => ({ steps: t.field({ type: "JSON", resolve: () => ["sign"] }) }),
    });
    builder.queryType({
      fields: (t) => ({
        run: t.field({ type: run, resolve: () => ({ km: 5 }) }),
        workflow: t.field({ type: workflow, resolve: () => ({}) }),
      }),
    });
    merged = mergeSchemas({ schemas: [builder.toSchema(), service.schema] });
    listening = await host(merged);
  });
  afterAll(async () => {
    await listening[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  test("every name of ours begins with it, but those of the three scalars", () => {
    const ours = [
      ...printSchema(service.schema).matchAll(
        /^(?:type|input|enum|union|interface|scalar) (\w+)/gm,
      ),
    ];
    const others = ours
      .map(([, name = ""]) => name)
      .filter((name) => !name.startsWith("Agents"))
      .toSorted();
    expect(others).toEqual(["Cursor", "DateTime", "JSON", "Mutation", "Query", "Subscription"]);
    const roots = ["getQueryType", "getMutationType", "getSubscriptionType"] as const;
    for (const root of roots) {
      for (const name of Object.keys(service.schema[root]()?.getFields() ?? {})) {
        expect(name).toMatch(/^agents[A-Z]/);
      }
    }
  });

  test("it lives beside a `Run` and a `Workflow` of the host's, with the host's scalars", async () => {
    const url = `${listening.origin}/graphql`;
    const { data: started, errors } = await post(url, {
      query: `mutation { agentsStartRun(input: { report: { items: ["a"] } }) { run { createdAt input } } }`,
    });
    expect(errors).toBeUndefined();
    expect(started).toEqual({
      agentsStartRun: {
        run: {
          createdAt: expect.any(Number) as number,
          input: expect.stringContaining('"items":["a"]') as string,
        },
      },
    });
    const { data } = await post(url, {
      query: '{ run { km at } workflow { steps } agentsWorkflow(name: "report") { name field } }',
    });
    expect(data).toEqual({
      run: { km: 5, at: 7 },
      workflow: { steps: '["sign"]' },
      agentsWorkflow: { name: "report", field: "report" },
    });
  });

  test("a subscription works as without one", async () => {
    const query = `subscription {
      agentsRunWorkflow(input: { report: { items: ["a"] } }) { ... on AgentsProgressEvent { status } }
    }`;
    const response = await postEvents(`${listening.origin}/graphql`, { query });
    expect((await readResults(response)).map(eventOf)).toEqual([{ status: "Processing a" }]);
  });
});
