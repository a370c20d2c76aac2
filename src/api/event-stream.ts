import { RunCancelledError, RunFailedError, type ServiceError } from "../errors.ts";
import type { EventPage } from "../events/event-log.ts";
import type { Observer, Pulled } from "../events/observer.ts";
import type { RunEvent } from "../events/run-event.ts";
import { ItemIterator } from "./item-iterator.ts";
import type { Conflation } from "./conflation.ts";

/** A filtered stream tells its cursor at least this often while events pass it by. */
const TICK_MS = 10_000;

/** One step of a subscription, just after `event`. */
export interface StreamItem {
  /**
   * - `event`: the event is sent.
   * - `failure`: the run failed or was cancelled, and the operation does not receive the event that
   *   says so: an error is sent in its place.
   * - `tick`: nothing is sent, but the cursor has moved. Only for transports that can say so without a result.
   */
  readonly kind: "event" | "failure" | "tick";
  readonly run: StreamedRun;
  readonly event: RunEvent;
}

/** Whose events they are. */
export interface StreamedRun {
  readonly id: string;
  /** Tells it from one that had its id before, and was deleted. */
  readonly createdAt: Date;
  readonly workflow: string;
}

export interface EventStreamOptions {
  readonly run: StreamedRun;
  /** Follows the run's events. */
  readonly follow: (observer: Observer<EventPage>) => Pulled;
  readonly typeNameOf: (event: RunEvent) => string;
  /** The types to send; all when absent. */
  readonly only: ReadonlySet<string> | undefined;
  /** The type of `RunStatusEvent`. */
  readonly statusType: string;
  /** Thins out progress; absent where all of it is sent. */
  readonly conflation: Conflation | undefined;
  readonly wantsTicks: boolean;
  /** Called once, when the consumer goes away before the end, or reading fails. */
  readonly onLeave?: (() => void) | undefined;
}

/**
 * What a subscription sends: the events of the wanted types, and, in place of a last event that is
 * not wanted, a failure if the run failed. In batches of what is there, at least one, to its
 * observer; or one by one, as graphql-js reads it.
 */
export class EventStream implements Pulled, Observer<EventPage>, AsyncIterable<StreamItem> {
  readonly #options: EventStreamOptions;
  readonly #pages: Pulled;
  #observer: Observer<readonly StreamItem[]> | undefined;
  /** Whether the observer waits. */
  #isPulled = false;
  /** Whether a page was asked for that has not come. */
  #isLoading = false;
  /** What to do with one that came when nobody waited any more: something else had fallen due. */
  #early: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Nothing comes after what has been sent. */
  #isAtEnd = false;
  #isClosed = false;
  /** The newest event that was passed over, and when the cursor was told last. */
  #skipped: RunEvent | undefined;
  #toldAt = Date.now();

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#pages = options.follow(this);
  }

  get run(): StreamedRun {
    return this.#options.run;
  }

  /** Sets who hears of what comes. Once, before anything is pulled. */
  observe(observer: Observer<readonly StreamItem[]>): void {
    this.#observer = observer;
  }

  pull(): void {
    if (this.#isClosed) return;
    if (this.#isAtEnd) return this.#end();
    this.#isPulled = true;
    const early = this.#early;
    if (early) {
      this.#early = undefined;
      return early();
    }
    this.#setTimer();
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.#pages.pull();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#pages.close();
    if (!this.#isAtEnd) this.#options.onLeave?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamItem, void> {
    return new ItemIterator(this);
  }

  /** A page has come. */
  next(page: EventPage): void {
    this.#receive(() => this.#send(this.#choose(page.events, Date.now())));
  }

  /** Reading has failed. */
  error(error: unknown): void {
    this.#receive(() => this.#fail(error));
  }

  /** The run has ended. */
  complete(): void {
    this.#receive(() => this.#finish());
  }

  #receive(handle: () => void): void {
    this.#isLoading = false;
    if (this.#isPulled) handle();
    else this.#early = handle;
  }

  #send(items: readonly StreamItem[]): void {
    if (items.length === 0) return this.pull();
    this.#isPulled = false;
    clearTimeout(this.#timer);
    this.#observer?.next(items);
  }

  #fail(error: unknown): void {
    this.close();
    this.#observer?.error(error);
  }

  #finish(): void {
    const rest = this.#rest(Date.now());
    this.#isAtEnd = true;
    if (rest.length > 0) this.#send(rest);
    else this.#end();
  }

  #end(): void {
    this.close();
    this.#observer?.complete();
  }

  /** What to send now that `events` have come; none may have. */
  #choose(events: readonly RunEvent[], now: number): readonly StreamItem[] {
    const wanted: StreamItem[] = [];
    for (const event of events) {
      const kind = this.#kindOf(event);
      if (kind) wanted.push(this.#item(kind, event));
      else this.#skipped = event;
    }
    const { conflation } = this.#options;
    const sent = conflation ? conflation.add(wanted, now) : wanted;
    const last = sent.at(-1);
    if (last) this.#tell(last.event, now);
    const dueAt = this.#tickDueAt();
    return dueAt !== undefined && now >= dueAt ? [...sent, ...this.#rest(now)] : sent;
  }

  #kindOf(event: RunEvent): StreamItem["kind"] | undefined {
    const { only, statusType, typeNameOf } = this.#options;
    if (!only || only.has(typeNameOf(event))) return "event";
    return isFailure(event) && !only.has(statusType) ? "failure" : undefined;
  }

  /** What has been held back, and then how far the cursor has come. */
  #rest(now: number): readonly StreamItem[] {
    const { conflation, wantsTicks } = this.#options;
    const held = conflation?.flush(now) ?? [];
    const last = held.at(-1);
    if (last) this.#tell(last.event, now);
    if (!wantsTicks || !this.#skipped) return held;
    const tick = this.#item("tick", this.#skipped);
    this.#tell(tick.event, now);
    return [...held, tick];
  }

  /** For what is to be sent even if no event comes. */
  #setTimer(): void {
    clearTimeout(this.#timer);
    const due = [this.#tickDueAt(), this.#options.conflation?.dueAt].filter(
      (at) => at !== undefined,
    );
    this.#timer = undefined;
    if (due.length === 0) return;
    const send = (): void => this.#send(this.#choose([], Date.now()));
    this.#timer = setTimeout(send, Math.max(0, Math.min(...due) - Date.now()));
  }

  #tickDueAt(): number | undefined {
    return this.#options.wantsTicks && this.#skipped ? this.#toldAt + TICK_MS : undefined;
  }

  /** What is sent tells the cursor, whatever was passed over before it. */
  #tell({ seq }: RunEvent, now: number): void {
    this.#toldAt = now;
    if (this.#skipped && this.#skipped.seq <= seq) this.#skipped = undefined;
  }

  #item(kind: StreamItem["kind"], event: RunEvent): StreamItem {
    return { kind, run: this.#options.run, event };
  }
}

/** The error that a failure stands for. */
export function errorOf({ run, event }: StreamItem): ServiceError {
  const { seq } = event;
  const place = { runId: run.id, seq };
  if (event.kind !== "status" || event.status === "cancelled") return new RunCancelledError(place);
  const { code: reason = "RUN_FAILED", message = "The run failed" } = event.error ?? {};
  return new RunFailedError({ ...place, reason, message });
}

function isFailure(event: RunEvent): boolean {
  return event.kind === "status" && (event.status === "failed" || event.status === "cancelled");
}
