import { whileUnavailable } from "../while-unavailable.ts";
import type { EventLog, EventPage } from "./event-log.ts";
import { Presence } from "./presence.ts";
import { Turns } from "./turns.ts";
import type { Wakeups } from "./wakeups.ts";

/** How often a tail looks by itself, in case a wake-up was lost. */
const POLL_MS = 5_000;

/** How many events are read at a time. */
const PAGE_LIMIT = 500;

/** Who reads at a tail. */
export interface TailReader {
  /** The seq of the last event that it has taken. */
  readonly last: number;
  /** The generation has changed: see {@link Tail.wait}. */
  onChange(): void;
  /** What {@link Tail.read} has found. */
  onPage(page: EventPage): void;
  onError(error: unknown): void;
}

/**
 * The end of one run's log, as one process watches it: one wake-up listener and one timer, however
 * many readers wait, and one read of the log for all that are at the same place.
 */
export interface Tail {
  /** Grows with every wake-up. Take it before reading the log: what is appended then counts as new. */
  readonly generation: number;
  /** Reads the events after a seq, as many as a page holds. */
  read(after: number, reader: TailReader): void;
  /** Tells the reader as soon as the generation is another than `seen`: now, or once. */
  wait(seen: number, reader: TailReader): void;
  /** Lets go of the tail; what the reader waits for may still come, but no change. */
  release(reader: TailReader): void;
}

/** How far readers are behind the logs that they read. */
export interface Lag {
  /** How many have yet to take something. */
  readonly readers: number;
  /** What the one furthest behind has yet to take. */
  readonly events: number;
}

/** All tails of a process. */
export class Tails {
  readonly #wakeups: Wakeups;
  readonly #log: EventLog;
  readonly #tails = new Map<string, SharedTail>();
  readonly #presence: Presence | undefined;
  /** Of those who are behind. */
  readonly turns = new Turns();
  #isClosed = false;

  /** With `isShared`, other processes use the same log, and may have readers too. */
  constructor(wakeups: Wakeups, log: EventLog, isShared = false) {
    this.#wakeups = wakeups;
    this.#log = log;
    this.#presence = isShared
      ? new Presence(wakeups, (runId) => this.readersOf(runId) > 0)
      : undefined;
  }

  /** Whether this process stops, and nobody is to wait here any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends all waiting, now and from now on: readers look once more, and then they are told. */
  close(): void {
    this.#isClosed = true;
    for (const tail of this.#tails.values()) tail.wake();
  }

  /** How many readers of this run there are in this process. */
  readersOf(runId: string): number {
    return this.#tails.get(runId)?.readers.size ?? 0;
  }

  /** Whether anybody reads this run, here or in another process. */
  async isRead(runId: string): Promise<boolean> {
    return this.#presence ? this.#presence.isFollowed(runId) : this.readersOf(runId) > 0;
  }

  /** How far the readers of this process are behind. Looks at the logs of which somebody is. */
  async lag(): Promise<Lag> {
    const lags = await Promise.all(
      [...this.#tails].map(async ([runId, tail]) => {
        const behind = tail.behind();
        if (behind.length === 0) return [];
        // Of the page only how far the log goes is of interest.
        const after = behind.reduce((most, { last }) => Math.max(most, last), 0);
        const { lastSeq } = await this.#log.read(runId, { after, limit: 1 });
        return behind.map(({ last }) => lastSeq - last).filter((events) => events > 0);
      }),
    );
    const all = lags.flat();
    return { readers: all.length, events: all.reduce((most, one) => Math.max(most, one), 0) };
  }

  /** The run's tail, listening. Whoever acquires it for a reader releases it. */
  async acquire(runId: string, reader: TailReader): Promise<Tail> {
    let tail = this.#tails.get(runId);
    if (!tail) {
      tail = new SharedTail({
        wakeups: this.#wakeups,
        log: this.#log,
        presence: this.#presence,
        runId,
        onClose: () => this.#tails.delete(runId),
      });
      this.#tails.set(runId, tail);
    }
    tail.readers.add(reader);
    try {
      await tail.listening;
    } catch (error) {
      tail.release(reader);
      throw error;
    }
    return tail;
  }
}

