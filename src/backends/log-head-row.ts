import type { RunStatus } from "../events/run-event.ts";
import type { LogHead } from "./apply-batch.ts";

/** Of a run's row what appending needs: without what is large. */
export const HEAD_COLUMNS =
  "run, status, epoch, last_seq, batch_after, owner, lease_until, finished_at, thread_id";

export interface HeadRow {
  readonly run: number;
  readonly status: RunStatus;
  readonly epoch: number;
  readonly last_seq: number;
  readonly batch_after: number | null;
  readonly owner: string | null;
  readonly lease_until: number | null;
  readonly finished_at: number | null;
  readonly thread_id: string;
}

export function headOf(id: string, row: HeadRow): LogHead {
  return {
    id,
    status: row.status,
    epoch: row.epoch,
    lastSeq: row.last_seq,
    batchAfter: row.batch_after,
    owner: row.owner,
    leaseUntil: row.lease_until === null ? null : new Date(row.lease_until),
    finishedAt: row.finished_at === null ? null : new Date(row.finished_at),
  };
}
