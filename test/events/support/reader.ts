import type { EventPage } from "../../../src/events/event-log.ts";
import { follow } from "../../../src/events/follow.ts";
import type { Observer, Pulled } from "../../../src/events/observer.ts";
import type { Tails } from "../../../src/events/tail.ts";

export interface ReaderOptions {
  readonly tails: Tails;
  readonly runId: string;
  /** @default 0 */
  readonly after?: number;
  /** Asks for more from inside the call that brought the last page. @default true */
  readonly isFast?: boolean;
  /** Closes from inside that call, once it has so many events. @default Infinity */
  readonly leavesAt?: number;
}

/** One who follows a run, and what became of it. */
export class Reader implements Observer<EventPage> {
  readonly after: number;
  readonly seqs: number[] = [];
  /** How it ended, unless by closing. */
  end: { readonly error?: unknown } | undefined;
  isClosed = false;
  /** Whether it has asked for something that has not come. */
  isWaiting = false;
  /** Calls that it should not have had. */
  readonly faults: string[] = [];
  readonly #options: ReaderOptions;
  readonly #pages: Pulled;

  constructor(options: ReaderOptions) {
    const { runId, tails, after = 0 } = options;
    this.#options = options;
    this.after = after;
    this.#pages = follow({ runId, after, tails, observer: this });
    if (this.isFast) this.pull();
  }

  get isFast(): boolean {
    return this.#options.isFast ?? true;
  }

  /** Neither at its end nor closed. */
  get isLive(): boolean {
    return !this.end && !this.isClosed;
  }

  /** The seq of the last event that it has. */
  get last(): number {
    return this.seqs.at(-1) ?? this.after;
  }

  /** Asks for more, if it may. */
  pull(): void {
    if (!this.isLive || this.isWaiting) return;
    this.isWaiting = true;
    this.#pages.pull();
  }

  close(): void {
    this.isClosed = true;
    this.#pages.close();
  }

  next(page: EventPage): void {
    this.#hear("next");
    if (page.events.length === 0) this.faults.push("an empty page");
    for (const { seq } of page.events) {
      if (seq !== this.last + 1) this.faults.push(`${seq} after ${this.last}`);
      this.seqs.push(seq);
    }
    if (this.seqs.length >= (this.#options.leavesAt ?? Infinity)) this.close();
    else if (this.isFast) this.pull();
  }

  error(error: unknown): void {
    this.#hear("error");
    this.end = { error };
  }

  complete(): void {
    this.#hear("complete");
    this.end = {};
  }

  #hear(call: string): void {
    if (!this.isWaiting) this.faults.push(`${call} without a pull`);
    if (!this.isLive) this.faults.push(`${call} after the end`);
    this.isWaiting = false;
  }
}
