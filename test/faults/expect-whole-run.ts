import { expect } from "vitest";
import type { EventFields } from "../support/result.ts";
import { range } from "../support/stepped.ts";
import type { Watcher } from "./watchers.ts";

/**
 * Expects of all who watched a run of `rounds` that they have seen all of it, and the same. With
 * `stepsMayRepeat`, a step that was logged may have been taken again: LangGraph begins the next one while
 * the checkpoint is still on its way to a database, and that may never arrive.
 */
export function expectWholeRun(
  watchers: readonly Watcher[],
  { stepsMayRepeat = false }: { readonly stepsMayRepeat?: boolean } = {},
): void {
  for (const { name, events } of watchers) {
    const seqs = events.map(({ seq }) => seq);
    expect(seqs, name).toEqual(range(1, events.length));
    expect(events, name).toEqual(watchers[0]?.events);
  }
  const events = watchers[0]?.events ?? [];
  expectOneEnd(events, stepsMayRepeat);
  expectAttempts(events);
  expectAllSaid(events);
}

/** One final status, the last of all, with what the rounds come to: none lost, none counted twice. */
function expectOneEnd(events: readonly EventFields[], stepsMayRepeat: boolean): void {
  const isFinal = ({ runStatus }: EventFields): boolean =>
    ["SUCCEEDED", "FAILED", "CANCELLED"].includes(String(runStatus));
  expect(events.filter(isFinal)).toHaveLength(1);
  const end = events.at(-1) ?? {};
  expect(end).toMatchObject({ runStatus: "SUCCEEDED" });
  const { round } = end["output"] as { readonly round: number };
  expect(end["output"]).toEqual({ round, worked: 4 * round, reviewed: round });
  // And each of these changes was told once.
  const finished = events.filter(({ __typename }) => __typename === "StateUpdate");
  const tasks = new Set(finished.map(({ taskId }) => taskId));
  expect(tasks.size).toBe(finished.length);
  // A plan, four tasks, the review, and its own two nodes.
  if (stepsMayRepeat) expect(finished.length).toBeGreaterThanOrEqual(8 * round);
  else expect(finished).toHaveLength(8 * round);
}

/** Each attempt begins where the last one ended, and says so. */
function expectAttempts(events: readonly EventFields[]): void {
  const attempts = events.map(({ attempt }) => Number(attempt));
  expect(attempts).toEqual(attempts.toSorted((a, b) => a - b));
  const firsts = events.filter(({ attempt }, i) => attempt !== events[i - 1]?.["attempt"]);
  expect(firsts.slice(1).map(({ runStatus }) => runStatus)).toEqual(
    firsts.slice(1).map(() => "RUNNING"),
  );
}

/** What each node said in an attempt came whole and in its order, as far as it came. */
function expectAllSaid(events: readonly EventFields[]): void {
  const said = new Map<string, number[]>();
  for (const { __typename, taskId, attempt, payload } of events) {
    if (__typename !== "CustomEvent") continue;
    const task = `${String(taskId)} in attempt ${String(attempt)}`;
    const numbers = said.get(task) ?? [];
    numbers.push((payload as { readonly n: number }).n);
    said.set(task, numbers);
  }
  for (const [task, numbers] of said) expect(numbers, task).toEqual(range(1, numbers.length));
}
