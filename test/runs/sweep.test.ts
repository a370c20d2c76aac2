import { MemorySaver } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import type { Backend } from "../../src/backend.ts";
import { memory } from "../../src/backends/memory/index.ts";
import { Sweeper } from "../../src/runs/sweep.ts";
import { LocalThreadLocks } from "../../src/backends/local-thread-locks.ts";
import type { Graph } from "../../src/workflows/graph.ts";
import { createWorkflows } from "../../src/workflows/workflow.ts";
import { counter } from "../support/counter.ts";
import { ended, interrupted, startEngine, startRun } from "../support/engine.ts";
import { graphOf } from "../support/graphs.ts";
import { questions } from "../support/questions.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { until } from "../support/until.ts";

/** Past the retention of the memory backend, but no date from which it could not be counted. */
const LATER = Date.now() + 1e12;

describe("after the backend's retention", () => {
  test("a run is forgotten with its events, its thread and its checkpoints, and not before", async () => {
    const { engine, backend } = startEngine(counter, { memory: { retentionMs: 3_600_000 } });
    const run = await ended(engine, await startRun(engine));
    const endedAt = run.finishedAt?.getTime() ?? 0;
    await sweepAt(endedAt + 3_599_999, backend);
    expect(await backend.runs.get(run.id)).toBeDefined();
    expect(await checkpointOf(backend, run.id)).toBeDefined();
    await sweepAt(endedAt + 3_600_001, backend);
    expect(await backend.runs.get(run.id)).toBeUndefined();
    expect(await backend.runs.getThread(run.id)).toBeUndefined();
    expect((await backend.events.read(run.id, { after: 0, limit: 1 })).lastSeq).toBe(0);
    expect(await checkpointOf(backend, run.id)).toBeUndefined();
  });

  test("a thread that a client named stays, with its state", async () => {
    const { engine, backend } = startEngine(counter);
    const own = await ended(engine, await startRun(engine, { input: { add: 1 } }));
    const named = await ended(engine, await startRun(engine, { threadId: "t", input: { add: 2 } }));
    const next = await ended(
      engine,
      await startRun(engine, { threadId: own.id, input: { add: 0 } }),
    );
    await sweepAt(LATER, backend);
    for (const { id } of [own, named, next]) expect(await backend.runs.get(id)).toBeUndefined();
    for (const [id, total] of [
      [own.id, 1],
      ["t", 2],
    ] as const) {
      const thread = await engine.threads.get(id, NOBODY);
      expect(await engine.threads.state(thread, NOBODY)).toMatchObject({ values: { total } });
    }
  });

  test("a run that has not ended stays, however long it waits", async () => {
    const { engine, backend } = startEngine(questions(["one"]));
    const run = await interrupted(engine, await startRun(engine));
    await sweepAt(LATER, backend);
    expect(await engine.get(run.id, NOBODY)).toEqual(run);
    expect(await checkpointOf(backend, run.id)).toBeDefined();
  });

  test("checkpoints go where the graph keeps them, or kept them while it was served", async () => {
    const saver = new MemorySaver();
    const graph = graphOf(() => undefined);
    const own = graphOf(() => undefined);
    own.checkpointer = saver;
    const { engine, backend } = startEngine(graph, {
      workflows: { own },
    });
    const runs = [await startRun(engine), await startRun(engine, { workflow: "own" })] as const;
    for (const run of runs) await ended(engine, run);
    const config = { configurable: { thread_id: runs[1].id } };
    expect(await saver.getTuple(config)).toBeDefined();
    await sweepAt(LATER, backend, { own });
    expect(await saver.getTuple(config)).toBeUndefined();
    expect(await checkpointOf(backend, runs[0].id)).toBeUndefined();
  });

  test("more runs than one batch are forgotten in one go", async () => {
    const { engine, backend } = startEngine(counter);
    const runs = await Promise.all(Array.from({ length: 50 }, () => startRun(engine)));
    for (const run of runs) await ended(engine, run);
    await sweepAt(LATER, backend);
    expect((await engine.list({}, { first: 1 }, NOBODY)).runs).toEqual([]);
  });

  test.each([Infinity, Number.MAX_SAFE_INTEGER])("of %d ms nothing is forgotten", async (ms) => {
    const { engine, backend } = startEngine(counter, { memory: { retentionMs: ms } });
    const run = await ended(engine, await startRun(engine));
    const { lines } = await sweepAt(LATER, backend);
    expect(await engine.get(run.id, NOBODY)).toEqual(run);
    expect(lines).toEqual([]);
  });

  test("a run whose checkpoints cannot be deleted is tried again, and the timer goes on", async () => {
    const { engine, backend } = startEngine(counter);
    const run = await ended(engine, await startRun(engine));
    const saver = backend.checkpointer;
    if (!saver) throw new Error("There is none");
    const deleteThread = saver.deleteThread.bind(saver);
    saver.deleteThread = () => Promise.reject(new Error("The disk is full"));
    const { lines } = await sweepAt(LATER, backend);
    expect(lines).toMatchObject([
      { level: "error", fields: { err: { message: "The disk is full" } } },
    ]);
    expect(await backend.runs.get(run.id)).toBeDefined();
    saver.deleteThread = deleteThread;
    await sweepAt(LATER, backend);
    expect(await backend.runs.get(run.id)).toBeUndefined();
  });
});

