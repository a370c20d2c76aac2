import type { Wakeups } from "../../events/wakeups.ts";
import { LocalWakeups } from "../local-wakeups.ts";
import type { RedisClientLike } from "./client-like.ts";
import type { RedisConnection } from "./connection.ts";

/** A topic that is listened to in this process. */
interface Topic {
  listeners: number;
  /** Resolves once Redis has taken the subscription. */
  listening: Promise<unknown>;
}

/**
 * Wake-ups by Redis' pub/sub: one connection listens for all of this process, whose listeners are
 * called as {@link LocalWakeups} does. After it was lost every listener is called, since nobody knows
 * what was missed.
 */
export class RedisWakeups implements Wakeups {
  readonly #connection: RedisConnection;
  readonly #subscriber: RedisClientLike;
  readonly #local = new LocalWakeups();
  readonly #topics = new Map<string, Topic>();
  /** Topics that a script has notified of in this turn of the event loop. */
  readonly #published = new Set<string>();

  private constructor(connection: RedisConnection, subscriber: RedisClientLike) {
    this.#connection = connection;
    this.#subscriber = subscriber;
  }

  /** Resolves once it listens. `subscriber` is this one's alone; its owner closes it. */
  static async open(
    connection: RedisConnection,
    subscriber: RedisClientLike,
  ): Promise<RedisWakeups> {
    const wakeups = new RedisWakeups(connection, subscriber);
    const start = wakeups.channel("").length;
    subscriber.on("message", (channel) => wakeups.#local.notify(channel.slice(start)));
    // One that nobody publishes to: so it is connected from here on, and what is heard of is a loss.
    await subscriber.subscribe(wakeups.channel(""));
    subscriber.on("ready", () => void wakeups.#listenAgain());
    return wakeups;
  }

  /** Where a topic is published. */
  channel(topic: string): string {
    return this.#connection.key(`wake:${topic}`);
  }

  notify(topic: string): void {
    if (this.#published.delete(topic)) return;
    this.#connection.command("PUBLISH", this.channel(topic), "").catch(() => {
      // It is a hint only; whoever waits for it looks again by itself.
    });
  }

  /** A script has published a topic together with what it stored: to notify of it at once adds nothing. */
  published(topic: string): void {
    if (this.#published.size === 0) setImmediate(() => this.#published.clear());
    this.#published.add(topic);
  }

  async subscribe(topic: string, listener: () => void): Promise<() => void> {
    const stop = await this.#local.subscribe(topic, listener);
    let entry = this.#topics.get(topic);
    if (!entry) {
      entry = { listeners: 0, listening: this.#subscriber.subscribe(this.channel(topic)) };
      this.#topics.set(topic, entry);
    }
    entry.listeners += 1;
    let isOver = false;
    const unsubscribe = () => {
      if (isOver) return;
      isOver = true;
      stop();
      this.#leave(topic);
    };
    try {
      await entry.listening;
    } catch (error) {
      unsubscribe();
      throw error;
    }
    return unsubscribe;
  }

  #leave(topic: string): void {
    const entry = this.#topics.get(topic);
    if (!entry || --entry.listeners > 0) return;
    this.#topics.delete(topic);
    this.#subscriber.unsubscribe(this.channel(topic)).catch(() => {
      // A connection that is lost has no subscriptions.
    });
  }

  async #listenAgain(): Promise<void> {
    const topics = [...this.#topics.keys()];
    if (topics.length === 0) return;
    try {
      await this.#subscriber.subscribe(...topics.map((topic) => this.channel(topic)));
    } catch {
      return; // It is lost once more, and will be ready again.
    }
    this.#local.notifyAll();
  }
}
