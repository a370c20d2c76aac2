import type { Wakeups } from "../events/wakeups.ts";

/** One call of `subscribe`. An object of its own, since one listener may be subscribed twice. */
interface Subscription {
  readonly listener: () => void;
}

/** Wake-ups within this process. */
export class LocalWakeups implements Wakeups {
  readonly #topics = new Map<string, Set<Subscription>>();
  /** Topics that were notified of in this turn: their listeners are called at its end, once. */
  readonly #pending = new Set<string>();

  notify(topic: string): void {
    if (this.#pending.has(topic) || !this.#topics.has(topic)) return;
    this.#pending.add(topic);
    queueMicrotask(() => {
      // First, so that what listeners notify of is not lost.
      this.#pending.delete(topic);
      this.#call(topic);
    });
  }

  /** Wakes all listeners there are: any of them may have missed something. */
  notifyAll(): void {
    for (const topic of this.#topics.keys()) this.notify(topic);
  }

  async subscribe(topic: string, listener: () => void): Promise<() => void> {
    const subscription: Subscription = { listener };
    const subscriptions = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, subscriptions.add(subscription));
    return () => {
      subscriptions.delete(subscription);
      // The topic may have been left by all, and be another set by now.
      if (subscriptions.size === 0 && this.#topics.get(topic) === subscriptions) {
        this.#topics.delete(topic);
      }
    };
  }

  #call(topic: string): void {
    const subscriptions = this.#topics.get(topic) ?? new Set();
    // A copy, or a listener that subscribes anew would be called for ever.
    for (const subscription of Array.from(subscriptions)) {
      // An earlier one may have unsubscribed it.
      if (!subscriptions.has(subscription)) continue;
      try {
        subscription.listener();
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }
}
