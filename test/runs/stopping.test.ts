import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Annotation,
  DeltaChannel,
  interrupt,
  MemorySaver,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { describe, expect, onTestFinished, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import { z } from "zod";
import type { Backend } from "../../src/backend.ts";
import { memory } from "../../src/backends/memory/index.ts";
import { sqlite } from "../../src/backends/sqlite/index.ts";
import type { Engine } from "../../src/runs/engine.ts";
import { createGate } from "../support/gate.ts";
import { ended, interrupted, startEngine, startRun } from "../support/engine.ts";
import { intercept } from "../support/intercept.ts";
import { questions } from "../support/questions.ts";
import { until } from "../support/until.ts";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});

describe("a run whose engine stops, where runs outlive it,", () => {
  test("comes to its next step, and goes on from there: no node runs twice", async () => {
    const path = await fileFor();
    const { graph, gate, calls } = twoNodes();
    const run = await before(path, { graph }, async (engine) => {
      const started = await startRun(engine);
      await until(() => gate.arrivals === 1);
      const stopped = engine[Symbol.asyncDispose]();
      gate.open();
      await stopped;
      return started;
    });
    await using backend = await sqlite({ path });
    expect(await backend.runs.get(run.id)).toMatchObject({
      status: "running",
      owner: null,
      segment: { kind: "continue" },
    });
    const { engine } = startEngine(graph, { backend });
    gate.open(Infinity);
    expect(await ended(engine, run)).toMatchObject({
      status: "succeeded",
      epoch: 2,
      output: { log: ["first", "second"] },
    });
    expect(calls).toEqual(["first", "second"]);
    await engine[Symbol.asyncDispose]();
  });

  test("is cut off once it has had its time, and its node runs again", async () => {
    const path = await fileFor();
    const { graph, gate, calls } = twoNodes();
    const run = await before(path, { graph, drainMs: 1 }, async (engine) => {
      const started = await startRun(engine);
      await until(() => gate.arrivals === 1);
      return started;
    });
    await using backend = await sqlite({ path });
    const { engine } = startEngine(graph, { backend });
    gate.open(Infinity);
    expect(await ended(engine, run)).toMatchObject({
      status: "succeeded",
      epoch: 2,
      output: { log: ["first", "second"] },
    });
    expect(calls).toEqual(["first", "first", "second"]);
    await engine[Symbol.asyncDispose]();
  });
});

test.each([
  ["while it is being prepared", 1],
  ["before its first step", 2],
])(
  "a run that has been answered, and whose engine stops %s, goes on with the answer",
  async (_when, reads) => {
    const gate = createGate();
    let isHeld = false;
    const kept: Backend = { ...memory(), isDurable: true };
    const backend: Backend = {
      ...kept,
      checkpointer: intercept(
        kept.checkpointer as MemorySaver,
        ["getTuple"],
        async (_name, act) => {
          if (isHeld) await gate.pass();
          return act();
        },
      ),
    };
    const first = startEngine(questions(["one"]), { backend, drainMs: 60_000 });
    const run = await interrupted(first.engine, await startRun(first.engine));
    isHeld = true;
    gate.open(reads - 1);
    const answers = run.interrupts.map(({ id }) => ({ interruptId: id, value: "yes" }));
    await first.engine.resume(run.id, answers, NOBODY);
    await until(() => gate.arrivals === reads);
    const stopped = first.engine[Symbol.asyncDispose]();
    gate.open(Infinity);
    await stopped;
    expect(await kept.runs.get(run.id)).toMatchObject({ status: "running", owner: null });
    const second = startEngine(questions(["one"]), { backend: kept });
    expect(await ended(second.engine, run)).toMatchObject({
      status: "succeeded",
      output: { answers: { one: "yes" } },
    });
  },
);

test("the time that a run waits for an answer does not count", async () => {
  const graph = new StateGraph(State)
    .addNode("ask", () => ({ log: [String(interrupt("Go on?"))] }))
    .addEdge(START, "ask")
    .compile();
  const timeoutMs = 1_000;
  const { engine } = startEngine(graph);
  const asking = await interrupted(engine, await startRun(engine, { timeoutMs }));
  expect(asking.activeMs).toBeLessThan(timeoutMs);
  const asked = performance.now();
  await until(() => performance.now() - asked > timeoutMs);
  const [question] = asking.interrupts;
  await engine.resume(asking.id, [{ interruptId: question?.id ?? "", value: "yes" }], NOBODY);
  expect(await ended(engine, asking)).toMatchObject({ status: "succeeded" });
});

test("an answer that only the node's own schema refuses leaves the question open", async () => {
  const responseSchema = z.string().refine((text) => text === "please", "Say please");
  const graph = new StateGraph(State)
    .addNode("ask", () => ({ log: [interrupt<string, string>("Go on?", { responseSchema })] }))
    .addEdge(START, "ask")
    .compile();
  const { engine, backend } = startEngine(graph);
  const asking = await interrupted(engine, await startRun(engine));
  const [question] = asking.interrupts;
  const answer = (value: string) =>
    engine.resume(asking.id, [{ interruptId: question?.id ?? "", value }], NOBODY);
  await answer("no");
  await until(async () => (await engine.get(asking.id, NOBODY)).epoch === 2);
  const again = await interrupted(engine, asking);
  expect(again.interrupts).toEqual(asking.interrupts);
  const { events } = await backend.events.read(asking.id, { after: asking.lastSeq, limit: 100 });
  expect(events.at(-1)).toMatchObject({
    status: "interrupted",
    error: { code: "BAD_USER_INPUT", message: expect.stringContaining("Say please") },
  });
  await answer("please");
  expect(await ended(engine, asking)).toMatchObject({ output: { log: ["please"] } });
});

