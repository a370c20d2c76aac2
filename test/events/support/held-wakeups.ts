import type { Wakeups } from "../../../src/events/wakeups.ts";

interface Subscription {
  readonly topic: string;
  readonly listener: () => void;
}

export const BUS_IS_DOWN = new Error("The bus is down");

/** Wake-ups that come when the test lets them, more than once, or not at all. */
export class HeldWakeups implements Wakeups {
  readonly #subscriptions = new Set<Subscription>();
  readonly #subscribing: ((isSure: boolean) => void)[] = [];
  /** Who is to hear of each notification under way, oldest first. */
  readonly #underWay: (readonly Subscription[])[] = [];

  /** How many listen. */
  get listeners(): number {
    return this.#subscriptions.size;
  }

  /** How many calls of `subscribe` wait to be let go on. */
  get subscribing(): number {
    return this.#subscribing.length;
  }

  /** How many notifications have not arrived. */
  get underWay(): number {
    return this.#underWay.length;
  }

  notify(topic: string): void {
    this.#underWay.push([...this.#subscriptions].filter((one) => one.topic === topic));
  }

  subscribe(topic: string, listener: () => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      this.#subscribing.push((isSure) => {
        if (!isSure) return reject(BUS_IS_DOWN);
        const subscription = { topic, listener };
        this.#subscriptions.add(subscription);
        resolve(() => this.#subscriptions.delete(subscription));
      });
    });
  }

  /** Lets the oldest call of `subscribe` go on, if any waits. */
  settle(isSure: boolean): void {
    this.#subscribing.shift()?.(isSure);
  }

  /** Lets the oldest notification arrive so many times; 0 loses it. */
  deliver(times: number): void {
    const hearers = this.#underWay.shift() ?? [];
    for (let i = 0; i < times; i++) {
      for (const one of hearers) if (this.#subscriptions.has(one)) one.listener();
    }
  }
}