describe("beyond the bytes that a backend may take", () => {
  test("the logs of the runs that ended first are emptied until the rest fits", async () => {
    const write = graphOf(({ write: say }) => say("x".repeat(10_000)));
    const { engine, backend } = startEngine(write, { memory: { maxBytes: 500_000 } });
    const runs = [];
    for (let i = 0; i < 60; i++) runs.push(await ended(engine, await startRun(engine)));
    expect(await backend.storedBytes()).toBeGreaterThan(500_000);
    const { lines } = await sweepAt(Date.now(), backend);
    expect(await backend.storedBytes()).toBeLessThanOrEqual(500_000);
    expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(["info"]));
    const [first, last] = [runs[0]?.id ?? "", runs.at(-1)?.id ?? ""];
    const { events, oldestSeq, lastSeq } = await backend.events.read(first, { after: 0, limit: 9 });
    expect({ events, oldestSeq }).toEqual({ events: [], oldestSeq: lastSeq + 1 });
    expect((await backend.events.read(last, { after: 0, limit: 1 })).oldestSeq).toBe(1);
    expect(await engine.get(first, NOBODY)).toMatchObject({ status: "succeeded" });
  });

  test("threads of their own keep their last checkpoint, named ones all", async () => {
    const { engine, backend } = startEngine(counter, { memory: { maxBytes: 1 } });
    const own = await ended(engine, await startRun(engine, { input: { add: 1 } }));
    await ended(engine, await startRun(engine, { threadId: "t" }));
    await sweepAt(Date.now(), backend);
    const sizes = [own.id, "t"].map(async (id) => {
      const thread = await engine.threads.get(id, NOBODY);
      return (await engine.threads.history(thread, NOBODY, { first: 10 })).states.length;
    });
    expect(await Promise.all(sizes)).toEqual([1, 3]);
  });

  test("it is told once when nothing is left to be emptied, and again after there was", async () => {
    let stored = 10;
    const logger = recordingLogger();
    const bounded = memory({ maxBytes: 5 });
    const backend = { ...bounded, storedBytes: async () => stored };
    const sweeper = sweeperOf(backend, Date.now(), {}, logger);
    for (const bytes of [10, 10, 1, 10]) {
      stored = bytes;
      await sweeper.sweep();
    }
    expect(logger.lines.map(({ level }) => level)).toEqual(["warn", "warn"]);
    expect(logger.lines[0]?.message).toContain("retention.bytes");
  });
});

test("an engine that is open forgets by itself", async () => {
  const { engine, backend } = startEngine(counter, { memory: { retentionMs: 1 } });
  const run = await startRun(engine);
  await until(async () => (await backend.runs.get(run.id)) === undefined);
});

/** Sweeps once, as if it was that late. */
async function sweepAt(
  now: number,
  backend: Backend,
  graphs: Readonly<Record<string, Graph>> = {},
) {
  const logger = recordingLogger();
  await sweeperOf(backend, now, graphs, logger).sweep();
  return logger;
}

function sweeperOf(
  backend: Backend,
  now: number,
  graphs: Readonly<Record<string, Graph>>,
  logger: ReturnType<typeof recordingLogger>,
): Sweeper {
  const workflows = createWorkflows({ other: counter, ...graphs });
  const clock = () => new Date(now);
  return new Sweeper({ workflows, backend, locks: new LocalThreadLocks(), clock, logger });
}

function checkpointOf(backend: Backend, threadId: string) {
  return backend.checkpointer?.getTuple({ configurable: { thread_id: threadId } });
}
