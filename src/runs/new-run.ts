import { createHash } from "node:crypto";
import stringify from "safe-stable-stringify";
import { v7 as uuidv7 } from "uuid";
import type { Caller } from "../access/caller.ts";
import { BadUserInputError } from "../errors.ts";
import { RUN_ORIGIN, type RunEvent } from "../events/run-event.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { traceOrigin } from "../tracing.ts";
import type { Run, Segment } from "./run.ts";

/** What a run on a thread with one that has not ended does: fails, waits for it, or has it cancelled. */
export type WhenBusy = "reject" | "enqueue" | "replace";

/** What any run is asked for with. */
export interface RunRequest {
  readonly caller: Caller;
  /** LangGraph's runtime context, for the workflows that have a schema of it. */
  readonly context?: JsonObject | undefined;
  /** The client's own name for the run, which makes a retry harmless. Made up when absent. */
  readonly runId?: string | undefined;
  /** The checkpoint of the thread to start from. @default its newest */
  readonly checkpointId?: string | undefined;
  /** @default the engine's limit, which is also the most */
  readonly timeoutMs?: number | undefined;
  /** @default "reject" */
  readonly whenBusy?: WhenBusy | undefined;
  /** Whether its caller is to follow it, and must be allowed to watch it, not to read it. @default false */
  readonly isWatched?: boolean | undefined;
}

export interface StartRequest extends RunRequest {
  readonly workflow: string;
  readonly input: JsonValue;
  /** The thread to go on with. The run gets its own when absent. */
  readonly threadId?: string | undefined;
}

/** A run without input: goes on where the thread stands, its failed nodes once more, or re-runs it from a checkpoint. */
export interface ContinueRequest extends RunRequest {
  readonly threadId: string;
}

/** What the record of a new run is made of. */
export interface NewRun {
  readonly kind: "input" | "continue";
  readonly workflow: { readonly name: string; readonly version: string };
  readonly input: JsonValue;
  /** The thread to go on with; `undefined` for one of its own. */
  readonly threadId: string | undefined;
  readonly timeoutMs: number;
  readonly createdAt: Date;
}

/** The record of a new run. */
export function newRun(request: RunRequest, made: NewRun): Run {
  const { kind, workflow, input, timeoutMs, createdAt } = made;
  const id = request.runId ?? uuidv7();
  const threadId = made.threadId ?? id;
  const context = request.context ?? null;
  const fromCheckpointId = request.checkpointId ?? null;
  return {
    id,
    workflow: workflow.name,
    workflowVersion: workflow.version,
    threadId,
    viewer: request.caller.owner,
    input,
    context,
    inputHash: hashOf([
      workflow.name,
      kind,
      threadId,
      input,
      // None, as far as the graph is concerned.
      Object.keys(context ?? {}).length === 0 ? null : context,
      fromCheckpointId,
    ]),
    status: "queued",
    epoch: 0,
    segment: { kind, answers: {}, fromCheckpointId, ...traced() },
    recoveries: { count: 0, checkpointId: null },
    activeMs: 0,
    lastSeq: 1,
    output: null,
    error: null,
    interrupts: [],
    cancelRequested: false,
    timeoutMs,
    createdAt,
    startedAt: null,
    finishedAt: null,
    owner: null,
    leaseUntil: null,
  };
}

/** What a segment keeps of the operation that asks for it. */
export function traced(): Pick<Segment, "trace"> {
  const trace = traceOrigin();
  return trace ? { trace } : {};
}

/** The event of a run that waits to be executed; every log begins with one, so that a watcher learns of the run at once. */
export function queuedEvent(run: Run, at: { readonly seq: number; readonly now: Date }): RunEvent {
  return {
    seq: at.seq,
    createdAt: at.now.getTime(),
    attempt: run.epoch,
    ...RUN_ORIGIN,
    kind: "status",
    status: "queued",
  };
}

/** Throws `BadUserInputError` for an id that clients may not choose. */
export function checkId(name: string, id: string | undefined): void {
  if (id === undefined || ID.test(id)) return;
  throw new BadUserInputError(`${name} may have 1 to 128 letters, digits, "-" and "_"`, [
    { path: [name], message: "Not a valid id" },
  ]);
}

/** Throws `BadUserInputError` for an id that LangGraph gives to no interrupt. */
export function checkInterruptId(id: string, path: readonly string[]): void {
  if (INTERRUPT_ID.test(id)) return;
  throw new BadUserInputError("interruptId is not the id of an interrupt", [
    { path, message: "Not a valid id" },
  ]);
}

/** Hashes, and in older versions the way to the task. */
const INTERRUPT_ID = /^[\w:|.-]{1,512}$/;

const ID = /^[\w-]{1,128}$/;

function hashOf(value: JsonValue): string {
  return createHash("sha256").update(stringify(value)).digest("base64url");
}
