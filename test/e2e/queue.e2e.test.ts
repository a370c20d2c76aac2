import { interrupt, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { ask, refusal } from "../support/ask.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { runIdOf, seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { EVERYTHING, following, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { watchedBackend, type WatchedBackend } from "../support/watched-backend.ts";
import { collect, connect, watch } from "../support/web-socket.ts";

/** Asks, and does nothing else. */
const asking = new StateGraph(z.object({ answer: z.string().optional() }))
  .addNode("ask", () => ({ answer: interrupt<string, string>("Well?") }))
  .addEdge(START, "ask")
  .compile();

let gates: Gates;
let watched: WatchedBackend;
let service: RunningService;

async function start(limits: { readonly maxConcurrentRuns?: number } = {}): Promise<void> {
  gates = createGates();
  watched = watchedBackend();
  service = await startService({
    workflows: { steps: steppedGraph(gates), asking },
    backend: watched.backend,
    limits,
  });
}

afterEach(() => service[Symbol.asyncDispose]());

const START_RUN = `mutation ($input: WorkflowInput!, $runId: ID!, $threadId: ID, $options: RunOptions) {
  startRun(input: $input, runId: $runId, threadId: $threadId, options: $options) { run { id } }
}`;

interface Request {
  readonly threadId?: string;
  readonly options?: object;
  readonly input?: object;
}

/** A run of `steps` that passes one gate, unless told otherwise. */
const variablesOf = (runId: string, { input, ...request }: Request) => ({
  runId,
  input: input ?? { steps: { count: 1 } },
  ...request,
});

const startRun = (runId: string, request: Request = {}): Promise<unknown> =>
  ask(service.url, START_RUN, variablesOf(runId, request));

const refusedStart = (runId: string, request: Request = {}) =>
  refusal(service.url, START_RUN, variablesOf(runId, request));

interface State {
  readonly status: string;
  readonly queuePosition: number | null;
}

const stateOf = (id: string): Promise<State> =>
  ask(service.url, "query ($id: ID!) { run(id: $id) { status queuePosition } }", { id });

async function statusOf(id: string): Promise<string> {
  return (await stateOf(id)).status;
}

const isStanding = (runId: string) => () => gates.of(runId).arrivals === 1;

async function finish(runId: string): Promise<void> {
  gates.of(runId).open();
  await until(async () => (await statusOf(runId)) === "SUCCEEDED");
}

describe("where one run is executed at a time", () => {
  beforeEach(() => start({ maxConcurrentRuns: 1 }));

  test("the others know their place in the queue, and move up", async () => {
    for (const id of ["a", "b", "c"]) await startRun(id);
    await until(isStanding("a"));
    expect(await stateOf("a")).toEqual({ status: "RUNNING", queuePosition: null });
    expect(await stateOf("b")).toEqual({ status: "QUEUED", queuePosition: 1 });
    expect(await stateOf("c")).toEqual({ status: "QUEUED", queuePosition: 2 });
    await finish("a");
    await until(isStanding("b"));
    expect(await stateOf("c")).toEqual({ status: "QUEUED", queuePosition: 1 });
    await finish("b");
    await finish("c");
    expect(await stateOf("c")).toEqual({ status: "SUCCEEDED", queuePosition: null });
  });

  test("a watcher of a run that waits is told so at once, and follows it to its end", async () => {
    await startRun("a");
    await until(isStanding("a"));
    await startRun("b");
    const client = connect(service.wsUrl);
    const stream = watch(client, following("b", { select: "... on RunStatusEvent { runStatus }" }));
    const { value } = (await stream.next()) as { readonly value: Result };
    expect(value.data).toEqual({ workflowEvents: { runStatus: "QUEUED" } });
    await finish("a");
    await finish("b");
    const seqs = [seqOf(value)];
    for await (const result of stream) seqs.push(seqOf(result));
    expect(seqs[0]).toBe(1);
    expect(seqs.length).toBe(3);
    await client.dispose();
  });

  test("a run that waits for an answer takes nobody's place", async () => {
    await startRun("question", { input: { asking: {} } });
    await until(async () => (await statusOf("question")) === "INTERRUPTED");
    await startRun("a");
    await until(isStanding("a"));
    await finish("a");
  });

  test("one that waits is cancelled without having been executed", async () => {
    await startRun("a");
    await until(isStanding("a"));
    await startRun("b");
    await ask(service.url, 'mutation { cancelRun(runId: "b") { run { id } } }');
    expect(await stateOf("b")).toEqual({ status: "CANCELLED", queuePosition: null });
    await finish("a");
    expect(gates.of("b").arrivals).toBe(0);
  });
});

const THREAD = `{ thread(id: "talk") { isBusy activeRun { id } runs { nodes { id status } } } }`;

describe("on a thread with a run that has not ended, a run with whenBusy", () => {
  beforeEach(() => start());

  const talk = (whenBusy?: string): Request => ({
    threadId: "talk",
    ...(whenBusy !== undefined && { options: { whenBusy } }),
  });

  test.each([undefined, "REJECT"])("%s is THREAD_BUSY", async (whenBusy) => {
    await startRun("a", talk());
    expect(await refusedStart("b", talk(whenBusy))).toEqual({
      code: "THREAD_BUSY",
      threadId: "talk",
      runId: "a",
    });
    expect(await ask(service.url, THREAD)).toMatchObject({ runs: { nodes: [{ id: "a" }] } });
    await finish("a");
    await startRun("b", talk(whenBusy));
    await finish("b");
  });

  test("ENQUEUE waits until those before it have ended, in the order in which they came", async () => {
    for (const id of ["a", "b", "c"]) await startRun(id, talk("ENQUEUE"));
    await until(isStanding("a"));
    expect(await ask(service.url, THREAD)).toEqual({
      isBusy: true,
      activeRun: { id: "a" },
      runs: {
        nodes: [
          { id: "c", status: "QUEUED" },
          { id: "b", status: "QUEUED" },
          { id: "a", status: "RUNNING" },
        ],
      },
    });
    await finish("a");
    await until(isStanding("b"));
    expect(gates.of("c").arrivals).toBe(0);
    await finish("b");
    await finish("c");
    expect(await ask(service.url, THREAD)).toMatchObject({ isBusy: false, activeRun: null });
  });

  test("ENQUEUE waits for the answer to an interrupt as well", async () => {
    await startRun("question", { ...talk(), input: { asking: {} } });
    await until(async () => (await statusOf("question")) === "INTERRUPTED");
    await startRun("next", { ...talk("ENQUEUE"), input: { asking: {} } });
    expect(await ask(service.url, THREAD)).toMatchObject({ activeRun: { id: "question" } });
    expect(await statusOf("next")).toBe("QUEUED");
    const { interrupts } = await ask<{ interrupts: readonly { id: string }[] }>(
      service.url,
      '{ run(id: "question") { interrupts { id } } }',
    );
    await ask(
      service.url,
      `mutation ($id: ID!) {
        resumeRun(runId: "question", answers: [{ interruptId: $id, value: "yes" }]) { run { id } }
      }`,
      { id: interrupts[0]?.id },
    );
    await until(async () => (await statusOf("question")) === "SUCCEEDED");
    await until(async () => (await statusOf("next")) === "INTERRUPTED");
  });

  test("REPLACE cancels those before it, whose watchers are told, and starts then", async () => {
    await startRun("a", talk());
    await until(isStanding("a"));
    await startRun("b", talk("ENQUEUE"));
    const client = connect(service.wsUrl);
    const watching = ["a", "b"].map((id) =>
      collect(client, following(id, { select: "... on RunStatusEvent { runStatus }" })),
    );
    await startRun("c", talk("REPLACE"));
    for (const results of await Promise.all(watching)) {
      expect(results.at(-1)?.data).toEqual({ workflowEvents: { runStatus: "CANCELLED" } });
    }
    await finish("c");
    expect(gates.of("b").arrivals).toBe(0);
    expect(await ask(service.url, THREAD)).toMatchObject({
      isBusy: false,
      runs: {
        nodes: [
          { id: "c", status: "SUCCEEDED" },
          { id: "b", status: "CANCELLED" },
          { id: "a", status: "CANCELLED" },
        ],
      },
    });
    await client.dispose();
  });

  test("REPLACE takes the place of one that waits for an answer", async () => {
    await startRun("question", { ...talk(), input: { asking: {} } });
    await until(async () => (await statusOf("question")) === "INTERRUPTED");
    await startRun("b", { ...talk("REPLACE"), input: { asking: {} } });
    expect(await statusOf("question")).toBe("CANCELLED");
    await until(async () => (await statusOf("b")) === "INTERRUPTED");
  });

  test.each(["ENQUEUE", "REPLACE"])(
    "%s starts at once where the thread is free, and once however often it is asked for",
    async (whenBusy) => {
      await startRun("a", talk(whenBusy));
      await until(isStanding("a"));
      await startRun("a", talk(whenBusy));
      await finish("a");
      expect(await ask(service.url, THREAD)).toMatchObject({
        runs: { nodes: [{ id: "a", status: "SUCCEEDED" }] },
      });
    },
  );
});

describe("with onDisconnect: CANCEL", () => {
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await start({ maxConcurrentRuns: 1 });
  });
  afterEach(() => vi.useRealTimers());

  /** Starts a run, follows it up to a status, and goes away. */
  async function startAndLeave(input: object, status: string): Promise<string> {
    const client = connect(service.wsUrl);
    const stream = watch(client, {
      query: `subscription ($input: WorkflowInput!) {
        runWorkflow(input: $input, onDisconnect: CANCEL) { ${EVERYTHING} ... on RunStatusEvent { runStatus } }
      }`,
      variables: { input },
    });
    let last: Result;
    do {
      ({ value: last } = (await stream.next()) as { readonly value: Result });
    } while (last.data?.["runWorkflow"]?.["runStatus"] !== status);
    service.sockets.at(-1)?.terminate();
    await client.dispose();
    await until(() => watched.listeners === 0);
    return runIdOf(last);
  }

  test("a run that waits for its turn is cancelled ten seconds after its subscriber has gone", async () => {
    await startRun("a");
    await until(isStanding("a"));
    const runId = await startAndLeave({ steps: { count: 1 } }, "QUEUED");
    vi.advanceTimersByTime(9_999);
    expect(await statusOf(runId)).toBe("QUEUED");
    vi.advanceTimersByTime(1);
    await until(async () => (await statusOf(runId)) === "CANCELLED");
    await finish("a");
  });

  test("a run that waits for an answer is so too", async () => {
    const runId = await startAndLeave({ asking: {} }, "INTERRUPTED");
    vi.advanceTimersByTime(9_999);
    expect(await statusOf(runId)).toBe("INTERRUPTED");
    vi.advanceTimersByTime(1);
    await until(async () => (await statusOf(runId)) === "CANCELLED");
  });
});
