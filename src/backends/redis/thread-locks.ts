import { randomUUID } from "node:crypto";
import type { ThreadLocks } from "../../runs/thread-locks.ts";
import { LocalThreadLocks } from "../local-thread-locks.ts";
import type { RedisConnection } from "./connection.ts";
import { LOCK, PROLONG, UNLOCK } from "./scripts/locks.ts";
import type { RedisWakeups } from "./wakeups.ts";

/** How long a process that died keeps others from a thread. */
const LOCK_MS = 8_000;
const PROLONG_MS = LOCK_MS / 4;

/** How often one that waits looks by itself, in case a wake-up was lost. */
const LOOK_MS = 500;

/**
 * Locks of threads as keys that run out, held by a random token. Tasks of one process queue up here
 * first, so that only one of them asks Redis. A process that is stopped for longer than the lock lasts
 * loses it unnoticed: what must not happen then is fenced by the run's epoch.
 */
export class RedisThreadLocks implements ThreadLocks {
  readonly #connection: RedisConnection;
  readonly #wakeups: RedisWakeups;
  readonly #local = new LocalThreadLocks();

  constructor(connection: RedisConnection, wakeups: RedisWakeups) {
    this.#connection = connection;
    this.#wakeups = wakeups;
  }

  run<T>(threadId: string, task: () => Promise<T>): Promise<T> {
    return this.#local.run(threadId, () => this.#runLocked(threadId, task));
  }

  async #runLocked<T>(threadId: string, task: () => Promise<T>): Promise<T> {
    const token = randomUUID();
    await this.#lock(threadId, token);
    const prolonging = setInterval(() => {
      // One that fails is tried again before the lock runs out.
      this.#connection.run(PROLONG, threadId, token, LOCK_MS).catch(() => undefined);
    }, PROLONG_MS).unref();
    try {
      return await task();
    } finally {
      clearInterval(prolonging);
      // What fails here runs out by itself; the task is done all the same.
      const channel = this.#wakeups.channel(topicOf(threadId));
      await this.#connection.run(UNLOCK, threadId, token, channel).catch(() => undefined);
    }
  }

  async #lock(threadId: string, token: string): Promise<void> {
    const ask = async () => Number(await this.#connection.run(LOCK, threadId, token, LOCK_MS));
    if ((await ask()) < 0) return;
    let wake: () => void = () => {};
    const unsubscribe = await this.#wakeups.subscribe(topicOf(threadId), () => wake());
    try {
      for (;;) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const leftMs = await ask();
        if (leftMs < 0) return;
        const timer = setTimeout(wake, Math.min(leftMs + 1, LOOK_MS));
        await woken;
        clearTimeout(timer);
      }
    } finally {
      unsubscribe();
    }
  }
}

function topicOf(threadId: string): string {
  return `#lock:${threadId}`;
}
