/**
 * Hints that something may be worth looking at. The log is the truth, a wake-up is a hint: a lost
 * one costs time (readers look again by themselves), never an event.
 */
export interface Wakeups {
  /**
   * Wakes the listeners of `topic`, which is the id of a run or begins with a `#`, in all processes.
   * MUST NOT throw and MUST NOT call listeners synchronously.
   */
  notify(topic: string): void;

  /**
   * Calls `listener` at some time after each `notify(topic)`; several may become one call.
   * Resolves once notifications are sure to arrive. The returned function unsubscribes: then
   * `listener` is not called any more, not even for a `notify` under way. Listeners MUST NOT throw;
   * one that does MUST NOT keep others from being called.
   */
  subscribe(topic: string, listener: () => void): Promise<() => void>;
}
