import { RunCancelledError, RunFailedError, type ServiceError } from "../errors.ts";
import { formatCursor } from "../events/cursor.ts";
import type { EventPage } from "../events/event-log.ts";
import type { RunEvent } from "../events/run-event.ts";
import { sourceOf, type EventSource } from "./event-source.ts";

/** A filtered stream tells its cursor at least this often while events pass it by. */
const TICK_MS = 10_000;

/** An event to send. */
export interface EventItem {
  readonly kind: "event";
  readonly runId: string;
  readonly event: RunEvent;
  readonly source: EventSource;
}

/** The run failed or was cancelled, and the operation does not receive the event that says so. */
export interface FailureItem {
  readonly kind: "failure";
  readonly runId: string;
  readonly event: RunEvent;
  readonly error: ServiceError;
}

/** Nothing to send, but the cursor has moved. Only for transports that can say so without a result. */
export interface Tick {
  readonly kind: "tick";
  readonly runId: string;
  readonly event: RunEvent;
}

export type StreamItem = EventItem | FailureItem | Tick;

export interface EventStreamOptions {
  readonly run: { readonly id: string; readonly workflow: string };
  /** The run's events, to end when `abort` is. */
  readonly pages: AsyncIterator<EventPage, void>;
  readonly abort: AbortController;
  readonly typeNameOf: (event: RunEvent) => string;
  /** The types to send; all when absent. */
  readonly only: ReadonlySet<string> | undefined;
  /** The type of `RunStatusEvent`. */
  readonly statusType: string;
  readonly wantsTicks: boolean;
  /** Called once, when the consumer goes away before the end. */
  readonly onLeave?: (() => void) | undefined;
}

/**
 * What a subscription sends: the events of the wanted types one by one, and, in place of a last
 * event that is not wanted, a failure if the run failed. An iterator and not a generator, because
 * the `return()` of a generator that waits for an event would wait with it, for ever perhaps.
 */
export class EventStream implements AsyncIterableIterator<StreamItem, void, void> {
  readonly #options: EventStreamOptions;
  #page: readonly RunEvent[] = [];
  #index = 0;
  #isDone = false;
  /** The newest event that was passed over, and when the cursor was told last. */
  #skipped: RunEvent | undefined;
  #toldAt = Date.now();
  #loading: Promise<boolean> | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<StreamItem, void>> {
    while (!this.#isDone) {
      const event = this.#page[this.#index];
      if (event) {
        this.#index += 1;
        const item = this.#itemOf(event);
        if (item) return { done: false, value: item };
      } else if (!(await this.#load()) && this.#skipped && this.#options.wantsTicks) {
        // Due, or the last chance to tell: a client that comes back from here has nothing to fetch.
        return { done: false, value: this.#tick(this.#skipped) };
      }
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<StreamItem, void>> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.#options.abort.abort();
      // Releases what following holds; nobody is left to hear of its failure.
      this.#options.pages.return?.().catch(() => undefined);
      this.#options.onLeave?.();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  #itemOf(event: RunEvent): StreamItem | undefined {
    const { run, only, statusType, typeNameOf } = this.#options;
    if (!only || only.has(typeNameOf(event))) {
      this.#tell();
      return { kind: "event", runId: run.id, event, source: sourceOf(run, event) };
    }
    const error = only.has(statusType) ? undefined : failureOf(run.id, event);
    if (error) {
      this.#tell();
      return { kind: "failure", runId: run.id, event, error };
    }
    this.#skipped = event;
    return this.#isTickDue() ? this.#tick(event) : undefined;
  }

  /** Fetches the next page. False when a tick fell due meanwhile, or when there is no next page. */
  async #load(): Promise<boolean> {
    const { pages } = this.#options;
    this.#loading ??= pages.next().then(({ done, value }) => {
      this.#loading = undefined;
      if (done === true) {
        this.#isDone = true;
        return false;
      }
      this.#page = value.events;
      this.#index = 0;
      return true;
    });
    if (!this.#options.wantsTicks || !this.#skipped) return this.#loading;
    return beforeTick(this.#loading, this.#toldAt + TICK_MS - Date.now());
  }

  #isTickDue(): boolean {
    return this.#options.wantsTicks && Date.now() - this.#toldAt >= TICK_MS;
  }

  /** What is sent now tells the cursor, whatever was passed over before. */
  #tell(): void {
    this.#skipped = undefined;
    this.#toldAt = Date.now();
  }

  #tick(event: RunEvent): Tick {
    this.#tell();
    return { kind: "tick", runId: this.#options.run.id, event };
  }
}

/** Where the stream stands once it has sent `item`. */
export function cursorAfter({ runId, event }: StreamItem): string {
  return formatCursor(runId, event.seq, event.attempt);
}

/** What `loading` resolves to, or false after `ms`. */
function beforeTick(loading: Promise<boolean>, ms: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), Math.max(0, ms));
    loading.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function failureOf(runId: string, event: RunEvent): ServiceError | undefined {
  if (event.kind !== "status") return undefined;
  const { seq, error } = event;
  if (event.status === "cancelled") return new RunCancelledError({ runId, seq });
  if (event.status !== "failed") return undefined;
  const { code: reason = "RUN_FAILED", message = "The run failed" } = error ?? {};
  return new RunFailedError({ runId, seq, reason, message });
}
