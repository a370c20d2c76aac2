import type { Thread } from "../runs/thread.ts";

/** A thread as SQL engines keep it; times are milliseconds since 1970. */
export interface ThreadRow {
  readonly id: string;
  readonly viewer: string | null;
  readonly workflow: string;
  readonly is_named: number;
  readonly created_at: number;
  readonly updated_at: number;
}

export function readThread(row: ThreadRow): Thread {
  return {
    id: row.id,
    viewer: row.viewer,
    workflow: row.workflow,
    isNamed: row.is_named === 1,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  };
}
