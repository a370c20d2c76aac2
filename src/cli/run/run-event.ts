import type { Names } from "../../api/names.ts";

/** An event as it came: what the operations of this command select of it. */
export type EventFields = Readonly<Record<string, unknown>> & { readonly __typename: string };

/** What all events have. */
export interface EventPlace {
  readonly runId: string;
  readonly seq: number;
  readonly cursor: string;
  readonly createdAt: string;
  readonly node: string | null;
  readonly taskId: string | null;
  readonly namespace: readonly string[];
}

export interface RunError {
  readonly code: string;
  readonly message: string;
}

export interface Interrupt {
  readonly id: string;
  readonly namespace: readonly string[];
  readonly value: unknown;
}

export type RunStatus = "QUEUED" | "RUNNING" | "INTERRUPTED" | "SUCCEEDED" | "FAILED" | "CANCELLED";

/** A status that no event follows. */
export type FinalStatus = Extract<RunStatus, "SUCCEEDED" | "FAILED" | "CANCELLED">;

export function isFinal(status: RunStatus): status is FinalStatus {
  return status === "SUCCEEDED" || status === "FAILED" || status === "CANCELLED";
}

interface Written {
  readonly type: string | null;
  readonly payload: unknown;
}

/** An event by what it is. An event that the workflow declares has a type of its own in GraphQL. */
export type RunEvent = EventPlace &
  (
    | ({
        readonly kind: "progress";
        readonly current: number;
        readonly total: number | null;
        readonly status: string | null;
      } & Written)
    | ({ readonly kind: "complete"; readonly message: string | null } & Written)
    | ({ readonly kind: "custom" } & Written)
    | ({ readonly kind: "declared" } & Written)
    | { readonly kind: "state"; readonly changedKeys: readonly string[] }
    | { readonly kind: "message"; readonly messageId: string; readonly content: string }
    | {
        readonly kind: "node";
        readonly phase: "STARTED" | "FINISHED" | "FAILED";
        readonly durationMs: number | null;
        readonly error: RunError | null;
      }
    | {
        readonly kind: "status";
        readonly runStatus: RunStatus;
        readonly output: unknown;
        readonly error: RunError | null;
        readonly interrupts: readonly Interrupt[];
      }
  );

/** Tells what an event is from its type, under the names of the server's schema. */
export function eventReader(names: Names): (fields: EventFields) => RunEvent {
  const kinds: ReadonlyMap<string, RunEvent["kind"]> = new Map([
    [names.type("ProgressEvent"), "progress"],
    [names.type("CompleteEvent"), "complete"],
    [names.type("CustomEvent"), "custom"],
    [names.type("StateUpdate"), "state"],
    [names.type("MessageChunk"), "message"],
    [names.type("NodeEvent"), "node"],
    [names.type("RunStatusEvent"), "status"],
  ]);
  // The server answers in the types that the operation was checked against.
  return (fields) =>
    ({ ...fields, kind: kinds.get(fields.__typename) ?? "declared" }) as unknown as RunEvent;
}
