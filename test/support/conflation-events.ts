import type { StreamItem } from "../../src/api/event-stream.ts";
import { RUN_ORIGIN, type EventOrigin, type RunEvent } from "../../src/events/run-event.ts";
import { statusChanged } from "../../src/testing/index.ts";

/** Tasks that a careless key would mistake for one another. */
export const TASKS: readonly EventOrigin[] = [
  { ...RUN_ORIGIN, node: "a", taskId: "1" },
  { ...RUN_ORIGIN, node: "a", taskId: "2" },
  { ...RUN_ORIGIN, node: "b", taskId: "1" },
  { ...RUN_ORIGIN, node: "a", taskId: "1", namespace: ["b"] },
  { ...RUN_ORIGIN, node: "b", taskId: "1", namespace: ["a"] },
  { ...RUN_ORIGIN, node: null, taskId: null, namespace: ["a", "b"] },
  { ...RUN_ORIGIN, node: null, taskId: null, namespace: ["a,b"] },
  RUN_ORIGIN,
];

/** What an event is, as far as these tests care. */
export type Happening =
  | { readonly what: "progress"; readonly task: number }
  | { readonly what: "note" | "start" | "failed" };

/** The event of a happening: a note is a custom event of the first task, a start a node's. */
export function eventOf(happening: Happening, seq: number): RunEvent {
  const place = { seq, createdAt: seq, attempt: 1 };
  switch (happening.what) {
    case "progress": {
      const payload = { type: "progress", current: seq };
      const task = TASKS[happening.task] ?? RUN_ORIGIN;
      return { ...place, ...task, kind: "written", event: "progress", payload };
    }
    case "note":
      return { ...place, ...RUN_ORIGIN, ...TASKS[0], kind: "written", event: null, payload: seq };
    case "start":
      return { ...place, ...RUN_ORIGIN, ...TASKS[0], kind: "node", phase: "started" };
    case "failed":
      return statusChanged(seq, "failed");
  }
}

export function isProgress(event: RunEvent): boolean {
  return event.kind === "written" && event.event === "progress";
}

/** What tells tasks apart. */
export function taskOf({ namespace, node, taskId }: RunEvent): string {
  return JSON.stringify({ namespace, node, taskId });
}

export function seqsOf(items: readonly StreamItem[]): readonly number[] {
  return items.map(({ event }) => event.seq);
}

/**
 * What of `wanted` was not sent and should have been: all but progress that another of its task, which
 * was sent, overtook before anything else came.
 */
export function wronglyLeftOut(
  wanted: readonly RunEvent[],
  sent: readonly RunEvent[],
): readonly string[] {
  const isSent = new Set(sent.map(({ seq }) => seq));
  /** Tasks whose progress is followed by more of it before anything else, reading backwards. */
  const overtaken = new Set<string>();
  const wrong: string[] = [];
  for (const event of wanted.toReversed()) {
    if (!isProgress(event)) overtaken.clear();
    if (isSent.has(event.seq)) {
      if (isProgress(event)) overtaken.add(taskOf(event));
    } else if (!isProgress(event)) {
      wrong.push(`${event.seq} is no progress`);
    } else if (!overtaken.has(taskOf(event))) {
      wrong.push(`${event.seq} was not overtaken`);
    }
  }
  return wrong;
}
