import { describe, expect, test } from "vitest";
import { planExecution, segmentAfterDrain, type ExecutePlan } from "../../src/runs/plan.ts";
import type { Interrupt } from "../../src/events/run-event.ts";
import type { Segment } from "../../src/runs/run.ts";
import { at, newRun } from "../../src/testing/fixtures.ts";

const WORKFLOW = {
  version: "1",
  recovery: { afterCrash: "resume", whenChanged: "fail" },
} as const;

const INPUT: Segment = { kind: "input", answers: {}, fromCheckpointId: null };
const ANSWERS: Segment = {
  kind: "answers",
  answers: { a: "yes", b: "no" },
  fromCheckpointId: null,
};
const EMPTY = { checkpointId: null, pendingInterrupts: [] };

describe("a segment that has not been started", () => {
  test("is started, with where the thread stands as its base", () => {
    const head = { checkpointId: "c1", pendingInterrupts: [] };
    expect(planExecution(newRun({ segment: INPUT }), WORKFLOW, head)).toEqual({
      kind: "execute",
      start: INPUT,
      fromCheckpointId: null,
      segment: { ...INPUT, base: { checkpointId: "c1" } },
      recoveries: { count: 0, checkpointId: null },
    });
  });

  test("starts from the checkpoint that was asked for", () => {
    const segment: Segment = { kind: "continue", answers: {}, fromCheckpointId: "c0" };
    const head = { checkpointId: "c1", pendingInterrupts: [] };
    expect(planExecution(newRun({ segment }), WORKFLOW, head)).toMatchObject({
      start: { kind: "continue" },
      fromCheckpointId: "c0",
      segment: { base: { checkpointId: "c1" } },
    });
  });

  test("is started where nothing can be known of the thread", () => {
    expect(planExecution(newRun({ segment: INPUT }), WORKFLOW, null)).toMatchObject({
      kind: "execute",
      segment: { base: { checkpointId: null } },
    });
  });
});

describe("a segment that a crash cut off", () => {
  const crashed = (segment: Segment, base: string | null, given = {}) =>
    newRun({ segment: { ...segment, base: { checkpointId: base } }, startedAt: at(1), ...given });

  test("goes on from a checkpoint that it has made", () => {
    const head = { checkpointId: "c2", pendingInterrupts: [] };
    for (const segment of [INPUT, ANSWERS, { ...INPUT, fromCheckpointId: "c0" }]) {
      expect(planExecution(crashed(segment, "c1"), WORKFLOW, head)).toMatchObject({
        start: { kind: "continue" },
        fromCheckpointId: null,
        segment: { base: { checkpointId: "c1" } },
        recoveries: { count: 1, checkpointId: "c2" },
      });
    }
  });

  test("is started again while it has made none: with its input", () => {
    expect(planExecution(crashed(INPUT, null), WORKFLOW, EMPTY)).toMatchObject({
      start: { kind: "input" },
      recoveries: { count: 1, checkpointId: null },
    });
  });

  test("or with those of its answers that are still asked for", () => {
    const question = (id: string, value = `${id}?`) => ({ id, value, namespace: [] });
    const asked = { interrupts: [question("a"), question("b")] };
    const startAt = (...pendingInterrupts: Interrupt[]) => {
      const head = { checkpointId: "c1", pendingInterrupts };
      return planExecution(crashed(ANSWERS, "c1", asked), WORKFLOW, head);
    };
    expect(startAt(question("b"), question("c"))).toMatchObject({
      start: { kind: "answers", answers: { b: "no" } },
    });
    expect(startAt(question("c"))).toMatchObject({ start: { kind: "continue" } });
    const other = question("b", "the node's next, which has the same id in LangGraph before 1.7");
    expect(startAt(other)).toMatchObject({ start: { kind: "continue" } });
  });

  test("is given up after three recoveries that added no checkpoint, and only then", () => {
    const head = { checkpointId: "c1", pendingInterrupts: [] };
    const recoveries = { count: 3, checkpointId: "c1" };
    expect(planExecution(crashed(INPUT, null, { recoveries }), WORKFLOW, head)).toMatchObject({
      kind: "fail",
      error: { code: "RECOVERY_FAILED" },
    });
    const further = { checkpointId: "c2", pendingInterrupts: [] };
    expect(planExecution(crashed(INPUT, null, { recoveries }), WORKFLOW, further)).toMatchObject({
      kind: "execute",
      recoveries: { count: 1, checkpointId: "c2" },
    });
  });

  test("fails where the workflow wants no node to run twice", () => {
    const workflow = {
      ...WORKFLOW,
      recovery: { ...WORKFLOW.recovery, afterCrash: "fail" },
    } as const;
    expect(planExecution(crashed(INPUT, null), workflow, EMPTY)).toMatchObject({
      kind: "fail",
      error: { code: "RECOVERY_FAILED" },
    });
  });

  test("fails where nothing can be known of the thread", () => {
    expect(planExecution(crashed(INPUT, null), WORKFLOW, null)).toMatchObject({
      kind: "fail",
      error: { code: "RECOVERY_FAILED" },
    });
  });
});

describe("a run whose graph has changed", () => {
  const changed = { ...WORKFLOW, version: "2" };

  test("fails when it was under way, unless the workflow lets it go on", () => {
    const run = newRun({ segment: ANSWERS, startedAt: at(1) });
    expect(planExecution(run, changed, EMPTY)).toMatchObject({
      kind: "fail",
      error: { code: "WORKFLOW_CHANGED" },
    });
    const lenient = {
      ...changed,
      recovery: { ...WORKFLOW.recovery, whenChanged: "resume" },
    } as const;
    expect(planExecution(run, lenient, EMPTY)).toMatchObject({ kind: "execute" });
  });

  test("is executed by the graph of now when it had only waited", () => {
    expect(planExecution(newRun({ segment: INPUT }), changed, EMPTY)).toMatchObject({
      kind: "execute",
    });
  });
});

describe("a graph that was asked to stop before its next step", () => {
  const segment: Segment = { ...ANSWERS, fromCheckpointId: "c0", base: { checkpointId: "c1" } };
  const start = { kind: "answers", answers: { a: "yes" } } as const;
  const plan = planExecution(newRun({ segment: ANSWERS }), WORKFLOW, EMPTY) as ExecutePlan;
  const stopped = { ...plan, start, fromCheckpointId: "c0", segment };

  test("goes on from where it stopped once it has taken one", () => {
    const head = { checkpointId: "c2", pendingInterrupts: [] };
    expect(segmentAfterDrain(stopped, head)).toEqual({
      kind: "continue",
      answers: {},
      fromCheckpointId: null,
    });
  });

  test("begins again as it did, with the same answers, when it has taken none", () => {
    const head = { checkpointId: "c1", pendingInterrupts: [] };
    expect(segmentAfterDrain(stopped, head)).toEqual({
      kind: "answers",
      answers: { a: "yes" },
      fromCheckpointId: "c0",
    });
  });
});
