import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { ThreadLocks } from "../../runs/thread-locks.ts";
import { LocalThreadLocks } from "../local-thread-locks.ts";
import type { PostgresDatabase } from "./database.ts";

/** A lock lasts for so long, unless it is prolonged: so long does a process that dies keep others waiting. */
const LOCK_MS = 8_000;
const PROLONG_EVERY_MS = LOCK_MS / 4;

/** Pauses between looks at a lock that another process has: the first, and the longest. */
const FIRST_PAUSE_MS = 5;
const MAX_PAUSE_MS = 100;

/**
 * Locks of threads in all processes, as rows that expire. Waiting for one, and holding it, takes no
 * connection, so that any number of tasks may wait, and one task may take several.
 */
export class PostgresThreadLocks implements ThreadLocks, Disposable {
  readonly #db: PostgresDatabase;
  readonly #local = new LocalThreadLocks();
  /** Names this process in the locks. */
  readonly #owner = randomUUID();
  readonly #held = new Set<string>();
  #prolonging: NodeJS.Timeout | undefined;

  constructor(db: PostgresDatabase) {
    this.#db = db;
  }

  run<T>(threadId: string, task: () => Promise<T>): Promise<T> {
    return this.#local.run(threadId, async () => {
      await this.#acquire(threadId);
      try {
        return await task();
      } finally {
        await this.#release(threadId);
      }
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#prolonging);
  }

  async #acquire(threadId: string): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
      const isOurs = await this.#db.run(
        // Ours already if an answer was lost: within this process there is nobody else.
        `INSERT INTO @.thread_locks AS held (thread_id, owner, until)
         VALUES ($1, $2, @.now_ms() + $3::bigint)
         ON CONFLICT (thread_id) DO UPDATE SET owner = EXCLUDED.owner, until = EXCLUDED.until
         WHERE held.until <= @.now_ms() OR held.owner = EXCLUDED.owner`,
        threadId,
        this.#owner,
        LOCK_MS,
      );
      if (isOurs > 0) break;
      await setTimeout(pauseMs * (0.5 + Math.random()));
    }
    this.#held.add(threadId);
    this.#prolonging ??= setInterval(() => void this.#prolong(), PROLONG_EVERY_MS).unref();
  }

  /** What cannot be released expires. */
  async #release(threadId: string): Promise<void> {
    this.#held.delete(threadId);
    const sql = "DELETE FROM @.thread_locks WHERE thread_id = $1 AND owner = $2";
    await this.#db.run(sql, threadId, this.#owner).catch(() => undefined);
  }

  async #prolong(): Promise<void> {
    if (this.#held.size === 0) return;
    const sql = `UPDATE @.thread_locks SET until = @.now_ms() + $1::bigint
      WHERE owner = $2 AND thread_id = ANY ($3)`;
    await this.#db.run(sql, LOCK_MS, this.#owner, [...this.#held]).catch(() => undefined);
  }
}
