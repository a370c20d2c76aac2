import { END, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import { BOB } from "../support/callers.ts";
import { z } from "zod";
import { memory } from "../../src/backends/memory/index.ts";
import type { ContinueRequest, Engine } from "../../src/runs/engine.ts";
import { counter } from "../support/counter.ts";
import { ended, interrupted, startEngine, startRun, statuses } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { questions } from "../support/questions.ts";
import { until } from "../support/until.ts";

describe("continue", () => {
  test("runs what failed once more, and nothing that had finished", async () => {
    const { graph, calls, mend } = failing();
    const { engine } = startEngine(graph);
    const failed = await ended(engine, await startRun(engine, { threadId: "t" }));
    expect(failed).toMatchObject({ status: "failed" });
    mend();
    const { run, isNew } = await goOn(engine);
    expect({ run, isNew }).toMatchObject({
      run: { workflow: "work", threadId: "t", input: null, segment: { kind: "continue" } },
      isNew: true,
    });
    expect(await ended(engine, run)).toMatchObject({ status: "succeeded", output: { done: true } });
    expect(calls).toEqual(["first", "second", "second"]);
  });

  test("runs again from an earlier checkpoint", async () => {
    const { graph, calls, mend } = failing();
    mend();
    const { engine } = startEngine(graph);
    await ended(engine, await startRun(engine, { threadId: "t" }));
    const thread = await engine.threads.get("t", NOBODY);
    const { states } = await engine.threads.history(thread, NOBODY, { first: 10 });
    const early = states.find(({ next }) => next[0] === "second");
    const { run } = await goOn(engine, { checkpointId: early?.checkpointId });
    expect(await ended(engine, run)).toMatchObject({ status: "succeeded" });
    expect(calls).toEqual(["first", "second", "second"]);
  });

  test("asks a cancelled run's questions again", async () => {
    const { engine } = startEngine(questions(["one"]));
    const run = await interrupted(engine, await startRun(engine, { threadId: "t" }));
    await engine.cancel(run.id, NOBODY);
    const { run: next } = await goOn(engine);
    expect((await interrupted(engine, next)).interrupts).toMatchObject([{ value: "one?" }]);
  });

  test("is idempotent by runId, whatever ran on the thread since", async () => {
    const { engine } = startEngine(counter, { workflows: { other: counter } });
    await ended(engine, await startRun(engine, { threadId: "t" }));
    const thread = await engine.threads.get("t", NOBODY);
    const { states } = await engine.threads.history(thread, NOBODY, { first: 10 });
    const checkpointId = states.find(({ next }) => next.length > 0)?.checkpointId;
    const { run } = await goOn(engine, { runId: "r", checkpointId });
    await ended(engine, run);
    await ended(engine, await startRun(engine, { threadId: "t", workflow: "other" }));
    expect(await goOn(engine, { runId: "r", checkpointId, context: {} })).toMatchObject({
      run: { id: "r", workflow: "work" },
      isNew: false,
    });
    const { runId, threadId } = { runId: "r", threadId: "t" };
    const conflict = { code: "RUN_CONFLICT" };
    await expect(startRun(engine, { runId, threadId })).rejects.toMatchObject(conflict);
    await expect(goOn(engine, { runId, checkpointId: "c" })).rejects.toMatchObject(conflict);
  });

  test("is refused where nothing is next", async () => {
    const { engine } = startEngine(counter);
    await ended(engine, await startRun(engine, { threadId: "t" }));
    await expect(goOn(engine)).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringContaining("Nothing is next"),
    });
  });

  test("waits behind a run that has not ended only when it is asked to", async () => {
    const gate = createGate();
    const { engine } = startEngine(graphOf(() => gate.pass()));
    const first = await startRun(engine, { threadId: "t" });
    await until(() => gate.arrivals === 1);
    await expect(goOn(engine)).rejects.toMatchObject({ code: "THREAD_BUSY", runId: first.id });
    const { run } = await goOn(engine, { whenBusy: "enqueue" });
    expect(await statuses(engine, first, run)).toEqual(["running", "queued"]);
    gate.open(Infinity);
    expect(await ended(engine, run)).toMatchObject({ status: "succeeded", output: { done: true } });
  });

  test("of a thread whose first run has yet to begin is told that it is busy", async () => {
    const gate = createGate();
    const { engine } = startEngine(
      graphOf(({ config }) => gate.pass(config.signal)),
      { limits: { maxConcurrentRuns: 1 } },
    );
    await startRun(engine);
    const { id: runId } = await startRun(engine, { threadId: "t" });
    await expect(goOn(engine)).rejects.toMatchObject({ code: "THREAD_BUSY", runId });
  });

  test.each(["reject", "enqueue"] as const)(
    "of a thread that is being deleted is refused, with whenBusy %s",
    async (whenBusy) => {
      const { engine } = startEngine(counter);
      await ended(engine, await startRun(engine, { threadId: "t" }));
      const deleting = engine.threads.delete("t", NOBODY);
      await expect(goOn(engine, { whenBusy })).rejects.toMatchObject({ code: "NOT_FOUND" });
      await deleting;
      await expect(engine.threads.get("t", NOBODY)).rejects.toMatchObject({ code: "NOT_FOUND" });
    },
  );

  test("is refused where there is nothing to go on from", async () => {
    const gate = createGate();
    const { engine, backend } = startEngine(graphOf(({ config }) => gate.pass(config.signal)));
    const notFound = { code: "NOT_FOUND" };
    await expect(goOn(engine)).rejects.toThrow('Thread "t" does not exist');
    const createdAt = new Date();
    const record = { viewer: null, workflow: "work", isNamed: true, createdAt };
    await backend.runs.createThread({ ...record, id: "t", updatedAt: createdAt });
    await expect(goOn(engine, { caller: BOB })).rejects.toMatchObject(notFound);
    await expect(goOn(engine)).rejects.toThrow('Thread "t" has no state yet');
    await expect(goOn(engine, { checkpointId: "c" })).rejects.toThrow(
      'Checkpoint "c" does not exist',
    );
    expect((await engine.list({}, { first: 10 }, NOBODY)).runs).toEqual([]);
  });

  test("is refused for a graph without checkpoints, and a workflow that is no longer served", async () => {
    const backend = memory();
    const graph = new StateGraph(z.object({ done: z.boolean().default(false) }))
      .addNode("work", () => ({ done: true }))
      .addEdge(START, "work")
      .addEdge("work", END)
      .compile({ checkpointer: false });
    const { engine } = startEngine(graph, { backend, workflows: { other: counter } });
    await ended(engine, await startRun(engine, { threadId: "t" }));
    await ended(engine, await startRun(engine, { threadId: "u", workflow: "other" }));
    await expect(goOn(engine)).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringContaining("keeps no checkpoints here"),
    });
    const later = startEngine(graph, { backend }).engine;
    await expect(goOn(later, { threadId: "u" })).rejects.toThrow('Workflow "other" does not exist');
  });
});

function goOn(engine: Engine, request: Partial<ContinueRequest> = {}) {
  return engine.continue({ caller: NOBODY, threadId: "t", ...request });
}

/** A graph whose second node fails until it is mended. */
function failing() {
  const calls: string[] = [];
  let isMended = false;
  const graph = new StateGraph(z.object({ done: z.boolean().default(false) }))
    .addNode("first", () => {
      calls.push("first");
      return {};
    })
    .addNode("second", () => {
      calls.push("second");
      if (!isMended) throw new Error("Not yet");
      return { done: true };
    })
    .addEdge(START, "first")
    .addEdge("first", "second")
    .addEdge("second", END)
    .compile();
  return { graph, calls, mend: () => void (isMended = true) };
}
