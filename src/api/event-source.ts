import { formatCursor } from "../events/cursor.ts";
import type { RunEvent } from "../events/run-event.ts";

type Kind = RunEvent["kind"];

/** What the event types of the schema are resolved from: an event, and whose it is. */
export type EventSource<K extends Kind = Kind> = K extends unknown
  ? {
      readonly runId: string;
      readonly workflow: string;
      readonly event: Extract<RunEvent, { readonly kind: K }>;
    }
  : never;

export type WrittenSource = EventSource<"written">;
export type StateSource = EventSource<"state">;
export type MessageSource = EventSource<"message">;
export type NodeSource = EventSource<"node">;
export type StatusSource = EventSource<"status">;

/** The source of an event of `run`. */
export function sourceOf(
  run: { readonly id: string; readonly workflow: string },
  event: RunEvent,
): EventSource {
  // An object with a union in it is a union of objects; TypeScript does not see that.
  return { runId: run.id, workflow: run.workflow, event } as EventSource;
}

/** The cursor just after an event. */
export function cursorOf({ runId, event }: EventSource): string {
  return formatCursor(runId, event.seq, event.attempt);
}
