import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import { BOB } from "../support/callers.ts";
import { memory } from "../../src/backends/memory/index.ts";
import type { Engine, InterruptAnswer } from "../../src/runs/engine.ts";
import type { Run } from "../../src/runs/run.ts";
import { ended, interrupted, startEngine, startRun } from "../support/engine.ts";
import { questions } from "../support/questions.ts";
import { until } from "../support/until.ts";

describe("resume", () => {
  test("goes on with the same run and log, the answers given to who asked", async () => {
    const { engine, backend } = startEngine(questions(["one", "two"]));
    const run = await asking(engine);
    const resumed = await engine.resume(run.id, answersTo(run, { one: 1, two: "b" }), NOBODY);
    expect(resumed).toMatchObject({ id: run.id, segment: { kind: "answers" } });
    expect(await ended(engine, run)).toMatchObject({
      status: "succeeded",
      output: { answers: { one: 1, two: "b" } },
    });
    const { events, lastSeq } = await backend.events.read(run.id, { after: 0, limit: 1_000 });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, i) => i + 1));
    expect(events).toHaveLength(lastSeq);
    expect(events.flatMap((event) => (event.kind === "status" ? [event.status] : []))).toEqual([
      "queued",
      "running",
      "interrupted",
      "queued",
      "running",
      "succeeded",
    ]);
  });

  test("leaves those pending that were not answered", async () => {
    const { engine } = startEngine(questions(["one", "two"]));
    const run = await asking(engine);
    const two = run.interrupts.find(({ value }) => value === "two?");
    await engine.resume(run.id, answersTo(run, { one: 1 }), NOBODY);
    await until(async () => (await engine.get(run.id, NOBODY)).lastSeq > run.lastSeq + 2);
    const again = await interrupted(engine, run);
    expect(again.interrupts.map(({ id }) => id)).toEqual([two?.id]);
    await engine.resume(run.id, answersTo(again, { two: 2 }), NOBODY);
    expect(await ended(engine, run)).toMatchObject({ output: { answers: { one: 1, two: 2 } } });
  });

  test("goes on from a static breakpoint with no answers", async () => {
    const { engine } = startEngine({
      graph: questionless(),
      config: { interruptBefore: ["second"] },
    });
    const run = await interrupted(engine, await startRun(engine));
    expect(run.interrupts).toEqual([]);
    const answers = [{ interruptId: "x", value: 1 }];
    await expect(engine.resume(run.id, answers, NOBODY)).rejects.toMatchObject({
      code: "INTERRUPT_NOT_PENDING",
      interruptIds: ["x"],
    });
    await engine.resume(run.id, [], NOBODY);
    expect(await ended(engine, run)).toMatchObject({ output: { path: ["first", "second"] } });
  });

  test.each<[string, (run: Run) => readonly InterruptAnswer[], object]>([
    ["no answer", () => [], { code: "BAD_USER_INPUT", problems: [{ path: ["answers"] }] }],
    [
      "the answer to another question",
      (run) => [...answersTo(run, { one: true }), { interruptId: "other", value: 1 }],
      { code: "INTERRUPT_NOT_PENDING", interruptIds: ["other"] },
    ],
    [
      "two answers to one question",
      (run) => [...answersTo(run, { one: true }), ...answersTo(run, { one: false })],
      { code: "BAD_USER_INPUT", problems: [{ path: ["answers", "1", "interruptId"] }] },
    ],
    [
      "a value that is not what the node asks for",
      (run) => answersTo(run, { two: true, one: "yes" }),
      { code: "BAD_USER_INPUT", problems: [{ path: ["answers", "1", "value"] }] },
    ],
  ])("with %s is refused, and all stays pending", async (_what, answers, error) => {
    const { engine } = startEngine(questions(["one", "two"], { type: "boolean" }));
    const run = await asking(engine);
    await expect(engine.resume(run.id, answers(run), NOBODY)).rejects.toMatchObject(error);
    expect(await engine.get(run.id, NOBODY)).toEqual(run);
    await engine.resume(run.id, answersTo(run, { one: true, two: false }), NOBODY);
    await ended(engine, run);
  });

  test("of a run that is not interrupted, or of somebody else, is refused", async () => {
    const { engine } = startEngine(questionless());
    const run = await ended(engine, await startRun(engine));
    await expect(engine.resume(run.id, [], NOBODY)).rejects.toMatchObject({
      code: "INTERRUPT_NOT_PENDING",
      interruptIds: [],
    });
    await expect(engine.resume(run.id, [], BOB)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test.each(["one process", "two processes"])(
    "of people who answer at once in %s one is heard, and the other is told",
    async (where) => {
      const backend = memory();
      const { engine } = startEngine(questions(["one"]), { backend });
      const other =
        where === "one process" ? engine : startEngine(questions(["one"]), { backend }).engine;
      const run = await asking(engine);
      const outcomes = await Promise.allSettled([
        engine.resume(run.id, answersTo(run, { one: "a" }), NOBODY),
        other.resume(run.id, answersTo(run, { one: "b" }), NOBODY),
      ]);
      const heard = outcomes.findIndex(({ status }) => status === "fulfilled");
      expect(outcomes[1 - heard]).toMatchObject({
        status: "rejected",
        reason: { code: "INTERRUPT_NOT_PENDING" },
      });
      expect(await ended(engine, run)).toMatchObject({
        output: { answers: { one: ["a", "b"][heard] } },
      });
    },
  );

  test("is refused when the graph has changed, unless the workflow allows it", async () => {
    const backend = memory();
    const before = startEngine(questions(["one"]), { backend });
    const run = await asking(before.engine);
    const graph = questions(["one", "two"]);
    const answers = answersTo(run, { one: 1 });
    const strict = startEngine(graph, { backend }).engine;
    await expect(strict.resume(run.id, answers, NOBODY)).rejects.toMatchObject({
      code: "WORKFLOW_CHANGED",
      runId: run.id,
    });
    expect(await strict.get(run.id, NOBODY)).toEqual(run);
    await before.engine[Symbol.asyncDispose]();
    await strict[Symbol.asyncDispose]();
    const lenient = startEngine({ graph, recovery: { whenChanged: "resume" } }, { backend }).engine;
    await lenient.resume(run.id, answers, NOBODY);
    expect(await ended(lenient, run)).toMatchObject({ output: { answers: { one: 1 } } });
  });

  test("is refused when the workflow is no longer served", async () => {
    const backend = memory();
    const run = await asking(startEngine(questions(["one"]), { backend }).engine);
    const { engine } = startEngine(questionless(), { backend, name: "another" });
    await expect(engine.resume(run.id, answersTo(run, { one: 1 }), NOBODY)).rejects.toThrow(
      'Workflow "work" does not exist',
    );
  });
});

async function asking(engine: Engine): Promise<Run> {
  return interrupted(engine, await startRun(engine));
}

/** Answers by what was asked. */
function answersTo(
  run: Run,
  values: Readonly<Record<string, InterruptAnswer["value"]>>,
): readonly InterruptAnswer[] {
  return Object.entries(values).map(([name, value]) => ({
    interruptId: run.interrupts.find((interrupt) => interrupt.value === `${name}?`)?.id ?? name,
    value,
  }));
}

function questionless() {
  const State = Annotation.Root({
    path: Annotation<string[]>({
      reducer: (left, right) => [...left, ...right],
      default: () => [],
    }),
  });
  return new StateGraph(State)
    .addNode("first", () => ({ path: ["first"] }))
    .addNode("second", () => ({ path: ["second"] }))
    .addEdge(START, "first")
    .addEdge("first", "second")
    .addEdge("second", END)
    .compile();
}