test("an answer that is refused takes nothing from a node that took its own", async () => {
  const responseSchema = z.string().refine((text) => text === "please", "Say please");
  const graph = new StateGraph(State)
    .addNode("one", () => ({ log: [interrupt<string, string>("one")] }))
    .addNode("two", () => ({ log: [interrupt<string, string>("two", { responseSchema })] }))
    .addEdge(START, "one")
    .addEdge(START, "two")
    .compile();
  const { engine } = startEngine(graph);
  const asking = await interrupted(engine, await startRun(engine));
  const answers = asking.interrupts.map(({ id }) => ({ interruptId: id, value: "no" }));
  await engine.resume(asking.id, answers, NOBODY);
  await until(async () => (await engine.get(asking.id, NOBODY)).epoch === 2);
  const again = await interrupted(engine, asking);
  expect(again.interrupts).toEqual(asking.interrupts.filter(({ value }) => value === "two"));
  const [question] = again.interrupts;
  await engine.resume(asking.id, [{ interruptId: question?.id ?? "", value: "please" }], NOBODY);
  expect(await ended(engine, asking)).toMatchObject({ output: { log: ["no", "please"] } });
});

test("a graph that takes too long to be made ends its run", async () => {
  const { engine } = startEngine({
    graph: questions(["one"]),
    makeGraph: () => new Promise<never>(() => undefined),
  });
  const run = await startRun(engine, { timeoutMs: 1 });
  expect(await ended(engine, run)).toMatchObject({ error: { code: "RUN_TIMEOUT" } });
});

describe("of a run's checkpoints", () => {
  const loop = (channel: object) =>
    new StateGraph(Annotation.Root({ log: channel as typeof State.spec.log }))
      .addNode("step", ({ log }) => ({ log: [`${log.length}`] }))
      .addEdge(START, "step")
      .addConditionalEdges("step", ({ log }) => (log.length < 30 ? "step" : "__end__"))
      .compile();
  const config = { recursionLimit: 100 };

  test("as many are kept as the backend says, the newest", async () => {
    const graph = loop(State.spec.log);
    const { engine, backend } = startEngine({ graph, config }, { memory: { maxCheckpoints: 5 } });
    const run = await ended(engine, await startRun(engine));
    expect(await checkpointsOf(backend.checkpointer, run.threadId)).toBe(5);
  });

  test("none is being forgotten any more when the engine has stopped", async () => {
    const kept = memory({ maxCheckpoints: 5 });
    const first = createGate();
    let pruning = 0;
    const backend: Backend = {
      ...kept,
      async pruneCheckpoints(threadId, keep) {
        pruning += 1;
        if (first.arrivals === 0) await first.pass();
        await kept.pruneCheckpoints(threadId, keep);
        pruning -= 1;
      },
    };
    const { engine } = startEngine({ graph: loop(State.spec.log), config }, { backend });
    await ended(engine, await startRun(engine));
    let hasStopped = false;
    const stopped = engine[Symbol.asyncDispose]().then(() => {
      hasStopped = true;
      return pruning;
    });
    let turns = 0;
    await until(() => hasStopped || ++turns > 100);
    first.open();
    expect(await stopped).toBe(0);
  });

  test("those stay that a kept one is put together from", async () => {
    const reducer = (all: string[], writes: string[][]) => all.concat(...writes);
    const graph = loop(() => new DeltaChannel(reducer));
    const { engine } = startEngine({ graph, config }, { memory: { maxCheckpoints: 5 } });
    const run = await ended(engine, await startRun(engine));
    const thread = await engine.threads.get(run.threadId, NOBODY);
    expect((await engine.threads.state(thread, NOBODY))?.values).toEqual(run.output);
  });

  test("none is touched that the graph keeps in a saver of its own", async () => {
    const checkpointer = new MemorySaver();
    const graph = loop(State.spec.log);
    graph.checkpointer = checkpointer;
    const { engine } = startEngine({ graph, config }, { memory: { maxCheckpoints: 5 } });
    const run = await ended(engine, await startRun(engine));
    expect(await checkpointsOf(checkpointer, run.threadId)).toBeGreaterThan(30);
  });
});

/** A graph of two nodes; the first waits at a gate. `calls` has the nodes that have begun. */
function twoNodes() {
  const gate = createGate();
  const calls: string[] = [];
  const node = (name: string, pass: () => Promise<void>) => async () => {
    calls.push(name);
    await pass();
    return { log: [name] };
  };
  const graph = new StateGraph(State)
    .addNode(
      "first",
      node("first", () => gate.pass()),
    )
    .addNode(
      "second",
      node("second", async () => undefined),
    )
    .addEdge(START, "first")
    .addEdge("first", "second")
    .compile();
  return { graph, gate, calls };
}

/** What an earlier engine did with the file. */
async function before<T>(
  path: string,
  { graph, drainMs }: { graph: Parameters<typeof startEngine>[0]; drainMs?: number },
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  await using backend = await sqlite({ path });
  const { engine } = startEngine(graph, { backend, ...(drainMs !== undefined && { drainMs }) });
  const result = await use(engine);
  await engine[Symbol.asyncDispose]();
  return result;
}

async function checkpointsOf(
  saver: Pick<MemorySaver, "list"> | undefined,
  threadId: string,
): Promise<number> {
  let count = 0;
  const config = { configurable: { thread_id: threadId, checkpoint_ns: "" } };
  for await (const _tuple of saver?.list(config) ?? []) count += 1;
  return count;
}

async function fileFor(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stopping-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "data.sqlite");
}
