import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { execute, isObjectType, parse, subscribe, type ExecutionResult } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createService, type SchemaContext, type Service } from "../../src/index.ts";
import { report } from "../support/graphs.ts";
import { post } from "../support/http.ts";
import { recordingLogger } from "../support/recording-logger.ts";

let service: Service;
beforeAll(() => {
  service = createService({
    workflows: { report },
    // Its transports are not used; whoever executes the schema says who asks.
    authenticate: () => null,
    schema: { federation: true },
    logger: recordingLogger(),
  });
});
afterAll(() => service[Symbol.asyncDispose]());

/** One operation for each root field. */
const OPERATIONS: Readonly<Record<string, string>> = {
  workflows: "{ workflows { name } }",
  workflow: '{ workflow(name: "report") { name } }',
  run: '{ run(id: "r") { id } }',
  runs: "{ runs { hasMore } }",
  thread: '{ thread(id: "t") { id } }',
  threads: "{ threads { hasMore } }",
  _service: "{ _service { sdl } }",
  _entities:
    '{ _entities(representations: [{ __typename: "Workflow", name: "report" }]) { __typename } }',
  startRun: "mutation { startRun(input: { report: { items: [] } }) { isNew } }",
  resumeRun: 'mutation { resumeRun(runId: "r", answers: []) { run { id } } }',
  cancelRun: 'mutation { cancelRun(runId: "r") { run { id } } }',
  continueThread: 'mutation { continueThread(threadId: "t") { isNew } }',
  updateThreadState: 'mutation { updateThreadState(threadId: "t", values: {}) { thread { id } } }',
  forkThread: 'mutation { forkThread(threadId: "t") { thread { id } } }',
  deleteThread: 'mutation { deleteThread(threadId: "t") { threadId } }',
  createWatchToken: 'mutation { createWatchToken(runId: "r") { token } }',
  runWorkflow: "subscription { runWorkflow(input: { report: { items: [] } }) { __typename } }",
  workflowEvents: 'subscription { workflowEvents(runId: "r") { __typename } }',
};

async function codesOf(source: string, contextValue: unknown): Promise<readonly unknown[]> {
  const run = source.startsWith("subscription") ? subscribe : execute;
  const result = await run({ schema: service.schema, document: parse(source), contextValue });
  const { errors } = result as ExecutionResult;
  return (errors ?? []).map(({ extensions }) => extensions["code"]);
}

describe("a schema whose service authenticates, executed by another server", () => {
  test("has an operation here for each of its root fields", () => {
    const { schema } = service;
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((type) =>
      isObjectType(type) ? Object.keys(type.getFields()) : [],
    );
    expect(fields.toSorted()).toEqual(Object.keys(OPERATIONS).toSorted());
  });

  test.each<[who: string, context: unknown]>([
    ["no context", undefined],
    ["a context that names nobody", {}],
    ["a context that says nobody", { viewer: null } satisfies SchemaContext],
  ])("answers no field for %s", async (_who, context) => {
    for (const [field, source] of Object.entries(OPERATIONS)) {
      expect(await codesOf(source, context), field).toEqual(["UNAUTHENTICATED"]);
    }
  });

  test("answers whoever the context names", async () => {
    const context: SchemaContext = { viewer: { id: "ann", tenant: "acme" } };
    for (const [field, source] of Object.entries(OPERATIONS)) {
      expect(await codesOf(source, context), field).not.toContain("UNAUTHENTICATED");
    }
  });

  test.each([{ id: 7 }, { id: "" }, {}, { id: "ann", tenant: "" }])(
    "takes %j for nobody, and not for somebody",
    async (viewer) => {
      const source = "{ runs { hasMore } }";
      const { data, errors } = await execute({
        schema: service.schema,
        document: parse(source),
        contextValue: { viewer },
      });
      expect(data?.["runs"]).toBeNull();
      expect(errors).toHaveLength(1);
    },
  );
});

test("in Apollo Server, runs belong to whom its context names", async () => {
  const apollo = new ApolloServer<SchemaContext>({ schema: service.schema });
  const { url } = await startStandaloneServer(apollo, {
    listen: { port: 0, host: "localhost" },
    context: async ({ req }) => {
      const id = req.headers.authorization;
      return { viewer: id === undefined ? null : { id } } satisfies SchemaContext;
    },
  });
  const query = `mutation { startRun(runId: "anns", input: { report: { items: [] } }) { isNew } }`;
  expect(await post(url, { query }, "ann")).toMatchObject({ data: { startRun: { isNew: true } } });
  const read = { query: '{ run(id: "anns") { id } }' };
  expect(await post(url, read, "ann")).toMatchObject({ data: { run: { id: "anns" } } });
  const code = async (as?: string): Promise<unknown> =>
    (await post(url, read, as)).errors?.[0]?.extensions?.["code"];
  expect(await code("bob")).toBe("NOT_FOUND");
  expect(await code()).toBe("UNAUTHENTICATED");
  await apollo.stop();
});
