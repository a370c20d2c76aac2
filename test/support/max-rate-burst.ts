import { setImmediate } from "node:timers/promises";
import { END, Send, START, StateGraph } from "@langchain/langgraph";
import { expect } from "vitest";
import { z } from "zod";
import type { Gates } from "./gate.ts";
import { eventOf, seqOf, type EventFields, type Result } from "./result.ts";

const TASKS = 4;
const PROGRESS_PER_TASK = 500;

/** What tasks write beside: so many times. */
const NOTES_PER_TASK = 5;

export const PROGRESS = TASKS * PROGRESS_PER_TASK;

/**
 * A graph of four tasks that write 2,000 progress events between them as fast as they can, and some
 * others. Each task begins, and has half of it, when the run's gate lets it.
 */
export function burstGraph(gates: Gates) {
  return new StateGraph(z.object({ task: z.number().default(0) }))
    .addNode("work", async ({ task }, { writer, configurable, signal }) => {
      const gate = gates.of(String(configurable?.["run_id"]));
      for (let current = 1; current <= PROGRESS_PER_TASK; current++) {
        if (current % (PROGRESS_PER_TASK / 2) === 1) await gate.pass(signal);
        writer?.({ type: "progress", current, total: PROGRESS_PER_TASK });
        if (current % (PROGRESS_PER_TASK / NOTES_PER_TASK) === 30) writer?.({ note: task });
        // The tasks take turns, and clients get theirs.
        if (current % 20 === 0) await setImmediate();
      }
      return {};
    })
    .addConditionalEdges(START, () =>
      Array.from({ length: TASKS }, (_, task) => new Send("work", { task })),
    )
    .addEdge("work", END)
    .compile();
}

const SELECT = "__typename ... on RunEvent { seq taskId } ... on ProgressEvent { current }";

/** The operation that follows a burst. */
export function followingBurst(
  runId: string,
  maxRate?: number,
  options: { readonly after?: string | undefined; readonly select?: string } = {},
): { readonly query: string; readonly variables: Readonly<Record<string, unknown>> } {
  const { after, select = SELECT } = options;
  return {
    query: `subscription ($runId: ID!, $after: Cursor, $maxRate: Float) {
      workflowEvents(runId: $runId, after: $after, maxRate: $maxRate) { ${select} }
    }`,
    variables: { runId, after, maxRate },
  };
}

export function isProgress(event: EventFields): boolean {
  return event["__typename"] === "ProgressEvent";
}

/** All of a burst. */
export function expectWhole(results: readonly Result[]): void {
  const events = results.map(eventOf);
  expect(results.map(seqOf)).toEqual(results.map((_, i) => i + 1));
  expect(events.filter(isProgress)).toHaveLength(PROGRESS);
  expect(events.filter((event) => event["__typename"] === "CustomEvent")).toHaveLength(
    TASKS * NOTES_PER_TASK,
  );
  expect(Object.values(lastOfEachTask(events))).toEqual(
    Array.from({ length: TASKS }, () => PROGRESS_PER_TASK),
  );
  expect(events.at(-1)).toMatchObject({ __typename: "RunStatusEvent" });
}

/** What `maxRate` promises of results, by all that there were: no more than that is missing, and much of it. */
export function expectThinnedOut(results: readonly Result[], all: readonly Result[]): void {
  expectOnlyProgressMissing(results, all);
  expect(results.map(eventOf).filter(isProgress).length).toBeLessThan(PROGRESS / 2);
}

/** All but progress is there, and the last progress of every task, in order. */
export function expectOnlyProgressMissing(
  results: readonly Result[],
  all: readonly Result[],
): void {
  const seqs = results.map(seqOf);
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
  const isSent = new Set(seqs);
  const events = results.map(eventOf);
  const whole = all.map(eventOf);
  expect(events).toEqual(whole.filter(({ seq }) => isSent.has(Number(seq))));
  const isOther = (event: EventFields): boolean => !isProgress(event);
  expect(events.filter(isOther)).toEqual(whole.filter(isOther));
  expect(lastOfEachTask(events)).toEqual(lastOfEachTask(whole));
}

/** By task, how far its last progress says it is. */
export function lastOfEachTask(events: readonly EventFields[]): Readonly<Record<string, unknown>> {
  const last: Record<string, unknown> = {};
  for (const { taskId, current } of events.filter(isProgress)) last[String(taskId)] = current;
  return last;
}
