/**
 * What happens in a service, told to whoever counts it. Called on the way of every event: an
 * implementation MUST be quick and MUST NOT throw. What is the same for many calls, such as the name
 * of a workflow, is said once, by asking for the object that is then told the rest.
 */
export interface Telemetry {
  /** What runs of a workflow do: asked for once an execution, and never for an event. */
  workflow(name: string): WorkflowTelemetry;
  /** What those are sent who watch through a transport: asked for once a subscription. */
  watchers(transport: string): WatcherTelemetry;
  /** A subscription began behind a cursor. */
  replayed(): void;
  /** A client was told that it cannot go on where it was, or was cut off; `reason` is one of few. */
  dropped(reason: string): void;
  /** An unexpected error was hidden behind an id. */
  errorMasked(): void;
}

export interface WorkflowTelemetry {
  /** So many events are in a log now, and the run's status has become these, one after the other. */
  appended(events: number, statuses: readonly string[]): void;
  /** A run goes on here whose executor is gone. */
  recovered(): void;
}

export interface WatcherTelemetry {
  began(): void;
  ended(): void;
  /**
   * The `count` items of `batch` before the index `end` are handed to a socket, all at once, for a
   * subscription that began at `begunAt`, in milliseconds since 1970.
   */
  sent(batch: readonly Sendable[], end: number, count: number, begunAt: number): void;
}

/** What a watcher is sent: an event, or, as a `tick`, only word of how far the log has come. */
export interface Sendable {
  readonly kind: string;
  readonly event: { readonly createdAt: number };
}

/** Counts nothing. */
export const NO_TELEMETRY: Telemetry = {
  workflow: () => ({ appended() {}, recovered() {} }),
  watchers: () => ({ began() {}, ended() {}, sent() {} }),
  replayed() {},
  dropped() {},
  errorMasked() {},
};
