import type { AppendPlace, EventLog, EventPage, EventRange } from "../../events/event-log.ts";
import type { RunEvent, RunStatus } from "../../events/run-event.ts";
import { isFinal, type Run, type RunPatch } from "../../runs/run.ts";
import { applyBatch } from "../apply-batch.ts";
import { HEAD_COLUMNS, type HeadRow, headOf } from "../log-head-row.ts";
import { PAGE_BYTES } from "../page-bytes.ts";
import { columnsOf } from "../run-columns.ts";
import type { SqliteDatabase } from "./database.ts";
import type { Eraser } from "./eraser.ts";
import { promote } from "./active-run.ts";

/** So many rows are read at a time, at most: what a page has no room for has been read in vain. */
const MAX_PIECE = 64;

/** The logs, as rows by run and seq. */
export class SqliteEventLog implements EventLog<RunPatch> {
  readonly #db: SqliteDatabase;
  readonly #eraser: Eraser;
  readonly #clock: () => Date;

  constructor(db: SqliteDatabase, eraser: Eraser, clock: () => Date) {
    this.#db = db;
    this.#eraser = eraser;
    this.#clock = clock;
  }

  async append(
    runId: string,
    events: readonly RunEvent[],
    at: AppendPlace<RunPatch>,
  ): Promise<void> {
    this.#db.transact(() => {
      const row = this.#db.get<HeadRow>(
        `SELECT ${HEAD_COLUMNS}
         FROM runs WHERE id = ?`,
        runId,
      );
      const change = applyBatch(row && headOf(runId, row), runId, events, at, this.#clock);
      if (!row || !change) return;
      insertEvents(this.#db, row.run, events);
      if (at.patch === undefined) {
        const { lastSeq } = change.record;
        const sql = "UPDATE runs SET last_seq = ?, batch_after = ? WHERE run = ?";
        this.#db.run(sql, lastSeq, change.batchAfter, row.run);
        return;
      }
      this.#update(row.run, change.record, change.batchAfter);
      if (isFinal(change.record.status ?? row.status)) promote(this.#db, row.thread_id);
    });
  }

  async read(runId: string, range: EventRange): Promise<EventPage> {
    // One read after the other is consistent: nothing else uses the file, and nothing comes between.
    const row = this.#db.get<{
      readonly run: number;
      readonly status: RunStatus;
      readonly oldest_seq: number;
      readonly last_seq: number;
    }>("SELECT run, status, oldest_seq, last_seq FROM runs WHERE id = ?", runId);
    if (!row) return { events: [], oldestSeq: 1, lastSeq: 0, closed: true };
    const after = Math.max(range.after, row.oldest_seq - 1);
    return {
      events: after < row.last_seq ? this.#readPage(row.run, after, range.limit) : [],
      oldestSeq: row.oldest_seq,
      lastSeq: row.last_seq,
      closed: isFinal(row.status),
    };
  }

  #readPage(run: number, after: number, limit: number): readonly RunEvent[] {
    const events: RunEvent[] = [];
    let size = 0;
    while (events.length < limit && size < PAGE_BYTES) {
      // As many as have room if they are as large as those before them.
      const room = size === 0 ? 1 : Math.ceil(((PAGE_BYTES - size) / size) * events.length);
      const rows = this.#db.all<{ readonly event: string }>(
        "SELECT event FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
        run,
        after + events.length,
        Math.min(room, MAX_PIECE, limit - events.length),
      );
      if (rows.length === 0) break;
      for (const { event } of rows) {
        if (size >= PAGE_BYTES) break;
        size += event.length;
        events.push(JSON.parse(event) as RunEvent);
      }
    }
    return events;
  }

  async trim(runId: string, before: number): Promise<void> {
    const trimmed = this.#db.transact(() =>
      this.#db.get<{ readonly run: number }>(
        `UPDATE runs SET oldest_seq = min(:before, last_seq + 1)
         WHERE id = :runId AND oldest_seq < :before RETURNING run`,
        { runId, before },
      ),
    );
    if (trimmed) await this.#eraser.eraseTrimmed(trimmed.run);
  }

  #update(run: number, record: Partial<Run>, batchAfter: number | null): void {
    const own = columnsOf("runs", record);
    const set = [...own.names, "batch_after"].map((name) => `${name} = ?`).join(", ");
    this.#db.run(`UPDATE runs SET ${set} WHERE run = ?`, ...own.values, batchAfter, run);
    const large = columnsOf("run_values", record);
    if (large.names.length === 0) return;
    const setLarge = large.names.map((name) => `${name} = ?`).join(", ");
    this.#db.run(`UPDATE run_values SET ${setLarge} WHERE run = ?`, ...large.values, run);
  }
}

/** In a transaction of the caller's. */
export function insertEvents(db: SqliteDatabase, run: number, events: readonly RunEvent[]): void {
  // JSON escapes what SQLite's text has no way to keep: NUL, and halves of surrogate pairs.
  const rows = events.map((event) => [run, event.seq, JSON.stringify(event)]);
  db.runAll("INSERT INTO events VALUES (?, ?, ?)", rows);
}
