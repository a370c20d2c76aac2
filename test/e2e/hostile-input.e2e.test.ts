import { Annotation, interrupt, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { ask, refusal } from "../support/ask.ts";
import { graphOf } from "../support/graphs.ts";
import { post } from "../support/http.ts";
import { startService, type RunningService } from "../support/service.ts";
import { STREAMS } from "../support/transports.ts";
import { until } from "../support/until.ts";

const ENVELOPE = { lc: 1, type: "constructor", id: ["langchain", "x"], kwargs: {} };

/** JSON as a client sends it: in an object literal `__proto__` would be something else. */
const HOSTILE: Readonly<Record<string, readonly [json: string, below: readonly string[]]>> = {
  "an object that load() constructs": [JSON.stringify(ENVELOPE), []],
  "a secret of the environment": [
    '{"a": [{"lc": 1, "type": "secret", "id": ["KEY"]}]}',
    ["a", "0"],
  ],
  "what is not implemented": ['{"a": {"lc": 1, "type": "not_implemented", "id": ["x"]}}', ["a"]],
  "an object of LangGraph's serialiser": [
    '{"lc": 2, "type": "constructor", "id": ["Map"], "args": []}',
    [],
  ],
  "the key __proto__": ['{"a": {"__proto__": {"admin": true}}}', ["a", "__proto__"]],
  "the keys constructor.prototype": [
    '{"constructor": {"prototype": {}}}',
    ["constructor", "prototype"],
  ],
  "what is nested without end": [
    `${'{"a":'.repeat(90)}1${"}".repeat(90)}`,
    Array.from({ length: 64 }, () => "a"),
  ],
};

const State = Annotation.Root({ value: Annotation<unknown>() });

/** Takes anything, asks what to do with it, and tells what LangGraph was configured with. */
const anything = new StateGraph(State)
  .addNode("ask", ({ value }) => ({ value: interrupt(value) }))
  .addEdge(START, "ask")
  .compile({ checkpointer: new MemorySaver() });

const seen: (readonly string[])[] = [];
const configured = graphOf(({ config }) => {
  seen.push(Object.keys(config.configurable ?? {}).filter((key) => !key.startsWith("__")));
});

let service: RunningService;
beforeEach(async () => {
  service = await startService({
    workflows: {
      anything,
      configured,
      withContext: new StateGraph(State, z.object({ free: z.any() }))
        .addNode("pass", () => ({}))
        .addEdge(START, "pass")
        .compile(),
    },
  });
});
afterEach(() => service[Symbol.asyncDispose]());

const START_RUN =
  "mutation ($input: WorkflowInput!, $options: RunOptions) { startRun(input: $input, options: $options) { run { id thread { id } } } }";

async function interrupted(): Promise<{ readonly id: string; readonly thread: { id: string } }> {
  const variables = { input: { anything: { value: "?" } } };
  const { run } = await ask<{ run: { id: string; thread: { id: string } } }>(
    service.url,
    START_RUN,
    variables,
  );
  await until(async () => {
    const now = await ask<{ status: string }>(service.url, `{ run(id: "${run.id}") { status } }`);
    return now.status === "INTERRUPTED";
  });
  return run;
}

async function runsOf(workflow: string): Promise<number> {
  const query = `{ runs(where: { workflow: "${workflow}" }) { nodes { id } } }`;
  return (await ask<{ nodes: readonly unknown[] }>(service.url, query)).nodes.length;
}

const refused = (path: readonly string[]) => ({
  code: "BAD_USER_INPUT",
  problems: [expect.objectContaining({ path })],
});

describe.each(Object.entries(HOSTILE))("%s", (_name, [json, below]) => {
  const value: unknown = JSON.parse(json);

  test.each(STREAMS)("is refused with its path in an input by %s", async (_transport, send) => {
    const { errors } = await send(service.url, {
      query: "subscription ($input: WorkflowInput!) { runWorkflow(input: $input) { __typename } }",
      variables: { input: { anything: { value } } },
    });
    expect(errors?.[0]?.extensions).toMatchObject(
      refused(["input", "anything", "value", ...below]),
    );
    expect(await runsOf("anything")).toBe(0);
  });

  test("is refused in what comes to POST /stream", async () => {
    const body = `{"value": ${json}}`;
    const response = await fetch(new URL("/stream/anything", service.url), {
      method: "POST",
      body,
    });
    expect(response.status).toBe(400);
    expect(await runsOf("anything")).toBe(0);
  });

  test("is refused in a context, an answer and a change of state", async () => {
    const context = await refusal(service.url, START_RUN, {
      input: { withContext: {} },
      options: { context: { withContext: { free: value } } },
    });
    expect(context).toMatchObject({ code: "BAD_USER_INPUT" });

    const { id, thread } = await interrupted();
    const query = `{ run(id: "${id}") { status interrupts { id } } }`;
    const asked = await ask<{ interrupts: readonly [{ id: string }] }>(service.url, query);
    const answers = [{ interruptId: asked.interrupts[0].id, value }];
    const answer = await refusal(
      service.url,
      "mutation ($id: ID!, $answers: [InterruptAnswer!]!) { resumeRun(runId: $id, answers: $answers) { run { id } } }",
      { id, answers },
    );
    expect(answer).toMatchObject({ code: "BAD_USER_INPUT" });
    expect(await ask(service.url, query)).toEqual({ status: "INTERRUPTED", ...asked });

    await ask(service.url, `mutation { cancelRun(runId: "${id}") { run { id } } }`);
    const change = await refusal(
      service.url,
      "mutation ($id: ID!, $values: JSON!) { updateThreadState(threadId: $id, values: $values) { thread { id } } }",
      { id: thread.id, values: { value } },
    );
    expect(change).toMatchObject({ code: "BAD_USER_INPUT" });
    const { state } = await ask<{ state: { values: unknown } }>(
      service.url,
      `{ thread(id: "${thread.id}") { state { values } } }`,
    );
    expect(state.values).toEqual({ value: "?" });
  });
});

test("data that only looks alike is taken", async () => {
  const value = { lc: "1", type: "constructor", constructor: "a name", prototype: { proto: 1 } };
  const { errors } = await post(service.url, {
    query: START_RUN,
    variables: { input: { anything: { value } } },
  });
  expect(errors).toBeUndefined();
});

test("clients configure nothing: what a node finds there is the server's", async () => {
  const body = { count: 1, configurable: { user_id: "root" }, thread_id: "x" };
  const response = await fetch(new URL("/stream/configured", service.url), {
    method: "POST",
    body: JSON.stringify(body),
  });
  // An input has the fields that the graph declares, and no others.
  expect(response.status).toBe(400);
  await post(service.url, {
    query: START_RUN,
    variables: { input: { configured: { count: 1 } } },
    extensions: { configurable: { user_id: "root" } },
  });
  await until(() => seen.length > 0);
  expect(seen.flat()).not.toContain("user_id");
});

test.each([
  ['{ run(id: "../x") { id } }', ["runId"]],
  [`{ run(id: "${"x".repeat(129)}") { id } }`, ["runId"]],
  ['{ thread(id: "a b") { id } }', ["threadId"]],
  ['{ runs(after: "\'; --") { hasMore } }', ["after"]],
  ['{ threads(after: "$") { hasMore } }', ["after"]],
  ['mutation { cancelRun(runId: "") { run { id } } }', ["runId"]],
  ['mutation { startRun(runId: "a/b", input: { configured: {} }) { isNew } }', ["runId"]],
  ['mutation { startRun(threadId: "a/b", input: { configured: {} }) { isNew } }', ["threadId"]],
  ['mutation { continueThread(threadId: "?") { isNew } }', ["threadId"]],
  ['mutation { forkThread(threadId: "a", newThreadId: "%") { thread { id } } }', ["newThreadId"]],
  ['mutation { deleteThread(threadId: "\\u0000") { threadId } }', ["threadId"]],
  [
    'mutation { updateThreadState(threadId: "a", checkpointId: "{}", values: {}) { thread { id } } }',
    ["checkpointId"],
  ],
  [
    'mutation { resumeRun(runId: "a", answers: [{ interruptId: "<>" }]) { run { id } } }',
    ["answers", "0", "interruptId"],
  ],
])("an id that is none is refused with its path: %s", async (query, path) => {
  expect(await refusal(service.url, query)).toMatchObject(refused(path));
});
