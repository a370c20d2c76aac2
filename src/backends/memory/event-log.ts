import { StaleWriterError } from "../../errors.ts";
import type { EventLog, EventPage } from "../../events/event-log.ts";
import type { RunEvent } from "../../events/run-event.ts";
import { canBecome, isFinal, type Run, type RunPatch } from "../../runs/run.ts";
import type { Entries } from "./entries.ts";
import type { Entry } from "./entry.ts";

/** The logs, one array of events a run. Every method is done before it returns its promise. */
export class MemoryEventLog implements EventLog<RunPatch> {
  readonly #entries: Entries;
  readonly #clock: () => Date;

  constructor(entries: Entries, clock: () => Date) {
    this.#entries = entries;
    this.#clock = clock;
  }

  async append(
    runId: string,
    events: readonly RunEvent[],
    at: { readonly after: number; readonly epoch: number; readonly patch?: RunPatch | undefined },
  ): Promise<void> {
    const { after, epoch, patch } = at;
    const entry = this.#entries.get(runId);
    if (!entry || entry.run.epoch !== epoch) throw new StaleWriterError(runId, epoch);
    if (isRepeat(entry, events, after)) return;
    if (isFinal(entry.run.status) || entry.run.lastSeq !== after) {
      throw new StaleWriterError(runId, epoch);
    }
    checkBatch(entry.run, events, patch);

    const run = { ...entry.run, lastSeq: after + events.length };
    this.#entries.replace(entry, patch ? patched(run, patch, this.#clock) : run);
    // A loop, since the arguments of `push(...events)` must fit on the stack.
    for (const event of events) entry.events.push(event);
    if (events.length > 0) entry.batchAfter = after;
  }

  async read(
    runId: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<EventPage> {
    const entry = this.#entries.get(runId);
    if (!entry) return { events: [], oldestSeq: 1, lastSeq: 0, closed: true };
    const { events, run } = entry;
    const oldestSeq = run.lastSeq - events.length + 1;
    const start = Math.max(0, page.after - oldestSeq + 1);
    return {
      events: events.slice(start, start + page.limit),
      oldestSeq,
      lastSeq: run.lastSeq,
      closed: isFinal(run.status),
    };
  }

  async trim(runId: string, before: number): Promise<void> {
    const entry = this.#entries.get(runId);
    if (!entry) return;
    const oldestSeq = entry.run.lastSeq - entry.events.length + 1;
    entry.events.splice(0, Math.max(0, before - oldestSeq));
  }
}

/** Fills in what follows from the patch: who does not run a run does not hold it; an end has a time. */
function patched(run: Run, patch: RunPatch, clock: () => Date): Run {
  const { status = run.status, owner = run.owner, finishedAt = run.finishedAt } = patch;
  const isReleased = owner === null || (patch.status !== undefined && status !== "running");
  return {
    ...run,
    ...patch,
    owner: isReleased ? null : owner,
    leaseUntil: isReleased ? null : run.leaseUntil,
    finishedAt: isFinal(status) ? (finishedAt ?? clock()) : finishedAt,
  };
}

/**
 * Whether this is the newest batch again. An executor sends one batch at a time, so that where it
 * starts and ends tells which it is. One without events is not recognised: it is applied again.
 */
function isRepeat(entry: Entry, events: readonly RunEvent[], after: number): boolean {
  return (
    events.length > 0 && entry.batchAfter === after && entry.run.lastSeq === after + events.length
  );
}

/** Throws on what no executor should ask for. */
function checkBatch(run: Run, events: readonly RunEvent[], patch: RunPatch | undefined): void {
  const wrong = events.findIndex((event, i) => event.seq !== run.lastSeq + 1 + i);
  if (wrong !== -1) {
    throw new Error(
      `Event ${wrong} of a batch for run ${JSON.stringify(run.id)} is numbered ${events[wrong]?.seq} instead of ${run.lastSeq + 1 + wrong}`,
    );
  }
  if (patch?.status === undefined) return;
  // One batch may take a run through several statuses: a short run starts and ends in one.
  let status = run.status;
  for (const event of events) {
    if (event.kind !== "status") continue;
    if (!canBecome(status, event.status)) {
      throw new Error(
        `Run ${JSON.stringify(run.id)} cannot become ${event.status}: it is ${status}`,
      );
    }
    status = event.status;
  }
  // Readers learn of it from the log alone; and without an event, a repeat could not be told.
  if (patch.status !== status) {
    throw new Error(`Run ${JSON.stringify(run.id)} cannot become ${patch.status} without an event`);
  }
}
