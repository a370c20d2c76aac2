import { describe, expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import { ANN, BOB } from "../support/callers.ts";
import { memory } from "../../src/backends/memory/index.ts";
import type { Graph } from "../../src/workflows/graph.ts";
import { ended, interrupted, startEngine as start, startRun, statuses } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { questions } from "../support/questions.ts";
import { until } from "../support/until.ts";

const idle = graphOf(() => undefined);

describe("a run", () => {
  test("waits as queued while the process executes as many as it may", async () => {
    const gate = createGate();
    const { engine } = start(
      graphOf(() => gate.pass()),
      { limits: { maxConcurrentRuns: 1 } },
    );
    const [first, second] = [await startRun(engine), await startRun(engine)];
    await until(() => gate.arrivals === 1);
    expect(await statuses(engine, first, second)).toEqual(["running", "queued"]);
    gate.open(2);
    await ended(engine, second);
    expect(await statuses(engine, first, second)).toEqual(["succeeded", "succeeded"]);
  });

  test("that is cancelled while it waits ends without being executed", async () => {
    const gate = createGate();
    const { engine } = start(
      graphOf(() => gate.pass()),
      { limits: { maxConcurrentRuns: 1 } },
    );
    const [, waiting] = [await startRun(engine), await startRun(engine)];
    await until(() => gate.arrivals === 1);
    expect(await engine.cancel(waiting.id, NOBODY)).toMatchObject({
      status: "cancelled",
      startedAt: null,
    });
    expect(gate.arrivals).toBe(1);
  });

  test("on a thread with a run that has not ended is refused, and on one that has goes on with it", async () => {
    const gate = createGate();
    const { engine } = start(graphOf(() => gate.pass()));
    const first = await startRun(engine, { threadId: "t" });
    await expect(startRun(engine, { threadId: "t" })).rejects.toMatchObject({
      code: "THREAD_BUSY",
      runId: first.id,
    });
    gate.open(Infinity);
    await ended(engine, first);
    const second = await startRun(engine, { threadId: "t" });
    await ended(engine, second);
    expect(second.id).not.toBe(first.id);
  });

  test("that waits for answers is cancelled at once, and leaves its thread to the next", async () => {
    const { engine } = start(questions(["one"]), { isOpen: false });
    const asking = await interrupted(engine, await startRun(engine, { threadId: "t" }));
    const next = await startRun(engine, { threadId: "t", whenBusy: "enqueue" });
    expect(await engine.cancel(asking.id, NOBODY)).toMatchObject({
      status: "cancelled",
      interrupts: [],
    });
    await interrupted(engine, next);
  });

  test("that is cancelled while it waits behind another of its thread ends at once", async () => {
    const gate = createGate();
    const { engine } = start(graphOf(() => gate.pass()));
    const active = await startRun(engine, { threadId: "t" });
    const waiting = await startRun(engine, { threadId: "t", whenBusy: "enqueue" });
    await until(() => gate.arrivals === 1);
    expect(await engine.cancel(waiting.id, NOBODY)).toMatchObject({ status: "cancelled" });
    expect(await statuses(engine, active, waiting)).toEqual(["running", "cancelled"]);
    gate.open();
    await ended(engine, active);
  });

  test("knows its place among those that wait, and has none while it is executed", async () => {
    const gate = createGate();
    const { engine } = start(
      graphOf(() => gate.pass()),
      { limits: { maxConcurrentRuns: 1 } },
    );
    const active = await startRun(engine);
    await until(() => gate.arrivals === 1);
    const waiting = [await startRun(engine), await startRun(engine)];
    const places = [await engine.get(active.id, NOBODY), ...waiting].map((run) =>
      engine.queuePosition(run),
    );
    expect(await Promise.all(places)).toEqual([null, 1, 2]);
    gate.open(Infinity);
  });

  test("of somebody else does not exist", async () => {
    const { engine } = start(idle);
    const run = await startRun(engine, { caller: ANN });
    const notFound = { code: "NOT_FOUND" };
    await expect(engine.get(run.id, BOB)).rejects.toMatchObject(notFound);
    await expect(engine.cancel(run.id, BOB)).rejects.toMatchObject(notFound);
    expect((await engine.list({}, { first: 10 }, BOB)).runs).toEqual([]);
    await expect(startRun(engine, { caller: BOB, runId: run.id })).rejects.toMatchObject({
      code: "RUN_CONFLICT",
    });
  });

  test.each([
    ["an unknown workflow", { workflow: "nope" }, /"nope" does not exist; there are: work/],
    ["an id with other characters", { runId: "a b" }, /runId may have/],
    ["an id that is too long", { threadId: "x".repeat(129) }, /threadId may have/],
    ["a time limit above the server's", { timeoutMs: 1e12 }, /timeoutMs must be between/],
    ["an input that its graph refuses", { input: { count: "x" } }, /is not valid/],
  ])("with %s is not started", async (_what, request, message) => {
    const { engine } = start(idle);
    await expect(startRun(engine, request)).rejects.toThrow(message);
    expect((await engine.list({}, { first: 1 }, NOBODY)).runs).toEqual([]);
  });
});

test("when the service stops, runs end as cancelled", async () => {
  const gate = createGate();
  const { engine, backend } = start(graphOf(() => gate.pass()));
  const run = await startRun(engine);
  await until(() => gate.arrivals === 1);
  await engine[Symbol.asyncDispose]();
  expect(await backend.runs.get(run.id)).toMatchObject({ status: "cancelled" });
  const { events, closed } = await backend.events.read(run.id, { after: 0, limit: 100 });
  expect(closed).toBe(true);
  expect(events.at(-1)).toMatchObject({ kind: "status", status: "cancelled" });
});

describe("a graph that goes on in spite of its signal", () => {
  const deaf: Graph & { invoke(): void } = {
    stream: () => new Promise(() => undefined),
    invoke: () => undefined,
  };

  test("does not keep its run from timing out", async () => {
    const { engine } = start(deaf);
    const run = await startRun(engine, { timeoutMs: 1 });
    await ended(engine, run);
    expect(await engine.get(run.id, NOBODY)).toMatchObject({ error: { code: "RUN_TIMEOUT" } });
  });

  test("does not keep its run from being cancelled, nor the service from stopping", async () => {
    const { engine } = start(deaf);
    const [one, two] = [await startRun(engine), await startRun(engine)];
    await until(async () => (await engine.get(two.id, NOBODY)).status === "running");
    expect(await engine.cancel(one.id, NOBODY)).toMatchObject({ status: "cancelled" });
    await engine[Symbol.asyncDispose]();
    expect(await engine.get(two.id, NOBODY)).toMatchObject({ status: "cancelled" });
  });
});

test("a process that was blocked for longer than its leases goes on with its runs, once each", async () => {
  const gate = createGate();
  const starts: string[] = [];
  const graph = graphOf(async ({ config }) => {
    starts.push(String(config.configurable?.["run_id"]));
    await gate.pass(config.signal);
  });
  // The backend's clock jumps: to leases that is what a blocked event loop looks like.
  let now = Date.now();
  const { engine } = start(graph, { memory: { clock: () => new Date(now) } });
  const run = await startRun(engine);
  await until(() => gate.arrivals === 1);
  const blockedUntil = performance.now() + 2_500;
  while (performance.now() < blockedUntil);
  now += 60_000;
  const other = await startRun(engine);
  await until(() => gate.arrivals === 2);
  gate.open(Infinity);
  await ended(engine, run);
  await ended(engine, other);
  expect(starts).toEqual([run.id, other.id]);
  expect(await engine.get(run.id, NOBODY)).toMatchObject({ status: "succeeded", epoch: 1 });
});

test("a run that is being claimed when it is cancelled ends all the same", async () => {
  const gate = createGate();
  const backend = memory();
  const claim = backend.runs.claim.bind(backend.runs);
  const slow = createGate();
  backend.runs.claim = async (request) => {
    const claimed = await claim(request);
    await slow.pass();
    return claimed;
  };
  const { engine } = start(
    graphOf(({ config }) => gate.pass(config.signal)),
    { backend },
  );
  const run = await startRun(engine);
  await until(() => slow.arrivals === 1);
  const cancelling = engine.cancel(run.id, NOBODY);
  slow.open(Infinity);
  expect(await cancelling).toMatchObject({ status: "cancelled" });
});

test("a written event without a type of its own is told about once for each node and type", async () => {
  const graph = graphOf(({ write }) => {
    for (let i = 0; i < 3; i++) write({ type: "undeclared", i });
    write("text");
  });
  const { engine, logger } = start(graph);
  for (let i = 0; i < 2; i++) await ended(engine, await startRun(engine));
  const told = logger.lines.filter(({ message }) => message.includes("CustomEvent"));
  expect(told.map(({ fields }) => fields)).toMatchObject([
    { workflow: "work", node: "work", type: "undeclared" },
    { workflow: "work", node: "work", type: undefined },
  ]);
});
