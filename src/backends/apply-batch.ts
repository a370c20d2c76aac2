import { StaleWriterError } from "../errors.ts";
import type { AppendPlace } from "../events/event-log.ts";
import type { RunEvent } from "../events/run-event.ts";
import { canBecome, isFinal, type Run, type RunPatch } from "../runs/run.ts";

/** What of a run and its log decides whether a batch may be appended. */
export interface LogHead extends Pick<
  Run,
  "id" | "status" | "epoch" | "lastSeq" | "owner" | "leaseUntil" | "finishedAt"
> {
  /** The `after` of the newest batch under the run's epoch; `null` before there is one. */
  readonly batchAfter: number | null;
}

/** What a batch changes. */
export interface BatchChange {
  readonly record: RunPatch & Pick<Run, "lastSeq" | "owner" | "leaseUntil" | "finishedAt">;
  readonly batchAfter: number | null;
}

/**
 * Decides what becomes of a batch, as {@link EventLog.append} promises: what changes, or `undefined`
 * when it is the newest batch again and nothing does. Throws what `append` rejects with.
 */
export function applyBatch(
  head: LogHead | undefined,
  runId: string,
  events: readonly RunEvent[],
  at: AppendPlace<RunPatch>,
  clock: () => Date,
): BatchChange | undefined {
  const { after, epoch, patch = {} } = at;
  if (!head || head.epoch !== epoch) throw new StaleWriterError(runId, epoch);
  if (isRepeat(head, events, after)) return undefined;
  if (isFinal(head.status) || head.lastSeq !== after) throw new StaleWriterError(runId, epoch);
  checkBatch(head, events, patch);
  return {
    record: { ...completed(head, patch, clock), lastSeq: after + events.length },
    batchAfter: events.length > 0 ? after : head.batchAfter,
  };
}

/**
 * Whether this is the newest batch again. An executor sends one batch at a time, so that where it
 * starts and ends tells which it is. One without events is not recognised: it is applied again.
 */
function isRepeat(head: LogHead, events: readonly RunEvent[], after: number): boolean {
  return events.length > 0 && head.batchAfter === after && head.lastSeq === after + events.length;
}

/** Adds what follows from the patch: who does not run a run does not hold it; an end has a time. */
function completed(head: LogHead, patch: RunPatch, clock: () => Date): BatchChange["record"] {
  const { status = head.status, owner = head.owner, finishedAt = head.finishedAt } = patch;
  const isReleased = owner === null || (patch.status !== undefined && status !== "running");
  return {
    ...patch,
    lastSeq: head.lastSeq,
    owner: isReleased ? null : owner,
    leaseUntil: isReleased ? null : head.leaseUntil,
    finishedAt: isFinal(status) ? (finishedAt ?? clock()) : finishedAt,
  };
}

/** Throws on what no executor should ask for. */
function checkBatch(head: LogHead, events: readonly RunEvent[], patch: RunPatch): void {
  const wrong = events.findIndex((event, i) => event.seq !== head.lastSeq + 1 + i);
  if (wrong !== -1) {
    throw new Error(
      `Event ${wrong} of a batch for run ${JSON.stringify(head.id)} is numbered ${events[wrong]?.seq} instead of ${head.lastSeq + 1 + wrong}`,
    );
  }
  if (patch.status === undefined) return;
  // One batch may take a run through several statuses: a short run starts and ends in one.
  let status = head.status;
  for (const event of events) {
    if (event.kind !== "status") continue;
    if (!canBecome(status, event.status)) {
      throw new Error(
        `Run ${JSON.stringify(head.id)} cannot become ${event.status}: it is ${status}`,
      );
    }
    status = event.status;
  }
  // Readers learn of it from the log alone; and without an event, a repeat could not be told.
  if (patch.status !== status) {
    throw new Error(
      `Run ${JSON.stringify(head.id)} cannot become ${patch.status} without an event`,
    );
  }
}
