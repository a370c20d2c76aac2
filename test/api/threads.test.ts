import { interrupt, START, StateGraph } from "@langchain/langgraph";
import { graphql, type GraphQLObjectType } from "graphql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { ApiContext } from "../../src/api/context.ts";
import { createService, type Service } from "../../src/index.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { until } from "../support/until.ts";

const graph = new StateGraph({
  state: z.object({ answer: z.string().optional() }),
  context: z.object({ locale: z.enum(["de", "en"]) }),
})
  .addNode("ask", () => ({ answer: interrupt<string, string>("Well?") }))
  .addEdge(START, "ask")
  .compile();

const other = new StateGraph({
  state: z.object({ answer: z.string().optional() }),
  context: z.object({ size: z.int() }),
})
  .addNode("idle", () => ({}))
  .addEdge(START, "idle")
  .compile();

const OPTIONS = "{ context: { graph: { locale: DE } }, whenBusy: REPLACE }";

let service: Service;
/** A run of theirs that waits for an answer, on the thread `theirs`. */
const THEIRS: ApiContext = { viewer: { id: "them" } };
const MINE: ApiContext = { viewer: { id: "me" } };

beforeEach(async () => {
  service = createService({ workflows: { graph, other }, logger: recordingLogger() });
  await execute(
    `mutation {
      startRun(input: { graph: {} }, runId: "r", threadId: "theirs", options: ${OPTIONS}) { isNew }
    }`,
    THEIRS,
  );
  await until(async () => {
    const { data } = await execute('{ run(id: "r") { status } }', THEIRS);
    return (data?.["run"] as { readonly status: string }).status === "INTERRUPTED";
  });
});
afterEach(() => service[Symbol.asyncDispose]());

const execute = (source: string, contextValue: ApiContext) =>
  graphql({ schema: service.schema, source, contextValue });

/** Every mutation, in a form that could do something. */
const MUTATIONS: Readonly<Record<string, string>> = {
  startRun: `startRun(input: { graph: {} }, threadId: "theirs", options: ${OPTIONS}) { isNew }`,
  resumeRun: 'resumeRun(runId: "r", answers: []) { run { id } }',
  cancelRun: 'cancelRun(runId: "r") { run { id } }',
  createWatchToken: 'createWatchToken(runId: "r") { token }',
  continueThread: `continueThread(threadId: "theirs", options: ${OPTIONS}) { isNew }`,
  updateThreadState: 'updateThreadState(threadId: "theirs", values: {}) { thread { id } }',
  forkThread: 'forkThread(threadId: "theirs") { thread { id } }',
  deleteThread: 'deleteThread(threadId: "theirs") { threadId }',
};

async function codeOf(source: string, context: ApiContext): Promise<unknown> {
  const { errors } = await execute(source, context);
  return errors?.[0]?.extensions["code"];
}

test("every mutation is tried here", () => {
  const type = service.schema.getMutationType() as GraphQLObjectType;
  expect(Object.keys(type.getFields()).toSorted()).toEqual(Object.keys(MUTATIONS).toSorted());
});

describe.each(Object.entries(MUTATIONS))("%s", (_name, mutation) => {
  test("of what is somebody else's is NOT_FOUND, and changes nothing", async () => {
    expect(await codeOf(`mutation { ${mutation} }`, MINE)).toBe("NOT_FOUND");
    const { data } = await execute('{ run(id: "r") { status thread { isBusy } } }', THEIRS);
    expect(data?.["run"]).toEqual({ status: "INTERRUPTED", thread: { isBusy: true } });
  });

  test("is FORBIDDEN to a request that may only read", async () => {
    const context = { ...THEIRS, writeForbidden: "Use POST" };
    expect(await codeOf(`mutation { ${mutation} }`, context)).toBe("FORBIDDEN");
  });
});

test("somebody else's thread is NOT_FOUND, as one that is not there", async () => {
  for (const id of ["theirs", "nothing"]) {
    expect(await codeOf(`{ thread(id: "${id}") { id } }`, MINE)).toBe("NOT_FOUND");
  }
  const { data } = await execute("{ threads { nodes { id } } }", MINE);
  expect(data).toEqual({ threads: { nodes: [] } });
});

test.each([
  ["threads", "threads(first: 0) { hasMore }"],
  ["threads", "threads(first: 101) { hasMore }"],
  ["runs", 'thread(id: "theirs") { runs(first: 101) { hasMore } }'],
  ["states", 'thread(id: "theirs") { history(first: 101) { hasMore } }'],
  ["states", 'thread(id: "theirs") { history(first: 0) { hasMore } }'],
])("a page of no %s, or of too many, is refused: %s", async (_what, field) => {
  const { errors } = await execute(`{ ${field} }`, THEIRS);
  expect(errors).toMatchObject([
    { extensions: { code: "BAD_USER_INPUT", problems: [{ path: ["first"] }] } },
  ]);
});

describe("the context of continueThread", () => {
  const problemsOf = async (context: string) => {
    const { errors } = await execute(
      `mutation { continueThread(threadId: "theirs", options: { context: ${context}, whenBusy: ENQUEUE }) { isNew } }`,
      THEIRS,
    );
    return errors?.[0]?.extensions["problems"];
  };

  test("is that of the thread's workflow", async () => {
    expect(await problemsOf("{ graph: { locale: DE } }")).toBeUndefined();
  });

  test("of another workflow is refused", async () => {
    expect(await problemsOf("{ other: { size: 1 } }")).toMatchObject([
      { path: ["options", "context"], message: expect.stringContaining("graph") as unknown },
    ]);
  });
});
