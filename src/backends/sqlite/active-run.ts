import type { SqliteDatabase } from "./database.ts";

/** A run of a thread that has not ended. */
export interface OpenRun {
  readonly run: number;
  readonly id: string;
  readonly createdAt: number;
}

/** The active run of a thread: the first, of those that have not ended. */
export function activeRun(db: SqliteDatabase, threadId: string): OpenRun | undefined {
  return db.get<OpenRun>(
    `SELECT run, id, created_at AS createdAt FROM runs
     WHERE thread_id = ? AND status IN ('queued', 'running', 'interrupted')
     ORDER BY created_at, id LIMIT 1`,
    threadId,
  );
}

/** Notes which run of a thread is active, after the one that was has ended or was deleted. */
export function promote(db: SqliteDatabase, threadId: string): void {
  const active = activeRun(db, threadId);
  if (active) db.run("UPDATE runs SET is_active = 1 WHERE run = ? AND is_active = 0", active.run);
}