/** A read of the log that is under way. */
interface Reading {
  readonly after: number;
  readonly generation: number;
  /** Who came to wait for it since it began. */
  readonly joined: TailReader[];
}

interface SharedTailOptions {
  readonly wakeups: Wakeups;
  readonly log: EventLog;
  readonly presence: Presence | undefined;
  readonly runId: string;
  readonly onClose: () => void;
}

class SharedTail implements Tail {
  generation = 0;
  /** Who holds it. */
  readonly readers = new Set<TailReader>();
  /** Resolves once wake-ups are sure to arrive. */
  readonly listening: Promise<void>;
  readonly #log: EventLog;
  readonly #runId: string;
  readonly #onClose: () => void;
  /** Each undoes a subscription to wake-ups. */
  readonly #subscriptions: readonly Promise<() => void>[];
  readonly #poll: NodeJS.Timeout;
  #waiting = new Set<TailReader>();
  /** The newest read, until it is done: readers that keep up are all at one place, and share it. */
  #newest: Reading | undefined;

  constructor({ wakeups, log, presence, runId, onClose }: SharedTailOptions) {
    this.#log = log;
    this.#runId = runId;
    this.#onClose = onClose;
    const listening = wakeups.subscribe(runId, () => this.wake());
    this.#subscriptions = presence ? [listening, presence.answer(runId)] : [listening];
    this.listening = Promise.all(this.#subscriptions).then(() => undefined);
    this.#poll = setInterval(() => this.wake(), POLL_MS).unref();
  }

  read(after: number, reader: TailReader): void {
    const newest = this.#newest;
    if (newest?.after === after && newest.generation === this.generation) {
      newest.joined.push(reader);
    } else {
      this.#read(after, [reader]);
    }
  }

  wait(seen: number, reader: TailReader): void {
    if (this.generation !== seen) reader.onChange();
    else this.#waiting.add(reader);
  }

  /** Those of its readers that do not wait for anything new. */
  behind(): readonly TailReader[] {
    if (this.#waiting.size === this.readers.size) return [];
    return [...this.readers].filter((reader) => !this.#waiting.has(reader));
  }

  release(reader: TailReader): void {
    this.#waiting.delete(reader);
    if (this.readers.delete(reader) && this.readers.size === 0) this.#close();
  }

  wake(): void {
    this.generation += 1;
    const waiting = this.#waiting;
    // Those that wait again meanwhile wait for the next time.
    this.#waiting = new Set();
    for (const reader of waiting) reader.onChange();
  }

  #read(after: number, readers: readonly TailReader[]): void {
    const reading: Reading = { after, generation: this.generation, joined: [] };
    const { joined } = reading;
    this.#newest = reading;
    const page = { after, limit: PAGE_LIMIT };
    const isOver = (): boolean => this.readers.size === 0;
    whileUnavailable(() => this.#log.read(this.#runId, page), isOver).then(
      (found) => {
        this.#done(reading);
        for (const one of readers) one.onPage(found);
        // It began before these asked: the log may have come as far as they are only since.
        if (found.lastSeq < after && joined.length > 0) this.#read(after, joined);
        else for (const one of joined) one.onPage(found);
      },
      (error: unknown) => {
        this.#done(reading);
        for (const one of [...readers, ...joined]) one.onError(error);
      },
    );
  }

  /** What is asked for from now on is not in it. */
  #done(reading: Reading): void {
    if (this.#newest === reading) this.#newest = undefined;
  }

  #close(): void {
    this.#onClose();
    clearInterval(this.#poll);
    for (const subscription of this.#subscriptions) {
      // A failed one has nothing to undo; `acquire` reported it.
      subscription.then(
        (unsubscribe) => unsubscribe(),
        () => undefined,
      );
    }
  }
}
