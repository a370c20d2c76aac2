import {
  Annotation,
  DeltaValue,
  END,
  MemorySaver,
  START,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import { ANN, BOB } from "../support/callers.ts";
import { z } from "zod";
import type { Engine } from "../../src/runs/engine.ts";
import { counter } from "../support/counter.ts";
import { ended, interrupted, startEngine, startRun } from "../support/engine.ts";
import { questions } from "../support/questions.ts";

describe("forking a thread", () => {
  test("makes a new one that goes on from the same state by itself", async () => {
    const { engine } = startEngine(counter);
    await ended(engine, await startRun(engine, { caller: ANN, threadId: "t", input: { add: 1 } }));
    const thread = await fork(engine, { caller: ANN });
    expect(thread).toMatchObject({ viewer: "ann", workflow: "work", isNamed: true });
    expect(await engine.threads.get(thread.id, ANN)).toEqual(thread);
    const copy = await engine.threads.state(thread, NOBODY);
    expect(copy).toMatchObject({
      values: { total: 1 },
      source: "fork",
      parentCheckpointId: null,
      runId: null,
    });
    const request = { caller: ANN, threadId: thread.id, input: { add: 10 } };
    expect(await ended(engine, await startRun(engine, request))).toMatchObject({
      output: { total: 11 },
    });
    const original = await engine.threads.get("t", ANN);
    expect(await engine.threads.state(original, NOBODY)).toMatchObject({ values: { total: 1 } });
  });

  test("takes the state of an earlier checkpoint where one is named", async () => {
    const { engine } = startEngine(counter);
    await ended(engine, await startRun(engine, { threadId: "t", input: { add: 1 } }));
    const early = await engine.threads.state(await engine.threads.get("t", NOBODY), NOBODY);
    await ended(engine, await startRun(engine, { threadId: "t", input: { add: 2 } }));
    const thread = await fork(engine, { checkpointId: early?.checkpointId, newThreadId: "copy" });
    expect(thread.id).toBe("copy");
    expect(await engine.threads.state(thread, NOBODY)).toMatchObject({ values: { total: 1 } });
  });

  test("may be done while it is busy, and leaves what is pending behind", async () => {
    const { engine } = startEngine(questions(["one"]));
    const run = await interrupted(engine, await startRun(engine, { threadId: "t" }));
    const thread = await fork(engine);
    const copy = await engine.threads.state(thread, NOBODY);
    expect(copy).toMatchObject({ next: ["one"], interrupts: [] });
    const { run: other } = await engine.continue({ caller: NOBODY, threadId: thread.id });
    const asked = await interrupted(engine, other);
    await engine.resume(
      other.id,
      [{ interruptId: asked.interrupts[0]?.id ?? "", value: 1 }],
      NOBODY,
    );
    expect(await ended(engine, other)).toMatchObject({ output: { answers: { one: 1 } } });
    expect(await engine.get(run.id, NOBODY)).toMatchObject({ status: "interrupted" });
  });

  test("never touches a thread that is there already, whoever keeps it", async () => {
    const saver = new MemorySaver();
    const graph = new StateGraph(Annotation.Root({ done: Annotation<boolean> }))
      .addNode("work", () => ({ done: true }))
      .addEdge(START, "work")
      .addEdge("work", END)
      .compile({ checkpointer: saver });
    await graph.invoke({}, { configurable: { thread_id: "foreign" } });
    const { engine } = startEngine(graph);
    await ended(engine, await startRun(engine, { threadId: "t" }));
    await ended(engine, await startRun(engine, { caller: BOB, threadId: "bobs" }));
    for (const newThreadId of ["t", "bobs", "foreign"]) {
      const config = { configurable: { thread_id: newThreadId } };
      const before = await saver.getTuple(config);
      await expect(fork(engine, { newThreadId })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        problems: [{ path: ["newThreadId"] }],
      });
      expect((await saver.getTuple(config))?.checkpoint.id).toBe(before?.checkpoint.id);
    }
    await expect(engine.threads.get("foreign", NOBODY)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("makes nothing where there is nothing to copy", async () => {
    const { engine } = startEngine(counter);
    await ended(engine, await startRun(engine, { threadId: "t" }));
    const newThreadId = "copy";
    await expect(fork(engine, { newThreadId, checkpointId: "nope" })).rejects.toThrow(
      'Checkpoint "nope" does not exist',
    );
    await expect(fork(engine, { newThreadId, caller: BOB })).rejects.toThrow(
      'Thread "t" does not exist',
    );
    await expect(fork(engine, { newThreadId: "a b" })).rejects.toThrow(/^newThreadId may have/);
    expect((await engine.threads.list({ first: 5 }, NOBODY)).threads).toHaveLength(1);
  });

  test("is refused where checkpoints do not hold the whole state", async () => {
    const { engine } = startEngine(withDelta());
    await ended(engine, await startRun(engine, { threadId: "t" }));
    await expect(fork(engine, { newThreadId: "copy" })).rejects.toThrow("DeltaChannel");
    expect((await engine.threads.list({ first: 5 }, NOBODY)).threads).toHaveLength(1);
  });
});

type Fork = Parameters<Engine["threads"]["fork"]>[0];

function fork(engine: Engine, request: Partial<Fork> = {}) {
  return engine.threads.fork({ threadId: "t", caller: NOBODY, ...request });
}

function withDelta() {
  const log = new DeltaValue(
    z.array(z.string()).default(() => []),
    { inputSchema: z.string(), reducer: (current, writes) => [...current, ...writes] },
  );
  return new StateGraph(new StateSchema({ log }))
    .addNode("work", () => ({ log: "done" }))
    .addEdge(START, "work")
    .addEdge("work", END)
    .compile();
}
