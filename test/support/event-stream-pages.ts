import type { EventPage } from "../../src/events/event-log.ts";
import type { Observer, Pulled } from "../../src/events/observer.ts";
import type { RunEvent } from "../../src/events/run-event.ts";

/** The pages of a run as an `EventStream` asks for them: each comes when the test gives it. */
export class GivenPages implements Pulled {
  /** How often one was asked for. */
  pulls = 0;
  /** Whether one is asked for that has not come. */
  isAsked = false;
  isClosed = false;
  #observer: Observer<EventPage> | undefined;
  #lastSeq = 0;

  /** What the stream is given. */
  readonly follow = (observer: Observer<EventPage>): Pulled => {
    this.#observer = observer;
    return this;
  };

  pull(): void {
    if (this.isAsked || this.isClosed) throw new Error("Nobody was to ask now");
    this.pulls += 1;
    this.isAsked = true;
  }

  close(): void {
    this.isAsked = false;
    this.isClosed = true;
  }

  give(...events: readonly RunEvent[]): void {
    this.#lastSeq = events.at(-1)?.seq ?? this.#lastSeq;
    this.#answer()?.next({ events, oldestSeq: 1, lastSeq: this.#lastSeq, closed: false });
  }

  fail(error: unknown): void {
    const observer = this.#answer();
    this.isClosed = true;
    observer?.error(error);
  }

  end(): void {
    const observer = this.#answer();
    this.isClosed = true;
    observer?.complete();
  }

  #answer(): Observer<EventPage> | undefined {
    if (!this.isAsked) throw new Error("Nobody has asked");
    this.isAsked = false;
    return this.#observer;
  }
}
