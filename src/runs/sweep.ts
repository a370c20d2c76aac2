import type { Backend } from "../backend.ts";
import type { Logger } from "../logger.ts";

const BATCH = 100;

/** Forgets the runs that ended longer ago than the backend keeps them, with all that belongs to them. */
export async function sweep(backend: Backend, now: Date, logger: Logger): Promise<void> {
  const { runs, checkpointer, retentionMs } = backend;
  const finishedBefore = new Date(now.getTime() - retentionMs);
  try {
    for (;;) {
      const { runs: old, hasMore } = await runs.list({ finishedBefore }, { first: BATCH });
      const threadIds = await runs.delete(old.map((run) => run.id));
      for (const threadId of threadIds) await checkpointer?.deleteThread(threadId);
      if (!hasMore) return;
    }
  } catch (error) {
    logger.error({ err: error }, "ended runs could not be removed; will try again");
  }
}
