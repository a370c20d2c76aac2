import { setImmediate as nextTurn } from "node:timers/promises";
import { StaleWriterError } from "../errors.ts";
import type { EventLog } from "../events/event-log.ts";
import {
  RUN_ORIGIN,
  type EventOrigin,
  type RunEvent,
  type RunStatus,
  type StatusBody,
} from "../events/run-event.ts";
import type { Wakeups } from "../events/wakeups.ts";
import type { WorkflowTelemetry } from "../telemetry.ts";
import { whileUnavailable } from "../while-unavailable.ts";
import { sized, type SizedBody } from "./bounded-event.ts";
import { outsideNodes } from "./outside-nodes.ts";
import type { RunPatch } from "./run.ts";

/** One append takes at most so much: other runs and sockets get their turn in between. */
const MAX_SLICE_EVENTS = 250;
const MAX_SLICE_BYTES = 256 * 1024;

/** What one execution may record. */
export interface RecordLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface RecorderOptions {
  readonly runId: string;
  readonly epoch: number;
  /** The seq of the last event that is in the log. */
  readonly lastSeq: number;
  readonly log: EventLog<RunPatch>;
  readonly wakeups: Wakeups;
  readonly limits: RecordLimits;
  readonly now: () => number;
  readonly telemetry: WorkflowTelemetry;
  /** Called once, when the limits are passed: from then on only the run's status is recorded. */
  readonly onLimit: () => void;
  /** Called once, when the log refuses or fails: nothing more will be recorded. */
  readonly onFailure: (error: unknown) => void;
}

interface Pending {
  readonly event: RunEvent;
  readonly bytes: number;
  readonly patch: RunPatch | undefined;
}

/** What one append takes. */
interface Slice {
  readonly events: readonly RunEvent[];
  readonly patch: RunPatch | undefined;
  /** What the run becomes by it, one after the other. */
  readonly statuses: readonly RunStatus[];
}

/**
 * Numbers the events of one execution in the order of the calls and appends them in slices. A call
 * never waits; the slices of a burst go out one an event-loop turn, so that a node which writes
 * 200,000 events without a pause holds up nobody else.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  #pending: Pending[] = [];
  /** Items before this index of `#pending` have been taken. */
  #taken = 0;
  /** The seq of the last event that was recorded. */
  #seq: number;
  /** The seq of the last event that is in the log. */
  #loggedSeq: number;
  #events = 0;
  #bytes = 0;
  #isOpen = true;
  #isOverLimit = false;
  #isScheduled = false;
  #isDiscarded = false;
  /** Appends one after the other. Never rejects. */
  #appending: Promise<void> = Promise.resolve();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#seq = options.lastSeq;
    this.#loggedSeq = options.lastSeq;
  }

  /** How many events it has recorded. */
  get count(): number {
    return this.#seq - this.#options.lastSeq;
  }

  /** Records what the graph said. Does nothing once the run has ended or the limits are passed. */
  record(sizedBody: SizedBody, origin: EventOrigin): void {
    if (!this.#isOpen || this.#isOverLimit) return;
    this.#events += 1;
    this.#bytes += sizedBody.bytes;
    const { limits, onLimit } = this.#options;
    if (this.#events > limits.maxEvents || this.#bytes > limits.maxBytes) {
      this.#isOverLimit = true;
      onLimit();
      return;
    }
    this.#add(sizedBody, origin, undefined);
  }

  /** Records a change of the run's status, and of its record with it. */
  recordStatus(body: StatusBody, patch: RunPatch): void {
    if (this.#isOpen) this.#add(sized(body), RUN_ORIGIN, patch);
  }

  /**
   * Resolves once all that has been recorded, and is yet recorded in this turn's call stack, is in
   * the log, and the run is known to be still ours. Rejects with `StaleWriterError` if it is not, or
   * has ended, and with whatever else the log failed with.
   */
  async flush(): Promise<void> {
    await Promise.resolve();
    if (this.#isOpen) await this.#append({});
    if (!this.#isOpen) throw new StaleWriterError(this.#options.runId, this.#options.epoch);
  }

  /** Records the status with which this execution ends, and resolves once all is in the log. */
  async end(body: StatusBody, patch: RunPatch): Promise<void> {
    this.recordStatus(body, patch);
    this.#isOpen = false;
    await this.#append();
  }

  /** Ends this execution without a status: changes the record, and resolves once all is in the log. */
  async release(patch: RunPatch): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#append(patch);
  }

  /** Forgets what is not in the log yet: it is another executor's run. */
  discard(): void {
    this.#isOpen = false;
    this.#isDiscarded = true;
    this.#pending = [];
    this.#taken = 0;
  }

  #add({ body, bytes }: SizedBody, origin: EventOrigin, patch: RunPatch | undefined): void {
    this.#seq += 1;
    const event: RunEvent = {
      seq: this.#seq,
      createdAt: this.#options.now(),
      attempt: this.#options.epoch,
      ...origin,
      ...body,
    };
    this.#pending.push({ event, bytes, patch });
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // What is recorded in the rest of this turn goes out with it.
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#append();
    });
  }

  /** Appends what has been recorded; then changes the record by `patch`, if only to see that it may. */
  #append(patch?: RunPatch): Promise<void> {
    // It is a node that records: what backends and watchers do about it must not pass for its work.
    this.#appending = outsideNodes(() => this.#appending.then(() => this.#appendSlices(patch)));
    return this.#appending;
  }

  async #appendSlices(patch: RunPatch | undefined): Promise<void> {
    const { runId, wakeups, telemetry, onFailure } = this.#options;
    let isPatched = patch === undefined;
    try {
      for (let slice = this.#take(); slice; slice = this.#take()) {
        const { events, patch: own, statuses } = slice;
        const isLast = this.#taken === this.#pending.length;
        const all = isLast && patch ? { ...own, ...patch } : own;
        await this.#log(events, all);
        this.#loggedSeq += events.length;
        telemetry.appended(events.length, statuses);
        wakeups.notify(runId);
        isPatched ||= isLast;
        if (!isLast) await nextTurn();
      }
      // What was not logged must not pass for done.
      if (!isPatched && !this.#isDiscarded) await this.#log([], patch);
    } catch (error) {
      this.discard();
      onFailure(error);
    }
  }

  /** A batch may come twice: the log knows it again. */
  #log(events: readonly RunEvent[], patch: RunPatch | undefined): Promise<void> {
    const { runId, epoch, log } = this.#options;
    const at = { after: this.#loggedSeq, epoch, patch };
    return whileUnavailable(
      () => log.append(runId, events, at),
      () => this.#isDiscarded,
    );
  }

  #take(): Slice | undefined {
    const events: RunEvent[] = [];
    const statuses: RunStatus[] = [];
    let bytes = 0;
    let patch: RunPatch | undefined;
    while (events.length < MAX_SLICE_EVENTS && bytes < MAX_SLICE_BYTES) {
      const next = this.#pending[this.#taken];
      if (!next) break;
      this.#taken += 1;
      events.push(next.event);
      bytes += next.bytes;
      if (next.patch) patch = { ...patch, ...next.patch };
      if (next.event.kind === "status") statuses.push(next.event.status);
    }
    if (this.#taken === this.#pending.length) {
      this.#pending = [];
      this.#taken = 0;
    }
    return events.length === 0 ? undefined : { events, patch, statuses };
  }
}
