import type { Interrupt, RunError, RunStatus } from "../events/run-event.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { TraceOrigin } from "../tracing.ts";

/** The record of a run: everything about it but its events. All JSON, except for the dates. */
export interface Run {
  readonly id: string;
  readonly workflow: string;
  /** Changes when the graph's nodes or edges do; tells whether a run may go on under this graph. */
  readonly workflowVersion: string;
  /** LangGraph's thread. The run's own id when none was asked for: one that is the run's alone. */
  readonly threadId: string;
  /** Whose run it is; `null` where nobody is identified. */
  readonly viewer: string | null;
  /** `null` for a run that goes on with a thread, without an input. */
  readonly input: JsonValue;
  /** LangGraph's runtime context; `null` when none was given. */
  readonly context: JsonObject | null;
  /** Of workflow, input, context and thread: what must be equal for two starts under one id to be the same. */
  readonly inputHash: string;
  readonly status: RunStatus;
  /** How often an executor has taken it over. Fences every write; users see it as `attempt`. */
  readonly epoch: number;
  /** What it executes, or did last. */
  readonly segment: Segment;
  /** How often it has been taken over after a crash since a checkpoint was last added. */
  readonly recoveries: Recoveries;
  /** How long it has been executed, in milliseconds, up to the end of its last segment. */
  readonly activeMs: number;
  readonly lastSeq: number;
  readonly output: JsonValue;
  readonly error: RunError | null;
  /** Those waiting for an answer, while `interrupted`; those that it last waited for, after that. */
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

/**
 * A piece of a run's execution: from its start, or from answers, to the next interrupt or the end.
 * Stored before it starts, so that whoever takes the run over knows how to go on.
 */
export interface Segment {
  /** `input` gives the run's input to the graph, `continue` gives none, `answers` resumes interrupts. */
  readonly kind: "input" | "continue" | "answers";
  /** By the id of the interrupt; empty unless `kind` is `answers`, and for static breakpoints. */
  readonly answers: JsonObject;
  /** The checkpoint to start from; `null` for the thread's newest. */
  readonly fromCheckpointId: string | null;
  /** The thread's newest checkpoint when the segment started; absent until it has. */
  readonly base?: { readonly checkpointId: string | null } | undefined;
  /** In whose course it was asked for, where that was traced. */
  readonly trace?: TraceOrigin | undefined;
}

export interface Recoveries {
  readonly count: number;
  /** The thread's newest checkpoint at the last of them. */
  readonly checkpointId: string | null;
}

/** What an executor changes in a run record together with appending events. */
export type RunPatch = Partial<
  Pick<
    Run,
    | "status"
    | "segment"
    | "recoveries"
    | "activeMs"
    | "output"
    | "error"
    | "interrupts"
    | "startedAt"
    | "finishedAt"
    | "owner"
  >
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
