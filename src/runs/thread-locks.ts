/**
 * Lets one task at a time change a thread or its runs, in all processes that share the backend. The
 * thread need not exist.
 */
export interface ThreadLocks {
  /**
   * Runs `task` once no other task on the same thread runs; in this process in the order in which they
   * came. Settles as `task` does. A process that dies MUST NOT keep others from a thread for longer than
   * ten seconds.
   */
  run<T>(threadId: string, task: () => Promise<T>): Promise<T>;
}
