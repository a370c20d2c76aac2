import type { EventStream, StreamItem } from "../../src/api/event-stream.ts";
import type { Observer } from "../../src/events/observer.ts";

/** One who reads a stream batch by batch, and what it heard. */
export class Consumer implements Observer<readonly StreamItem[]> {
  readonly batches: (readonly StreamItem[])[] = [];
  /** How it ended, unless by closing. */
  end: { readonly error?: unknown } | undefined;
  /** Whether it has asked for something that has not come. */
  isWaiting = false;
  /** Calls that it should not have had. */
  readonly faults: string[] = [];
  readonly #stream: EventStream;
  #isClosed = false;

  constructor(stream: EventStream) {
    this.#stream = stream;
    stream.observe(this);
  }

  get items(): readonly StreamItem[] {
    return this.batches.flat();
  }

  /** Kind and seq of all that came. */
  get heard(): readonly string[] {
    return this.items.map(({ kind, event }) => `${kind} ${event.seq}`);
  }

  pull(): void {
    if (this.isWaiting || this.end) return;
    this.isWaiting = true;
    this.#stream.pull();
  }

  close(): void {
    this.#isClosed = true;
    this.#stream.close();
  }

  next(batch: readonly StreamItem[]): void {
    this.#hear("next");
    if (batch.length === 0) this.faults.push("an empty batch");
    this.batches.push(batch);
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
    if (this.end || this.#isClosed) this.faults.push(`${call} after the end`);
    this.isWaiting = false;
  }
}
