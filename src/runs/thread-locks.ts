/**
 * Lets one task at a time do something to a thread, in the order in which they came. Within this
 * process: between processes the run store decides.
 */
export class ThreadLocks {
  /** By thread: settles when the last of its tasks has ended. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `task` once those before it on the same thread have ended, well or not. */
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
