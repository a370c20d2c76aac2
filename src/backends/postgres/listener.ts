import { setTimeout } from "node:timers/promises";
import { within } from "../../within.ts";
import { quoted } from "./database.ts";
import type { PgClientLike, PgNotification, PgPoolLike } from "./pool.ts";

/** Pauses between tries to connect again: the first, and the longest. */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;

/** How often the connection is asked whether it still lives, and how long it may take to say so. */
const CHECK_EVERY_MS = 10_000;
const CHECK_WITHIN_MS = 5_000;

export interface ListenerOptions {
  readonly pool: PgPoolLike;
  readonly channel: string;
  readonly onMessage: (payload: string) => void;
  /** Called when it listens again after a time in which messages may have been lost. */
  readonly onGap: () => void;
}

/**
 * The one connection of this process that hears notifications. It is made again, as often as it
 * takes, when it breaks.
 */
export class Listener implements AsyncDisposable {
  readonly #options: ListenerOptions;
  readonly #closing = new AbortController();
  #client: PgClientLike | undefined;
  #check: NodeJS.Timeout | undefined;
  #reconnecting: Promise<void> | undefined;

  private constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Resolves once it listens. Rejects when it cannot. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    await listener.#connect();
    listener.#check = setInterval(() => void listener.#checkConnection(), CHECK_EVERY_MS).unref();
    return listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#check);
    await this.#reconnecting;
    this.#drop();
  }

  async #connect(): Promise<void> {
    const client = await this.#options.pool.connect();
    this.#client = client;
    client.on("error", this.#onBroken);
    client.on("end", this.#onBroken);
    client.on("notification", this.#onNotification);
    try {
      await client.query({ text: `LISTEN ${quoted(this.#options.channel)}` });
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  readonly #onNotification = ({ payload = "" }: PgNotification): void => {
    this.#options.onMessage(payload);
  };

  readonly #onBroken = (): void => {
    if (this.#closing.signal.aborted) return;
    this.#drop();
    this.#reconnecting ??= this.#reconnect().finally(() => {
      this.#reconnecting = undefined;
    });
  };

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    for (
      let pauseMs = FIRST_PAUSE_MS;
      !signal.aborted;
      pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)
    ) {
      try {
        await this.#connect();
        return this.#options.onGap();
      } catch {
        await setTimeout(pauseMs * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** A peer that vanished without a word, with its machine or the network, is noticed only so. */
  async #checkConnection(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    let isAlive = false;
    const answer = client.query({ text: "SELECT 1" }).then(
      () => (isAlive = true),
      () => undefined,
    );
    await within(CHECK_WITHIN_MS, answer);
    if (!isAlive && this.#client === client) this.#onBroken();
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    if (!client) return;
    client.off("notification", this.#onNotification);
    client.off("end", this.#onBroken);
    // It may say more than once that it broke.
    client.off("error", this.#onBroken);
    client.on("error", () => {});
    client.release(true);
  }
}
