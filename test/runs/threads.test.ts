import { AIMessage } from "@langchain/core/messages";
import {
  Annotation,
  END,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import { ANN, BOB } from "../support/callers.ts";
import { z } from "zod";
import { memory } from "../../src/backends/memory/index.ts";
import type { Engine } from "../../src/runs/engine.ts";
import { counter } from "../support/counter.ts";
import { ended, interrupted, startEngine, startRun } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { questions } from "../support/questions.ts";
import { until } from "../support/until.ts";

describe("a thread", () => {
  test("is there once a run has been started on it, and only for who started it", async () => {
    const { engine } = startEngine(counter);
    await expect(engine.threads.get("t", ANN)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const run = await startRun(engine, { caller: ANN, threadId: "t" });
    expect(await engine.threads.get("t", ANN)).toMatchObject({ id: "t", workflow: "work" });
    await expect(engine.threads.get("t", BOB)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await ended(engine, run);
  });

  test("is listed for its viewer, page by page, newest first", async () => {
    const { engine } = startEngine(counter);
    for (const [i, caller] of [ANN, BOB, ANN, ANN].entries()) {
      await ended(engine, await startRun(engine, { caller, threadId: `t${i}` }));
    }
    const { threads, hasMore } = await engine.threads.list({ first: 2 }, ANN);
    expect([threads.map(({ id }) => id), hasMore]).toEqual([["t3", "t2"], true]);
    const next = await engine.threads.list({ first: 2, after: "t2" }, ANN);
    expect([next.threads.map(({ id }) => id), next.hasMore]).toEqual([["t0"], false]);
    for (const after of ["t1", "none"]) {
      await expect(engine.threads.list({ first: 2, after }, ANN)).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        problems: [{ path: ["after"] }],
      });
    }
  });
});

describe("a thread's state", () => {
  test("is what its runs have left, at its newest checkpoint and at earlier ones", async () => {
    const { engine } = startEngine(counter);
    const run = await ended(engine, await startRun(engine, { threadId: "t", input: { add: 1 } }));
    const before = await stateOf(engine);
    expect(before).toMatchObject({
      createdAt: expect.any(Date),
      step: 1,
      source: "loop",
      values: { add: 1, total: 1 },
      next: [],
      interrupts: [],
      runId: run.id,
    });
    await ended(engine, await startRun(engine, { threadId: "t", input: { add: 2 } }));
    expect(await stateOf(engine)).toMatchObject({ values: { total: 3 } });
    expect(await stateOf(engine, before?.checkpointId)).toEqual(before);
    await expect(stateOf(engine, "nope")).rejects.toThrow('Checkpoint "nope" does not exist');
  });

  test("says what the thread waits for, and who asks", async () => {
    const schema = { type: "boolean" };
    const { engine } = startEngine(questions(["one"], schema));
    const run = await interrupted(engine, await startRun(engine, { threadId: "t" }));
    const [asked] = run.interrupts;
    expect(await stateOf(engine)).toMatchObject({
      next: ["one"],
      interrupts: [
        { id: asked?.id, value: "one?", responseSchema: schema, node: "one", namespace: [] },
      ],
    });
  });

  test("has messages as events have them", async () => {
    const { engine } = startEngine(agent());
    const run = await startRun(engine, { threadId: "t", input: { messages: [] } });
    const { output } = await ended(engine, run);
    expect(await stateOf(engine)).toMatchObject({
      values: { messages: [{ type: "ai", id: "m", content: "Hello" }] },
    });
    expect((await stateOf(engine))?.values).toEqual(output);
  });

  test("is none before a run has made one, and where the graph keeps no checkpoints", async () => {
    const gate = createGate();
    const { engine } = startEngine(
      graphOf(({ config }) => gate.pass(config.signal)),
      {
        workflows: { forgetful: forgetful() },
        limits: { maxConcurrentRuns: 1 },
      },
    );
    await startRun(engine);
    await until(() => gate.arrivals === 1);
    await startRun(engine, { threadId: "t" });
    expect(await stateOf(engine)).toBeNull();
    gate.open(Infinity);
    await ended(engine, await startRun(engine, { threadId: "u", workflow: "forgetful" }));
    const thread = await engine.threads.get("u", NOBODY);
    expect(await engine.threads.state(thread, NOBODY)).toBeNull();
    expect(await engine.threads.history(thread, NOBODY, { first: 5 })).toEqual({
      states: [],
      hasMore: false,
    });
  });

  test("cannot be read once the workflow is no longer served", async () => {
    const backend = memory();
    const { engine } = startEngine(counter, { backend });
    await ended(engine, await startRun(engine, { threadId: "t" }));
    const { engine: later } = startEngine(counter, { backend, name: "another" });
    await expect(stateOf(later)).rejects.toThrow('Workflow "work" does not exist');
  });
});

test("a thread's history goes back page by page, from its newest state to its first", async () => {
  const { engine } = startEngine(counter);
  await ended(engine, await startRun(engine, { threadId: "t", input: { add: 1 } }));
  const thread = await engine.threads.get("t", NOBODY);
  const whole = await engine.threads.history(thread, NOBODY, { first: 10 });
  expect(whole.hasMore).toBe(false);
  expect(whole.states.map(({ step, source }) => [step, source])).toEqual([
    [1, "loop"],
    [0, "loop"],
    [-1, "input"],
  ]);
  expect(whole.states.map(({ parentCheckpointId }) => parentCheckpointId)).toEqual([
    whole.states[1]?.checkpointId,
    whole.states[2]?.checkpointId,
    null,
  ]);
  const first = await engine.threads.history(thread, NOBODY, { first: 2 });
  expect(first).toEqual({ states: whole.states.slice(0, 2), hasMore: true });
  const before = first.states.at(-1)?.checkpointId;
  expect(await engine.threads.history(thread, NOBODY, { first: 2, before })).toEqual({
    states: whole.states.slice(2),
    hasMore: false,
  });
});

describe("updating a thread", () => {
  test("goes through the reducers and decides what runs next", async () => {
    const { engine } = startEngine(counter);
    await ended(engine, await startRun(engine, { threadId: "t", input: { add: 1 } }));
    const { thread, state } = await update(engine, { values: { total: 5 } });
    expect(thread).toMatchObject({ id: "t" });
    expect(state).toMatchObject({ values: { total: 6 }, source: "update", next: [], runId: null });
    expect(state).toEqual(await stateOf(engine));
    const input = await update(engine, { values: { add: 10 }, asNode: "__start__" });
    expect(input.state).toMatchObject({ next: ["sum"] });
    const { run } = await engine.continue({ caller: NOBODY, threadId: "t" });
    expect(await ended(engine, run)).toMatchObject({ output: { total: 16 } });
  });

  test("at an earlier checkpoint branches off from there", async () => {
    const { engine } = startEngine(counter);
    await ended(engine, await startRun(engine, { threadId: "t", input: { add: 1 } }));
    const early = await stateOf(engine);
    await ended(engine, await startRun(engine, { threadId: "t", input: { add: 2 } }));
    const checkpointId = early?.checkpointId;
    const { state } = await update(engine, { values: { total: 10 }, checkpointId });
    expect(state).toMatchObject({ values: { total: 11 }, parentCheckpointId: checkpointId });
  });

  test("takes dates as the texts that stand for them", async () => {
    const graph = new StateGraph(z.object({ due: z.date().optional() }))
      .addNode("work", () => ({}))
      .addEdge(START, "work")
      .addEdge("work", END)
      .compile();
    const { engine } = startEngine(graph);
    await ended(engine, await startRun(engine, { threadId: "t" }));
    const due = "2026-01-02T03:04:05.000Z";
    expect((await update(engine, { values: { due } })).state).toMatchObject({ values: { due } });
    await expect(update(engine, { values: { due: "soon" } })).rejects.toMatchObject({
      problems: [{ path: ["values", "due"] }],
    });
  });

  test.each([
    ["an unknown node", { asNode: "nope" }, ["asNode"], /Node "nope" does not exist/],
    ["an unknown key", { values: { nope: 1 } }, ["values", "nope"], /are not valid/],
    [
      "a value that the state refuses",
      { values: { count: "x" } },
      ["values", "count"],
      /not valid/,
    ],
  ])("with %s changes nothing", async (_what, request, path, message) => {
    const { engine } = startEngine(graphOf(() => undefined));
    await ended(engine, await startRun(engine, { threadId: "t" }));
    const before = await stateOf(engine);
    const updating = update(engine, request);
    await expect(updating).rejects.toThrow(message);
    await expect(updating).rejects.toMatchObject({ code: "BAD_USER_INPUT", problems: [{ path }] });
    expect(await stateOf(engine)).toEqual(before);
  });

  test("that LangGraph refuses says why", async () => {
    const { engine } = startEngine(agent());
    await ended(engine, await startRun(engine, { threadId: "t", input: { messages: [] } }));
    await expect(update(engine, { values: { messages: [{ nope: 1 }] } })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringMatching(/^Unable to coerce message(?!.*Troubleshooting)/s),
    });
  });

  test("is refused while a run has not ended, an interrupted one too", async () => {
    const { engine } = startEngine(questions(["one"]));
    const run = await interrupted(engine, await startRun(engine, { threadId: "t" }));
    await expect(update(engine, { values: { answers: {} } })).rejects.toMatchObject({
      code: "THREAD_BUSY",
      threadId: "t",
      runId: run.id,
    });
  });

  test("is refused where there is nothing of that name", async () => {
    const { engine } = startEngine(counter, { workflows: { forgetful: forgetful() } });
    await ended(engine, await startRun(engine, { threadId: "t" }));
    await ended(engine, await startRun(engine, { threadId: "u", workflow: "forgetful" }));
    const notFound = { code: "NOT_FOUND" };
    await expect(update(engine, { caller: BOB })).rejects.toMatchObject(notFound);
    await expect(update(engine, { checkpointId: "nope" })).rejects.toMatchObject(notFound);
    await expect(update(engine, { threadId: "u" })).rejects.toThrow("keeps no checkpoints here");
  });
});

