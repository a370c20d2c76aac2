import { expect } from "vitest";
import type { RunEvent } from "../../../src/events/run-event.ts";
import { isFinal, type Run } from "../../../src/runs/run.ts";
import { textOf } from "./execute.ts";

/** What became of a run. */
export interface Story {
  readonly run: Run;
  readonly events: readonly RunEvent[];
  readonly writes: readonly string[];
}

/** The run ended as one that nothing has happened to, and its log tells everything once. */
export function expectSurvived({ run, events }: Story, calm: Story, where: string): void {
  expect(run, where).toMatchObject({ status: "succeeded", output: calm.run.output });
  expect(seqsOf(events), where).toEqual(events.map((_event, i) => i + 1));
  expect(events.filter(isEnd), where).toEqual([events.at(-1)]);
  const updates = updatesOf(events);
  expect([...new Set(updates)], where).toHaveLength(updates.length);
  expect(changesOf(events), where).toEqual(expect.arrayContaining(changesOf(calm.events)));
  expect(questionsOf(events), where).toEqual(questionsOf(calm.events));
}

const seqsOf = (events: readonly RunEvent[]) => events.map(({ seq }) => seq);
const isEnd = (event: RunEvent) => event.kind === "status" && isFinal(event.status);

/** Updates by the task that made them. */
const updatesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) =>
    event.kind === "state" ? [JSON.stringify([event.taskId, event.node, event.changes])] : [],
  );

const changesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.kind === "state" ? [event.changes] : []));

/** What was asked, each time that the run was interrupted. */
const questionsOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) =>
    event.kind === "status" && event.status === "interrupted"
      ? [(event.interrupts ?? []).map(textOf).toSorted()]
      : [],
  );
