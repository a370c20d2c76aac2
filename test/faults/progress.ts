import type { EventFields } from "../support/result.ts";
import type { Watcher } from "./watchers.ts";

/** Whether every run that has not ended has come two steps further: the first is in a checkpoint. */
export function haveAllMoved(
  before: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): boolean {
  return [...now].every(([runId, steps]) => steps >= (before.get(runId) ?? 0) + 2);
}

/** How many steps of its own graph each run has made, as far as anybody has seen; once ended, any number. */
export function stepsOf(watchers: readonly Watcher[]): ReadonlyMap<string, number> {
  const steps = new Map<string, number>();
  for (const { runId, events } of watchers) {
    const count = isFinished(events) ? Infinity : events.filter(endsStep).length;
    steps.set(runId, Math.max(count, steps.get(runId) ?? 0));
  }
  return steps;
}

function isFinished(events: readonly EventFields[]): boolean {
  const { runStatus } = events.at(-1) ?? {};
  return runStatus === "SUCCEEDED" || runStatus === "FAILED";
}

/** Of the steps of a round, those of one task. */
function endsStep({ __typename, node, namespace }: EventFields): boolean {
  const isRoot = Array.isArray(namespace) && namespace.length === 0;
  return __typename === "StateUpdate" && isRoot && (node === "plan" || node === "review");
}