describe("deleting a thread", () => {
  test("takes its runs, their events and all its checkpoints with it", async () => {
    const saver = new MemorySaver();
    const { engine, backend } = startEngine(counter, { workflows: { own: keptBy(saver) } });
    const run = await ended(engine, await startRun(engine, { threadId: "t", workflow: "own" }));
    await ended(engine, await startRun(engine, { threadId: "t" }));
    const config = { configurable: { thread_id: "t" } };
    expect(await saver.getTuple(config)).toBeDefined();
    await engine.threads.delete("t", NOBODY);
    await expect(engine.threads.get("t", NOBODY)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(engine.get(run.id, NOBODY)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await backend.events.read(run.id, { after: 0, limit: 1 })).lastSeq).toBe(0);
    expect(await backend.checkpointer?.getTuple(config)).toBeUndefined();
    expect(await saver.getTuple(config)).toBeUndefined();
  });

  test("is refused while a run has not ended, and for somebody else's", async () => {
    const { engine, backend } = startEngine(questions(["one"]));
    await interrupted(engine, await startRun(engine, { threadId: "t" }));
    const busy = engine.threads.delete("t", NOBODY);
    await expect(busy).rejects.toMatchObject({ code: "THREAD_BUSY" });
    await expect(engine.threads.delete("t", BOB)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const config = { configurable: { thread_id: "t" } };
    expect(await backend.checkpointer?.getTuple(config)).toBeDefined();
  });

  test("at the same time as a start leaves the new run a thread of its own, or is refused", async () => {
    const { engine } = startEngine(counter);
    await ended(engine, await startRun(engine, { threadId: "t", input: { add: 1 } }));
    const [deleted, started] = await Promise.allSettled([
      engine.threads.delete("t", NOBODY),
      startRun(engine, { threadId: "t", input: { add: 10 } }),
    ]);
    if (started.status === "rejected") throw started.reason;
    const { output } = await ended(engine, started.value);
    expect(output).toMatchObject({ total: deleted.status === "fulfilled" ? 10 : 11 });
  });
});

async function stateOf(engine: Engine, checkpointId?: string) {
  return engine.threads.state(await engine.threads.get("t", NOBODY), NOBODY, checkpointId);
}

type Update = Parameters<Engine["threads"]["update"]>[0];

function update(engine: Engine, request: Partial<Update>) {
  return engine.threads.update({ threadId: "t", caller: NOBODY, values: {}, ...request });
}

function agent() {
  return new StateGraph(MessagesAnnotation)
    .addNode("work", () => ({ messages: [new AIMessage({ id: "m", content: "Hello" })] }))
    .addEdge(START, "work")
    .addEdge("work", END)
    .compile();
}

/** A graph that keeps no checkpoints. */
function forgetful() {
  return keptBy(false);
}

function keptBy(checkpointer: MemorySaver | false) {
  return new StateGraph(Annotation.Root({ done: Annotation<boolean> }))
    .addNode("work", () => ({ done: true }))
    .addEdge(START, "work")
    .addEdge("work", END)
    .compile({ checkpointer });
}
