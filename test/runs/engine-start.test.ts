import { describe, expect, test } from "vitest";
import { BOB } from "../support/callers.ts";
import { NOBODY } from "../../src/access/caller.ts";
import { memory } from "../../src/backends/memory/index.ts";
import type { Engine, StartRequest } from "../../src/runs/engine.ts";
import type { Run } from "../../src/runs/run.ts";
import { ended, startEngine, startRun, statuses } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { counter } from "../support/counter.ts";
import { until } from "../support/until.ts";

const idle = graphOf(() => undefined);

describe("on a busy thread,", () => {
  test("ENQUEUE waits for those before it, which run one at a time in the order of their starts", async () => {
    const gate = createGate();
    const order: string[] = [];
    const { engine } = startEngine(
      graphOf(async ({ config }) => {
        order.push(String(config.configurable?.["run_id"]));
        await gate.pass();
      }),
      // Time does not order them, and their ids would the other way round.
      { clock: () => new Date(0) },
    );
    const runs: Run[] = [];
    for (const runId of ["c", "b", "a"]) {
      runs.push(await startRun(engine, { runId, threadId: "t", whenBusy: "enqueue" }));
    }
    for (const [index, run] of runs.entries()) {
      await until(() => gate.arrivals === index + 1);
      const expected = runs.map((_run, i) =>
        i < index ? "succeeded" : i === index ? "running" : "queued",
      );
      expect(await statuses(engine, ...runs)).toEqual(expected);
      gate.open();
      await ended(engine, run);
    }
    expect(order).toEqual(["c", "b", "a"]);
  });

  test("REPLACE cancels all that has not ended, and runs when it has", async () => {
    const gate = createGate();
    let active = 0;
    let most = 0;
    const { engine } = startEngine(
      graphOf(async ({ config }) => {
        most = Math.max(most, ++active);
        await gate.pass(config.signal).finally(() => active--);
      }),
    );
    const first = await startRun(engine, { threadId: "t" });
    const second = await startRun(engine, { threadId: "t", whenBusy: "enqueue" });
    await until(() => gate.arrivals === 1);
    const third = await startRun(engine, { threadId: "t", whenBusy: "replace" });
    expect(await statuses(engine, first, second)).toEqual(["cancelled", "cancelled"]);
    gate.open(Infinity);
    expect(await ended(engine, third)).toMatchObject({ status: "succeeded" });
    expect(await engine.get(second.id, NOBODY)).toMatchObject({ startedAt: null });
    expect(most).toBe(1);
  });

  test("a retry of REPLACE finds its run, and cancels nothing", async () => {
    const gate = createGate();
    const { engine } = startEngine(graphOf(({ config }) => gate.pass(config.signal)));
    const request = { runId: "r", threadId: "t", whenBusy: "replace" } as const;
    const run = await startRun(engine, request);
    const next = await startRun(engine, { threadId: "t", whenBusy: "enqueue" });
    await until(() => gate.arrivals === 1);
    expect(await start(engine, request)).toMatchObject({ run: { id: "r" }, isNew: false });
    expect(await statuses(engine, run, next)).toEqual(["running", "queued"]);
    gate.open(Infinity);
    expect(await ended(engine, run)).toMatchObject({ status: "succeeded" });
  });

  test.each([
    ["an input that its graph refuses", { input: { count: "x" } }, "BAD_USER_INPUT"],
    ["another viewer", { caller: BOB }, "NOT_FOUND"],
    ["the id of another run", { runId: "other" }, "RUN_CONFLICT"],
  ])("REPLACE with %s cancels nothing", async (_what, request, code) => {
    const gate = createGate();
    const { engine } = startEngine(graphOf(({ config }) => gate.pass(config.signal)));
    const other = await startRun(engine, { runId: "other" });
    const run = await startRun(engine, { threadId: "t" });
    await until(() => gate.arrivals === 2);
    const replacing = startRun(engine, { threadId: "t", whenBusy: "replace", ...request });
    await expect(replacing).rejects.toMatchObject({ code });
    expect(await statuses(engine, run, other)).toEqual(["running", "running"]);
  });

  test("of starts at the same time one is taken and the others are refused", async () => {
    const gate = createGate();
    const { engine } = startEngine(graphOf(({ config }) => gate.pass(config.signal)));
    const starts = Array.from({ length: 5 }, () => startRun(engine, { threadId: "t" }));
    const outcomes = await Promise.allSettled(starts);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ code: "THREAD_BUSY" });
    }
  });
});

