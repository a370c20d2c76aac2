import { CursorExpiredError, ServiceStoppingError } from "../errors.ts";
import type { Cursor } from "./cursor.ts";
import type { EventPage } from "./event-log.ts";
import type { Observer, Pulled } from "./observer.ts";
import type { Tail, TailReader, Tails } from "./tail.ts";

export interface FollowOptions {
  readonly runId: string;
  /** The seq of the last event the reader has; 0 for none. */
  readonly after: number;
  readonly tails: Tails;
  readonly observer: Observer<EventPage>;
}

/**
 * The one way to read a run's events: replays what comes after a seq, then goes on live, and
 * completes when the run has ended. Every event once, in order, in the pages in which they were found;
 * never an empty page. Nothing is read before it is asked for.
 *
 * Fails with `CursorExpiredError` when events after `after` are no longer, or never were, in the log,
 * and with `ServiceStoppingError` when the tails are closed and the run has not ended: all that the
 * log has was delivered by then.
 */
export function follow(options: FollowOptions): Pulled {
  return new Follower(options);
}

/** What was found when the log was read last. */
interface Look {
  readonly lastSeq: number;
  /** Whether the run had ended. */
  readonly isClosed: boolean;
}

class Follower implements Pulled, TailReader {
  readonly #runId: string;
  readonly #tails: Tails;
  readonly #observer: Observer<EventPage>;
  #tail: Tail | undefined;
  /** The seq of the last event that was delivered. */
  last: number;
  #look: Look | undefined;
  /** The tail's, and whether the tails were closed, from before the newest look. */
  #generation = 0;
  #isLastLook = false;
  #isClosed = false;

  constructor({ runId, after, tails, observer }: FollowOptions) {
    this.#runId = runId;
    this.#tails = tails;
    this.#observer = observer;
    this.last = after;
  }

  pull(): void {
    if (this.#isClosed) return;
    if (!this.#tail) return this.#listen();
    if (!this.#look) return this.#read(this.#tail);
    if (this.last < this.#look.lastSeq) {
      this.#tails.turns.wait(`${this.#runId} ${this.last}`, this);
    } else if (this.#look.isClosed) {
      this.close();
      this.#observer.complete();
    } else if (this.#isLastLook) {
      this.onError(new ServiceStoppingError());
    } else {
      this.#tail.wait(this.#generation, this);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#tail?.release(this);
  }

  onChange(): void {
    if (this.#tail && !this.#isClosed) this.#read(this.#tail);
  }

  onPage(page: EventPage): void {
    if (this.#isClosed) return;
    try {
      checkReach(page, this.last);
    } catch (error) {
      return this.onError(error);
    }
    this.#look = { lastSeq: page.lastSeq, isClosed: page.closed };
    const newest = page.events.at(-1);
    if (!newest) return this.pull();
    this.last = newest.seq;
    try {
      this.#observer.next(page);
    } catch (error) {
      this.onError(error);
    }
  }

  onError(error: unknown): void {
    if (this.#isClosed) return;
    this.close();
    this.#observer.error(error);
  }

  #listen(): void {
    this.#tails.acquire(this.#runId, this).then(
      (tail) => {
        this.#tail = tail;
        if (this.#isClosed) tail.release(this);
        else this.#read(tail);
      },
      (error: unknown) => this.onError(error),
    );
  }

  #read(tail: Tail): void {
    // Look at the tail first: what is appended between the read and the wait must wake us.
    this.#generation = tail.generation;
    this.#isLastLook = this.#tails.isClosed;
    tail.read(this.last, this);
  }
}

/** Throws `CursorExpiredError` unless every event after `after` is in the log that `page` is of. */
export function checkReach({ oldestSeq, lastSeq }: EventPage, after: number): void {
  if (after > lastSeq) throw new CursorExpiredError({ oldestSeq, lastSeq, reason: "REWOUND" });
  if (after < oldestSeq - 1)
    throw new CursorExpiredError({ oldestSeq, lastSeq, reason: "TRIMMED" });
}

/**
 * Throws `CursorExpiredError` unless the log goes on where a client with this cursor stands. `page`
 * begins with the cursor's own event, where it is stored. Its epoch tells whether it is still that
 * event: after a failover that lost it, the run goes on under another, and uses its number again.
 */
export function checkCursor(page: EventPage, { seq, epoch }: Cursor): void {
  checkReach(page, seq);
  const { events, oldestSeq, lastSeq } = page;
  const [own] = events;
  if (epoch !== undefined && own?.seq === seq && own.attempt !== epoch) {
    throw new CursorExpiredError({ oldestSeq, lastSeq, reason: "REWOUND" });
  }
}
