import type { Interrupt, RunError, RunStatus } from "../events/run-event.ts";
import type { JsonObject, JsonValue } from "../json.ts";

/** The record of a run: everything about it but its events. All JSON, except for the dates. */
export interface Run {
  readonly id: string;
  readonly workflow: string;
  /** Changes when the graph's nodes or edges do; tells whether a run may go on under this graph. */
  readonly workflowVersion: string;
  /** LangGraph's thread. The run's own id when none was asked for. */
  readonly threadId: string;
  /** Whose run it is; `null` where nobody is identified. */
  readonly viewer: string | null;
  readonly input: JsonValue;
  /** LangGraph's runtime context; `null` when none was given. */
  readonly context: JsonObject | null;
  /** Of workflow, input, context and thread: what must be equal for two starts under one id to be the same. */
  readonly inputHash: string;
  readonly status: RunStatus;
  /** How often an executor has taken it over. Fences every write; users see it as `attempt`. */
  readonly epoch: number;
  readonly lastSeq: number;
  readonly output: JsonValue;
  readonly error: RunError | null;
  /** Those waiting for an answer. */
  readonly interrupts: readonly Interrupt[];
  readonly cancelRequested: boolean;
  /** The most time it may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** The executor that holds it, until `leaseUntil`. */
  readonly owner: string | null;
  readonly leaseUntil: Date | null;
}

/** What an executor changes in a run record together with appending events. */
export type RunPatch = Partial<
  Pick<Run, "status" | "output" | "error" | "interrupts" | "startedAt" | "finishedAt" | "owner">
>;

/** Whether a run in this status has ended: its log is closed. */
export function isFinal(status: RunStatus): boolean {
  return NEXT[status].length === 0;
}

/** The legal transitions. A run that is taken over after a crash goes from `running` to `running`. */
const NEXT: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  queued: ["running", "cancelled", "failed"],
  running: ["running", "interrupted", "succeeded", "failed", "cancelled"],
  interrupted: ["queued", "running", "cancelled", "failed"],
  succeeded: [],
  failed: [],
  cancelled: [],
};

/** Whether a run may go from one status to another. */
export function canBecome(from: RunStatus, to: RunStatus): boolean {
  return NEXT[from].includes(to);
}