describe("a retry under the same runId", () => {
  const request = { runId: "r", input: { count: 1 }, context: { a: 1 } };

  test.each([
    ["the same", {}],
    ["the thread that was made for the run", { threadId: "r" }],
    ["another time limit", { timeoutMs: 5 }],
    ["another whenBusy", { whenBusy: "replace" as const }],
  ])("with %s finds the run", async (_what, change) => {
    const { engine } = startEngine(idle);
    const run = await startRun(engine, request);
    const again = await start(engine, { ...request, ...change });
    expect(again).toMatchObject({ run: { id: run.id }, isNew: false });
  });

  test.each([
    ["another input", { input: { count: 2 } }],
    ["another context", { context: { a: 2 } }],
    ["another thread", { threadId: "t" }],
    ["another workflow", { workflow: "other" }],
    ["another viewer", { caller: BOB }],
  ])("with %s is a conflict", async (_what, change) => {
    const { engine } = startEngine(idle, { workflows: { other: idle } });
    await startRun(engine, request);
    await expect(start(engine, { ...request, ...change })).rejects.toMatchObject({
      code: "RUN_CONFLICT",
      runId: "r",
    });
  });

  test("with an empty context finds the run that had none, and the other way round", async () => {
    const { engine } = startEngine(idle);
    const [none, empty] = [{ runId: "none" }, { runId: "empty", context: {} }];
    await startRun(engine, none);
    await startRun(engine, empty);
    expect(await start(engine, { ...none, context: {} })).toMatchObject({ isNew: false });
    expect(await start(engine, { runId: "empty" })).toMatchObject({ isNew: false });
  });

  test("finds the run even when its graph would refuse the input by now", async () => {
    const backend = memory();
    const before = startEngine(counter, { backend });
    const refused = { runId: "r", input: { count: "a text" } };
    await ended(before.engine, await startRun(before.engine, refused));
    const { engine } = startEngine(idle, { backend });
    await expect(start(engine, { ...refused, runId: "new" })).rejects.toThrow("is not valid");
    expect(await start(engine, refused)).toMatchObject({ run: { id: "r" }, isNew: false });
  });
});

test("of starts under one runId at the same time one makes the run, and others find it or are a conflict", async () => {
  const { engine } = startEngine(idle);
  const starts = [1, 1, 2].map((count) => start(engine, { runId: "r", input: { count } }));
  const outcomes = await Promise.allSettled(starts);
  expect(outcomes).toMatchObject([
    { value: { run: { id: "r" }, isNew: true } },
    { value: { run: { id: "r" }, isNew: false } },
    { reason: { code: "RUN_CONFLICT" } },
  ]);
});

describe("from a checkpoint,", () => {
  test("a run takes its input to the state that its thread had there", async () => {
    const { engine } = startEngine(counter);
    await ended(engine, await startRun(engine, { threadId: "t", input: { add: 1 } }));
    const thread = await engine.threads.get("t", NOBODY);
    const early = await engine.threads.state(thread, NOBODY);
    await ended(engine, await startRun(engine, { threadId: "t", input: { add: 10 } }));
    const checkpointId = early?.checkpointId ?? "";
    const run = await startRun(engine, { threadId: "t", checkpointId, input: { add: 100 } });
    expect(await ended(engine, run)).toMatchObject({ output: { total: 101 } });
    expect(await engine.threads.state(thread, NOBODY)).toMatchObject({ values: { total: 101 } });
  });

  test("a run that waited until the checkpoint was forgotten fails, and does not begin anew", async () => {
    const gate = createGate();
    gate.open(1);
    const { engine } = startEngine(
      graphOf(({ config }) => gate.pass(config.signal)),
      { memory: { maxCheckpoints: 1 } },
    );
    await ended(engine, await startRun(engine, { threadId: "t" }));
    const thread = await engine.threads.get("t", NOBODY);
    const checkpointId = (await engine.threads.state(thread, NOBODY))?.checkpointId ?? "";
    await startRun(engine, { threadId: "t" });
    await until(() => gate.arrivals === 2);
    const run = await startRun(engine, { threadId: "t", checkpointId, whenBusy: "enqueue" });
    gate.open(Infinity);
    expect(await ended(engine, run)).toMatchObject({
      status: "failed",
      error: { message: expect.stringContaining(checkpointId) },
    });
    expect(gate.arrivals).toBe(2);
  });

  test("a run needs a thread", async () => {
    const { engine } = startEngine(counter);
    await expect(startRun(engine, { checkpointId: "c" })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      problems: [{ path: ["threadId"] }],
    });
  });

  test("a run is not started where the thread or the checkpoint does not exist", async () => {
    const { engine } = startEngine(counter);
    const request = { threadId: "t", checkpointId: "c" };
    await expect(startRun(engine, request)).rejects.toThrow('Thread "t" does not exist');
    await ended(engine, await startRun(engine, { threadId: "t" }));
    await expect(startRun(engine, request)).rejects.toThrow('Checkpoint "c" does not exist');
    expect((await engine.list({}, { first: 10 }, NOBODY)).runs).toHaveLength(1);
  });
});

function start(engine: Engine, request: Partial<StartRequest>) {
  return engine.start({ caller: NOBODY, workflow: "work", input: {}, ...request });
}
