import type { ThreadLocks } from "../runs/thread-locks.ts";

/** Locks of threads within this process. */
export class LocalThreadLocks implements ThreadLocks {
  /** By thread: settles when the last of its tasks has ended. */
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(threadId: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(threadId);
    const result = before ? before.then(task, task) : task();
    this.#last.set(threadId, result);
    try {
      return await result;
    } finally {
      if (this.#last.get(threadId) === result) this.#last.delete(threadId);
    }
  }
}
