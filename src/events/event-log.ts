import type { RunEvent } from "./run-event.ts";

/** A piece of a run's log, and where the whole log stands. */
export interface EventPage {
  /** Consecutive events, oldest first. */
  readonly events: readonly RunEvent[];
  /** The seq of the oldest stored event; `lastSeq + 1` when none is stored. */
  readonly oldestSeq: number;
  /** The seq of the newest event; 0 when there has been none. */
  readonly lastSeq: number;
  /** Whether the run has ended: no event will follow `lastSeq`. */
  readonly closed: boolean;
}

/** At most `limit` events with `seq > after`. */
export interface EventRange {
  readonly after: number;
  readonly limit: number;
}

/** Where a batch goes, under which epoch, and the change of the run record that goes with it. */
export interface AppendPlace<Patch> {
  readonly after: number;
  readonly epoch: number;
  readonly patch?: Patch | undefined;
}

/**
 * Append-only history of each run: the only place where a reader learns what happened. `Patch` is
 * the change of the run record that goes with a batch; the log's engine keeps both.
 */
export interface EventLog<Patch = unknown> {
  /**
   * Appends `events`, which are numbered `after + 1`, `after + 2`, … Events and `patch` MUST be
   * stored together or not at all. MUST reject with `StaleWriterError` unless the run exists, `epoch`
   * is its own, it has not ended and `after` is its last seq: this is what stops two executors from
   * writing one run. Repeating the newest batch (same `after`, same number of events) under the same
   * epoch MUST succeed and change nothing, even when it ended the run: after a network error nobody
   * knows whether it landed. A batch without events is applied again.
   *
   * A change of `status` comes with the status events that lead to it by legal steps; otherwise the
   * batch MUST be refused with an `Error`. A status other than `running`, or `owner: null`, gives up
   * the lease; a final one sets `finishedAt` where the patch does not. Need not wake anybody: the
   * caller notifies, once it resolves.
   */
  append(runId: string, events: readonly RunEvent[], at: AppendPlace<Patch>): Promise<void>;

  /**
   * Reads a range, oldest first; fewer where they are large, but one if there is one. MUST be
   * consistent: `closed` is true only if `lastSeq` counts the run's last event. An unknown run reads
   * as an empty, closed log.
   */
  read(runId: string, range: EventRange): Promise<EventPage>;

  /** Forgets events with `seq < before`, for good. Numbers are not reused. */
  trim(runId: string, before: number): Promise<void>;
}
