import type { AppendPlace, EventLog, EventPage, EventRange } from "../../events/event-log.ts";
import type { RunEvent } from "../../events/run-event.ts";
import { isFinal, type RunPatch } from "../../runs/run.ts";
import { applyBatch } from "../apply-batch.ts";
import type { Entries } from "./entries.ts";

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
    at: AppendPlace<RunPatch>,
  ): Promise<void> {
    const entry = this.#entries.get(runId);
    const head = entry && { ...entry.run, batchAfter: entry.batchAfter };
    const change = applyBatch(head, runId, events, at, this.#clock);
    if (!entry || !change) return;
    this.#entries.replace(entry, { ...entry.run, ...change.record });
    this.#entries.addEvents(entry, events);
    entry.batchAfter = change.batchAfter;
  }

  async read(runId: string, range: EventRange): Promise<EventPage> {
    const entry = this.#entries.get(runId);
    if (!entry) return { events: [], oldestSeq: 1, lastSeq: 0, closed: true };
    const { events, run } = entry;
    const oldestSeq = run.lastSeq - events.length + 1;
    const start = Math.max(0, range.after - oldestSeq + 1);
    return {
      events: events.slice(start, start + range.limit),
      oldestSeq,
      lastSeq: run.lastSeq,
      closed: isFinal(run.status),
    };
  }

  async trim(runId: string, before: number): Promise<void> {
    const entry = this.#entries.get(runId);
    if (!entry) return;
    const oldestSeq = entry.run.lastSeq - entry.events.length + 1;
    this.#entries.removeEvents(entry, Math.max(0, before - oldestSeq));
  }
}
