import type { Statements } from "./database.ts";

/** What tells a run that has not ended. */
export const IS_OPEN = "status IN ('queued', 'running', 'interrupted')";

/** A run of a thread that has not ended. */
export interface OpenRun {
  readonly run: number;
  readonly id: string;
  readonly createdAt: number;
}

/** The active run of a thread: the first, of those that have not ended; `except` is looked away from. */
export function activeRun(
  db: Statements,
  threadId: string,
  except = "",
): Promise<OpenRun | undefined> {
  return db.get<OpenRun>(
    `SELECT run, id, created_at AS "createdAt" FROM @.runs
     WHERE thread_id = $1 AND ${IS_OPEN} AND id <> $2 ORDER BY created_at, id LIMIT 1`,
    threadId,
    except,
  );
}

/**
 * Keeps others, until the end of the transaction, from changing which runs there are on the threads
 * of these runs, and which of them is active. Comes before any lock of a run.
 */
export async function lockThreadsOf(db: Statements, runIds: readonly string[]): Promise<void> {
  await db.run(
    `SELECT FROM @.threads WHERE id IN (SELECT thread_id FROM @.runs WHERE id = ANY ($1))
     ORDER BY id FOR NO KEY UPDATE`,
    runIds,
  );
}

/** Notes which run of each thread is active, after the one that was has ended or was deleted. */
export async function promote(db: Statements, threadIds: readonly string[]): Promise<void> {
  await db.run(
    `UPDATE @.runs SET is_active = true WHERE NOT is_active AND run IN (
       SELECT DISTINCT ON (thread_id) run FROM @.runs
       WHERE thread_id = ANY ($1) AND ${IS_OPEN} ORDER BY thread_id, created_at, id
     )`,
    threadIds,
  );
}
