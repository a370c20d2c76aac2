import { IS_OPEN } from "./active-run.ts";
import { Batches } from "./batches.ts";
import type { PostgresDatabase } from "./database.ts";
import { isTransient } from "./transient.ts";

/** Events for the end of a run's log. */
export interface PlainAppend {
  readonly runId: string;
  readonly epoch: number;
  readonly after: number;
  readonly count: number;
  /** The events, as a JSON array. */
  readonly events: string;
}

/** In characters of JSON: what one statement carries. */
const MAX_SIZE = 1024 * 1024;

/**
 * Appends to the logs of many runs in one statement and one commit, each of which waits for the disk.
 * Two are under way at a time: while one waits, the next is put together.
 */
export class Appends {
  readonly #db: PostgresDatabase;
  readonly #batches: Batches<PlainAppend, boolean>;

  constructor(db: PostgresDatabase) {
    this.#db = db;
    this.#batches = new Batches({
      send: (appends) => this.#send(appends),
      sizeOf: ({ events }) => events.length,
      maxItems: 200,
      maxSize: MAX_SIZE,
      maxUnderWay: 2,
    });
  }

  /**
   * Resolves with whether it is done: not if the run is not as it is nearly always, this executor's, not
   * ended, and at `after`; nor if another transaction holds it, as that of a checkpoint does. Then
   * somebody who can wait has to look at it by itself.
   */
  append(append: PlainAppend): Promise<boolean> {
    return this.#batches.ask(append);
  }

  async #send(appends: readonly PlainAppend[]): Promise<readonly boolean[]> {
    const done = await this.#appendAll(appends).catch((error: unknown) => {
      if (isTransient(error)) throw error;
      // By one of them: each finds out by itself.
      return new Set<number>();
    });
    return appends.map((_, i) => done.has(i + 1));
  }

  /** Resolves with the places of those that are done. Whose rows others hold are passed over: who waited for one would keep all others waiting. */
  async #appendAll(appends: readonly PlainAppend[]): Promise<ReadonlySet<number>> {
    const rows = await this.#db.prepared<{ readonly place: number }>(
      `WITH given AS (
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])
           WITH ORDINALITY AS given (id, epoch, after, count, events, place)
       ), free AS (
         SELECT runs.run, given.after, given.count, given.events, given.place
         FROM given JOIN @.runs ON runs.id = given.id
         WHERE runs.epoch = given.epoch AND runs.last_seq = given.after AND ${IS_OPEN}
         FOR NO KEY UPDATE OF runs SKIP LOCKED
       ), own AS (
         UPDATE @.runs
         SET last_seq = free.after + free.count, batch_after = free.after, has_events = true
         FROM free WHERE runs.run = free.run
         RETURNING runs.run, free.place, free.after, free.events
       ), added AS (
         INSERT INTO @.events (run, seq, event)
         SELECT own.run, own.after + position, event::text
         FROM own, json_array_elements(own.events::json) WITH ORDINALITY AS one (event, position)
       )
       SELECT place FROM own`,
      appends.map(({ runId }) => runId),
      appends.map(({ epoch }) => epoch),
      appends.map(({ after }) => after),
      appends.map(({ count }) => count),
      appends.map(({ events }) => events),
    );
    return new Set(rows.map(({ place }) => place));
  }
}
