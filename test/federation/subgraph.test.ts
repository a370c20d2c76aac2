import {
  buildSchema,
  getNamedType,
  graphql,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  parse,
  print,
  printSchema,
  type GraphQLSchema,
} from "graphql";
import { afterAll, describe, expect, test } from "vitest";
import * as approval from "../../src/demo/approval.ts";
import * as report from "../../src/demo/report.ts";
import * as research from "../../src/demo/research.ts";
import { createService, memory, type ServiceOptions } from "../../src/index.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { sdlOf } from "./subgraphs.ts";

const workflows = { report, research, approval };
const logger = recordingLogger();
const backend = memory();
const make = (schema: ServiceOptions["schema"]) =>
  createService({ workflows, logger, backend, schema });
const plain = make(undefined);
const subgraph = make({ federation: true });
const prefixed = make({ federation: true, prefix: "Agents" });
afterAll(async () => {
  for (const service of [plain, subgraph, prefixed]) await service[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
});

/** What a composer knows without being told. */
const FEDERATION =
  "directive @key(fields: String!) on OBJECT directive @link(url: String!, import: [String]) on SCHEMA";

describe("the SDL of a subgraph", () => {
  test("says which types are entities, and by which key", async () => {
    const sdl = await sdlOf(subgraph.schema);
    expect(sdl).toContain('\ntype Run @key(fields: "id") {');
    expect(sdl).toContain('\ntype Thread @key(fields: "id") {');
    expect(sdl).toContain('\ntype Workflow @key(fields: "name") {');
    expect(sdl.match(/@key/g)).toHaveLength(4);
  });

  test("links federation, and declares @oneOf", async () => {
    const sdl = await sdlOf(subgraph.schema);
    expect(sdl).toContain(
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@key"])',
    );
    expect(sdl).toContain("directive @oneOf on INPUT_OBJECT");
    expect(sdl).toContain("\ninput WorkflowInput @oneOf {");
  });

  test("is otherwise the schema without federation", async () => {
    const sdl = await sdlOf(subgraph.schema);
    const rest = sdl
      .replace(/^extend schema .*\n\ndirective @oneOf .*\n\n/, "")
      .replaceAll(/ @key\(fields: "\w+"\)/g, "");
    expect(rest.trim()).toBe(print(parse(printSchema(plain.schema))));
  });

  test("has all names under the prefix", async () => {
    const sdl = await sdlOf(prefixed.schema);
    expect(sdl).toContain('\ntype AgentsRun @key(fields: "id") {');
    expect(sdl).toContain('\ntype AgentsThread @key(fields: "id") {');
    expect(sdl).toContain('\ntype AgentsWorkflow @key(fields: "name") {');
  });

  test("and the printed schema have every description", async () => {
    const expected = descriptionsOf(plain.schema);
    expect(expected.size).toBeGreaterThan(100);
    expect(descriptionsOf(buildSchema(printSchema(plain.schema)))).toEqual(expected);
    expect(descriptionsOf(buildSchema(`${FEDERATION}\n${await sdlOf(subgraph.schema)}`))).toEqual(
      expected,
    );
  });
});

test("without `federation` there is nothing of it in the schema", () => {
  expect(printSchema(plain.schema)).not.toMatch(/_entities|_service|_Any|@key/);
});

describe("references to entities", () => {
  const ask = async (
    schema: GraphQLSchema,
    representations: readonly object[],
    viewer: string | null = null,
  ) =>
    graphql({
      schema,
      source: `query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          __typename
          ... on Run { id status workflow { name } }
          ... on Thread { id workflow { name } runs { nodes { id } } }
          ... on Workflow { name field nodes { name } }
        }
      }`,
      variableValues: { representations },
      contextValue: { viewer: viewer === null ? null : { id: viewer } },
    });

  async function startReport(viewer: string | null): Promise<string> {
    const { data } = await graphql({
      schema: subgraph.schema,
      source: "mutation { startRun(input: { report: { items: [] } }) { run { id } } }",
      contextValue: { viewer: viewer === null ? null : { id: viewer } },
    });
    return (data?.["startRun"] as { readonly run: { readonly id: string } }).run.id;
  }

  test("give runs, threads and workflows, in the order that was asked for", async () => {
    const id = await startReport(null);
    const { data, errors } = await ask(subgraph.schema, [
      { __typename: "Workflow", name: "report" },
      { __typename: "Run", id },
      // The run's own.
      { __typename: "Thread", id },
    ]);
    expect(errors).toBeUndefined();
    expect(data?.["_entities"]).toMatchObject([
      {
        __typename: "Workflow",
        name: "report",
        field: "report",
        nodes: [{}, { name: "work" }, {}],
      },
      { __typename: "Run", id, workflow: { name: "report" } },
      { __typename: "Thread", id, workflow: { name: "report" }, runs: { nodes: [{ id }] } },
    ]);
  });

  test("to what is not there, or somebody else's, give null with NOT_FOUND, and leave the others alone", async () => {
    const [mine, theirs] = [await startReport("me"), await startReport("them")];
    const { data, errors } = await ask(
      subgraph.schema,
      [
        { __typename: "Run", id: "nothing" },
        { __typename: "Run", id: theirs },
        { __typename: "Run", id: mine },
        { __typename: "Workflow", name: "nothing" },
        { __typename: "Thread", id: theirs },
      ],
      "me",
    );
    expect(data?.["_entities"]).toMatchObject([null, null, { id: mine }, null, null]);
    expect(errors?.map(({ path, extensions }) => [path?.[1], extensions["code"]])).toEqual(
      expect.arrayContaining([
        [0, "NOT_FOUND"],
        [1, "NOT_FOUND"],
        [3, "NOT_FOUND"],
        [4, "NOT_FOUND"],
      ]),
    );
  });

  test.each<readonly [string, object]>([
    ["no type", { id: "a" }],
    ["a type that is no entity", { __typename: "Problem", path: [] }],
    ["no key", { __typename: "Run" }],
    ["a key of the wrong type", { __typename: "Run", id: 7 }],
    ["what every object has", { __typename: "toString", id: "a" }],
  ])("with %s are BAD_USER_INPUT", async (_name, representation) => {
    const { data, errors } = await ask(subgraph.schema, [representation]);
    expect(data?.["_entities"]).toEqual([null]);
    const problems = [{ path: ["representations", "0"] }];
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", problems } }]);
  });

  test("work under a prefix", async () => {
    const { data } = await graphql({
      schema: prefixed.schema,
      source: `{ _entities(representations: [{ __typename: "AgentsWorkflow", name: "report" }]) {
        ... on AgentsWorkflow { field }
      } }`,
    });
    expect(data?.["_entities"]).toEqual([{ field: "report" }]);
  });
});

/** Everything that is described, by its path in the schema. */
function descriptionsOf(schema: GraphQLSchema): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const add = (path: string, description: string | null | undefined): void => {
    if (description) found.set(path, description);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith("__") || BUILT_IN.has(type.name)) continue;
    add(type.name, getNamedType(type).description);
    if (isEnumType(type)) {
      for (const value of type.getValues()) add(`${type.name}.${value.name}`, value.description);
    }
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        add(`${type.name}.${field.name}`, field.description);
        if (!("args" in field)) continue;
        for (const arg of field.args) {
          add(`${type.name}.${field.name}(${arg.name})`, arg.description);
        }
      }
    }
  }
  return found;
}

/** GraphQL's own scalars, which are not printed. */
const BUILT_IN = new Set(["Boolean", "Float", "ID", "Int", "String"]);
