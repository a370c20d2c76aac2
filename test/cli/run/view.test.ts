import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../../src/cli/run/run-event.ts";
import { EMPTY_VIEW, fold, type SaidLine, type View } from "../../../src/cli/run/view.ts";

let seq = 0;

/** An event of the node `work`, unless it says otherwise. */
function event(fields: Partial<RunEvent> & Pick<RunEvent, "kind">): RunEvent {
  seq += 1;
  return {
    runId: "run-1",
    seq,
    cursor: `${seq}.1.run-1`,
    createdAt: "2030-01-01T00:00:00.000Z",
    node: "work",
    taskId: "task-1",
    namespace: [],
    type: null,
    payload: null,
    total: null,
    status: null,
    message: null,
    durationMs: null,
    error: null,
    interrupts: [],
    ...fields,
  } as unknown as RunEvent;
}

function foldAll(...events: readonly RunEvent[]): View & { readonly said: readonly SaidLine[] } {
  let view = EMPTY_VIEW;
  const said: SaidLine[] = [];
  for (const each of events) {
    const step = fold(view, each);
    view = step.view;
    said.push(...step.said);
  }
  return { ...view, said };
}

const progress = (current: number, fields: Partial<RunEvent> = {}): RunEvent =>
  event({ kind: "progress", current, total: 3, ...fields });

const node = (phase: "STARTED" | "FINISHED" | "FAILED", message?: string): RunEvent =>
  event({
    kind: "node",
    phase,
    error: message === undefined ? null : { code: "RUN_FAILED", message },
  });

const token = (messageId: string, content: string): RunEvent =>
  event({ kind: "message", messageId, content });

describe("a task", () => {
  test("has what its node said last, and keeps a status until there is another", () => {
    const { tasks } = foldAll(progress(1, { status: "Reading" }), progress(2));
    expect(tasks).toEqual([
      expect.objectContaining({ label: "work", state: "running", current: 2, status: "Reading" }),
    ]);
  });

  test("is one for each namespace, node and task", () => {
    const { tasks } = foldAll(
      progress(1),
      progress(1, { taskId: "task-2" }),
      progress(1, { namespace: ["outer:task-9"] }),
      progress(2),
    );
    expect(tasks.map(({ label, current }) => [label, current])).toEqual([
      ["work", 2],
      ["work 2", 1],
      ["outer/work", 1],
    ]);
  });

  test("is done, with its message, when its node says that it is complete", () => {
    const { tasks } = foldAll(progress(3), event({ kind: "complete", message: "All read" }));
    expect(tasks).toMatchObject([{ state: "done", current: 3, status: "All read" }]);
  });

  test("is done when its node has finished without a word", () => {
    expect(foldAll(progress(3), node("FINISHED")).tasks).toMatchObject([{ state: "done" }]);
  });

  test("begins anew when its node is tried again", () => {
    const { tasks, said } = foldAll(progress(2), node("FAILED", "no ink"), node("STARTED"));
    expect(tasks).toMatchObject([{ state: "running", current: null, status: "" }]);
    expect(said).toEqual([{ kind: "failure", label: "work", text: "no ink" }]);
  });

  test.each([
    ["SUCCEEDED", "done"],
    ["FAILED", "stopped"],
    ["CANCELLED", "stopped"],
  ] as const)("that runs when the run has %s is %s", (runStatus, state) => {
    const { tasks } = foldAll(progress(2), event({ kind: "status", runStatus }));
    expect(tasks).toMatchObject([{ state }]);
  });
});

describe("an answer", () => {
  test("is written line by line: what has a line break behind it is said for good", () => {
    const { answers, said } = foldAll(token("a", "One\nTw"), token("a", "o\n"), token("a", "Thr"));
    expect(said.map(({ text }) => text)).toEqual(["One", "Two"]);
    expect(answers).toMatchObject([{ messageId: "a", text: "Thr" }]);
  });

  test("does not mix with another that is written at the same time", () => {
    const { answers } = foldAll(token("a", "On"), token("b", "Ei"), token("a", "e"));
    expect(answers.map(({ text }) => text)).toEqual(["One", "Ei"]);
  });

  test("is said to its end when its node has finished", () => {
    const { answers, said } = foldAll(token("a", "One"), node("FINISHED"));
    expect(answers).toEqual([]);
    expect(said).toEqual([{ kind: "answer", label: "work", text: "One" }]);
  });
});

test("an interrupt is said with its id and its question", () => {
  const interrupts = [{ id: "i-1", namespace: [], value: { question: "Shall we?" } }];
  const { said } = foldAll(event({ kind: "status", runStatus: "INTERRUPTED", interrupts }));
  expect(said).toEqual([
    { kind: "interrupt", label: "i-1", text: '{\n  "question": "Shall we?"\n}' },
  ]);
});
