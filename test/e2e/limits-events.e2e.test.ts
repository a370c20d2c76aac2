import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { z } from "zod";
import { createService, defineEvents, defineWorkflow } from "../../src/index.ts";
import { ScriptedModel } from "../runs/ingest/scripted-model.ts";
import { ask } from "../support/ask.ts";
import { openEventSource, postEvents, readFrames, readResults } from "../support/http.ts";
import { partsOf, postMultipart } from "../support/multipart.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { eventOf, type EventFields, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, startRun } from "../support/stepped.ts";
import { collect, connect } from "../support/web-socket.ts";

const KB = 1024;
const LARGE = "x".repeat(70 * KB);

const State = Annotation.Root({ small: Annotation<string>(), large: Annotation<string>() });

const events = defineEvents({ citation: z.object({ text: z.string() }) });

/** Writes something too large between two that are not, and changes the state by too much. */
const graph = new StateGraph(State)
  .addNode("work", (_state, config) => {
    config.writer?.({ type: "progress", current: 1 });
    config.writer?.({ type: "citation", text: LARGE });
    config.writer?.({ type: "progress", current: 2 });
    return { small: "kept", large: "x".repeat(300 * KB) };
  })
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();

const SELECT = `__typename
  ... on WrittenEvent { type payload }
  ... on CustomEvent { problems { path message } }
  ... on StateUpdate { changedKeys truncatedKeys changes state { work { small large } } }
  ... on RunStatusEvent { runStatus output }`;

/** What a watcher is sent of it, but for starts and ends of nodes. */
const EXPECTED: readonly object[] = [
  { __typename: "RunStatusEvent", runStatus: "QUEUED", output: null },
  { __typename: "RunStatusEvent", runStatus: "RUNNING", output: null },
  { __typename: "ProgressEvent", type: "progress", payload: { type: "progress", current: 1 } },
  {
    __typename: "CustomEvent",
    type: "citation",
    payload: null,
    problems: [
      {
        path: [],
        message: expect.stringMatching(/^It has \d{5} bytes of JSON, and may have 65536: /),
      },
    ],
  },
  { __typename: "ProgressEvent", type: "progress", payload: { type: "progress", current: 2 } },
  {
    __typename: "StateUpdate",
    changedKeys: ["small", "large"],
    truncatedKeys: ["large"],
    changes: { small: "kept" },
    state: { work: { small: "kept", large: null } },
  },
  {
    __typename: "RunStatusEvent",
    runStatus: "SUCCEEDED",
    // Never cut.
    output: { small: "kept", large: "x".repeat(300 * KB) },
  },
];

const schemas = {
  state: z.object({ small: z.string(), large: z.string() }),
  input: z.object({}),
};

async function serveIt(): Promise<RunningService> {
  return startService({ workflows: { work: defineWorkflow({ graph, events, schemas }) } });
}

type Watch = (service: RunningService, runId: string) => Promise<readonly Result[]>;

const TRANSPORTS: Readonly<Record<string, Watch>> = {
  "a WebSocket": async ({ wsUrl }, runId) => {
    const client = connect(wsUrl);
    const results = await collect(client, following(runId, { select: SELECT }));
    await client.dispose();
    return results;
  },
  "server-sent events": async ({ url }, runId) =>
    readResults(await postEvents(url, following(runId, { select: SELECT }))),
  "an EventSource": async ({ url }, runId) =>
    readResults(await openEventSource(url, following(runId, { select: SELECT }))),
  multipart: async ({ url }, runId) => {
    const response = await postMultipart(url, following(runId, { select: SELECT }));
    const parts = partsOf(await response.text()) as readonly { readonly payload: Result }[];
    return parts.map(({ payload }) => payload);
  },
};

const withoutNodes = (results: readonly Result[]): readonly EventFields[] =>
  results.map(eventOf).filter(({ __typename }) => __typename !== "NodeEvent");

test.each(Object.entries(TRANSPORTS))(
  "an event that is too large says so over %s, and the others come as they are",
  async (_transport, watch) => {
    await using service = await serveIt();
    const runId = await startRun(service.url, "work", {});
    expect(withoutNodes(await watch(service, runId))).toEqual(EXPECTED);
  },
);

test("POST /stream sends null in the place of a payload that is too large", async () => {
  await using service = await serveIt();
  const response = await fetch(new URL("/stream/work", service.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const frames: unknown[] = [];
  for await (const { data } of readFrames(response)) {
    if (data) frames.push(JSON.parse(data));
  }
  expect(frames).toEqual([
    { mode: "custom", data: { type: "progress", current: 1 } },
    { mode: "custom", data: null },
    { mode: "custom", data: { type: "progress", current: 2 } },
    { mode: "updates", data: { work: { small: "kept" } } },
  ]);
});

test("the state itself is whole, and so is the run's output", async () => {
  await using service = await serveIt();
  const runId = await startRun(service.url, "work", {});
  await readResults(await postEvents(service.url, following(runId)));
  const run = await ask<{
    output: { large: string };
    thread: { state: { values: { large: string } } };
  }>(service.url, "query ($id: ID!) { run(id: $id) { output thread { state { values } } } }", {
    id: runId,
  });
  expect(run.output.large).toHaveLength(300 * KB);
  expect(run.thread.state.values.large).toHaveLength(300 * KB);
});

test("a message that is too large is cut, and says so", async () => {
  const model = new ScriptedModel([LARGE]);
  const answer = new StateGraph(Annotation.Root({ text: Annotation<string>() }))
    .addNode("answer", async () => ({ text: (await model.invoke("Hi")).text }))
    .addEdge(START, "answer")
    .addEdge("answer", END)
    .compile();
  await using service = await startService({ workflows: { answer } });
  const runId = await startRun(service.url, "answer", {});
  const select = "... on MessageChunk { content raw }";
  const results = await readResults(await postEvents(service.url, following(runId, { select })));
  expect(results).not.toEqual([]);
  for (const { content, raw } of results.map(eventOf)) {
    expect(content).toBe(
      `${"x".repeat(64 * KB)} [6144 more characters: beyond limits.maxEventBytes]`,
    );
    expect(raw).toBeNull();
  }
});

test("the log says it once for each node and type", async () => {
  const logger = recordingLogger();
  const service = createService({
    workflows: { work: defineWorkflow({ graph, events }) },
    logger,
  });
  for (let i = 0; i < 2; i++) {
    const response = await service.fetch(
      new Request("http://localhost/stream/work", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      }),
    );
    await response.text();
  }
  const told = logger.lines.filter(({ message }) =>
    message.includes("a written event is a CustomEvent"),
  );
  expect(told).toHaveLength(1);
  expect(told[0]?.fields).toMatchObject({ workflow: "work", node: "work", type: "citation" });
  await service[Symbol.asyncDispose]();
});
