import { StaleWriterError } from "../../errors.ts";
import type { AppendPlace, EventLog, EventPage, EventRange } from "../../events/event-log.ts";
import type { RunEvent, RunStatus } from "../../events/run-event.ts";
import { isFinal, type Run, type RunPatch } from "../../runs/run.ts";
import { applyBatch, type BatchChange } from "../apply-batch.ts";
import { PAGE_BYTES } from "../page-bytes.ts";
import type { RedisConnection } from "./connection.ts";
import { type Head, type Heads, headText, readHead } from "./heads.ts";
import type { LeaseClock } from "./lease-clock.ts";
import { runFields } from "./run-fields.ts";
import { APPEND, HEAD, READ, TRIM } from "./scripts/log.ts";
import type { RedisWakeups } from "./wakeups.ts";

/** So many events are read at a time, at most: what a page has no room for has been read in vain. */
const MAX_PIECE = 500;

export interface RedisEventLogOptions {
  readonly connection: RedisConnection;
  readonly heads: Heads;
  readonly wakeups: RedisWakeups;
  readonly clock: LeaseClock;
}

/** The logs, one stream a run. */
export class RedisEventLog implements EventLog<RunPatch> {
  readonly #connection: RedisConnection;
  readonly #heads: Heads;
  readonly #wakeups: RedisWakeups;
  readonly #clock: LeaseClock;

  constructor({ connection, heads, wakeups, clock }: RedisEventLogOptions) {
    this.#connection = connection;
    this.#heads = heads;
    this.#wakeups = wakeups;
    this.#clock = clock;
  }

  /**
   * Decides by the head of the log, and has a script store the batch if that is still the head;
   * otherwise decides again, by the one that the script answers with.
   */
  async append(
    runId: string,
    events: readonly RunEvent[],
    at: AppendPlace<RunPatch>,
  ): Promise<void> {
    // Before the first wait: what the caller does to it from then on does not show.
    const batch = Array.from(events);
    const known = this.#heads.get(runId);
    let head = known && isNext(known, at) ? known : await this.#head(runId);
    for (;;) {
      // A failover lost our claim, and the next one raised the epoch to the same number.
      if (head && known && head.epoch === known.epoch && head.claim !== known.claim) {
        throw new StaleWriterError(runId, at.epoch);
      }
      const change = applyBatch(head, runId, batch, at, () => this.#clock.date());
      if (!head || !change) return;
      const other = await this.#store(head, batch, change, at.patch);
      if (!other) return;
      head = readHead(runId, other);
    }
  }

  async read(runId: string, range: EventRange): Promise<EventPage> {
    const answer = await this.#connection.run(
      READ,
      runId,
      range.after,
      range.limit,
      PAGE_BYTES,
      MAX_PIECE,
    );
    const [oldestSeq, lastSeq, status, ...events] = answer as string[];
    if (oldestSeq === undefined) return { events: [], oldestSeq: 1, lastSeq: 0, closed: true };
    return {
      events: events.map((event) => JSON.parse(event) as RunEvent),
      oldestSeq: Number(oldestSeq),
      lastSeq: Number(lastSeq),
      closed: isFinal(status as RunStatus),
    };
  }

  async trim(runId: string, before: number): Promise<void> {
    await this.#connection.run(TRIM, runId, before);
  }

  async #head(runId: string): Promise<Head | undefined> {
    return readHead(runId, (await this.#connection.run(HEAD, runId)) as string[]);
  }

  /** Answers with the head as it is if it is another by now. */
  async #store(
    head: Head,
    batch: readonly RunEvent[],
    { record, batchAfter }: BatchChange,
    patch: RunPatch | undefined,
  ): Promise<readonly string[] | null> {
    const { owner, leaseUntil: _lease, finishedAt, lastSeq, ...patched } = record;
    const fields: Partial<Run> = {
      ...patched,
      ...(batch.length > 0 ? { lastSeq } : {}),
      ...(isFinal(record.status ?? head.status) ? { finishedAt } : {}),
      // Who holds it, and for how long, changes meanwhile: that is left alone unless it is given up.
      ...(owner === null && patch ? { owner, leaseUntil: null } : {}),
    };
    const answer = await this.#connection.run(
      APPEND,
      this.#clock.argument(),
      head.id,
      headText(head),
      patch ? 1 : 0,
      this.#wakeups.channel(head.id),
      batch.length,
      ...batch.map((event) => JSON.stringify(event)),
      ...runFields(fields),
      ...(batch.length > 0 ? ["batchAfter", String(batchAfter)] : []),
    );
    if (answer === null) this.#note({ ...head, ...record, batchAfter });
    return answer as string[] | null;
  }

  #note(head: Head): void {
    this.#wakeups.published(head.id);
    if (isFinal(head.status) || head.owner === null) this.#heads.delete(head.id);
    else this.#heads.set(head);
  }
}

/** Whether the batch comes right after what is known, so that it need not be asked for first. */
function isNext(head: Head, { after, epoch }: AppendPlace<RunPatch>): boolean {
  return head.epoch === epoch && head.lastSeq === after && !isFinal(head.status);
}
