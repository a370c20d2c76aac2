import { createHash, randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Wakeups } from "../../events/wakeups.ts";
import type { LocalWakeups } from "../local-wakeups.ts";
import type { PostgresDatabase } from "./database.ts";

/** Postgres refuses a payload of 8,000 bytes: https://www.postgresql.org/docs/current/sql-notify.html */
const MAX_PAYLOAD_BYTES = 7_900;

/** Longer topics travel as a digest. */
const MAX_TOPIC_LENGTH = 500;

/** Before it is tried again to tell the others, when it has failed even with {@link persistently}. */
const PAUSE_MS = 500;

/**
 * Wake-ups of all processes: at once within this one, and by `NOTIFY` in the others. What is notified
 * of while a `NOTIFY` is under way goes out together with the next.
 */
export class PostgresWakeups implements Wakeups, AsyncDisposable {
  readonly #db: PostgresDatabase;
  readonly #channel: string;
  readonly #local: LocalWakeups;
  /** Tells our own notifications from those of other processes. */
  readonly #sender = randomUUID();
  #pending = new Set<string>();
  #sending: Promise<void> | undefined;
  #isClosed = false;

  constructor(db: PostgresDatabase, channel: string, local: LocalWakeups) {
    this.#db = db;
    this.#channel = channel;
    this.#local = local;
  }

  notify(topic: string): void {
    const name = nameOf(topic);
    this.#local.notify(name);
    if (this.#isClosed) return;
    this.#pending.add(name);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** The process listens already, and after a gap everybody is woken: what is notified of from here on arrives. */
  subscribe(topic: string, listener: () => void): Promise<() => void> {
    return this.#local.subscribe(nameOf(topic), listener);
  }

  /** Wakes those whom another process has notified. */
  receive(payload: string): void {
    const [sender, ...topics] = JSON.parse(payload) as readonly string[];
    if (sender === this.#sender) return;
    for (const topic of topics) this.#local.notify(topic);
  }

  /** Sends what is still to be sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#sending;
  }

  async #send(): Promise<void> {
    // What is notified of in the rest of this turn goes out with it.
    await Promise.resolve();
    while (this.#pending.size > 0) {
      const topics = [...this.#pending];
      this.#pending = new Set();
      try {
        // Without waiting for the disk: a hint may be lost, and while it is sent nobody else can send one.
        await this.#db.run(
          `WITH hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
           SELECT pg_notify($1, payload) FROM hasty, unnest($2::text[]) AS payload`,
          this.#channel,
          payloads(this.#sender, topics),
        );
      } catch {
        if (this.#isClosed) return;
        for (const topic of topics) this.#pending.add(topic);
        await setTimeout(PAUSE_MS);
      }
    }
  }
}

function nameOf(topic: string): string {
  if (topic.length <= MAX_TOPIC_LENGTH) return topic;
  return `sha256:${createHash("sha256").update(topic).digest("hex")}`;
}

/** The topics as few lists, each of them short enough. */
function payloads(sender: string, topics: readonly string[]): readonly string[] {
  const lists: string[] = [];
  let list = JSON.stringify([sender]);
  for (const topic of topics) {
    const longer = `${list.slice(0, -1)},${JSON.stringify(topic)}]`;
    if (Buffer.byteLength(longer) <= MAX_PAYLOAD_BYTES) {
      list = longer;
    } else {
      lists.push(list);
      list = JSON.stringify([sender, topic]);
    }
  }
  return [...lists, list];
}
