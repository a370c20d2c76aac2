import { setImmediate } from "node:timers/promises";
import type { SqliteDatabase } from "./database.ts";

/** How many events are deleted in one go: a few milliseconds. */
const EVENTS_AT_ONCE = 2_000;

/**
 * Deletes events that nobody can reach any more, a slice at a time, so that the event loop goes on,
 * and gives their space back. What a crash leaves behind goes with the next deletion.
 */
export class Eraser {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  /** The events of runs that stand in `deleted_runs`. */
  async eraseDeleted(): Promise<void> {
    while (this.#db.transact(() => this.#eraseSlice())) await setImmediate();
    await this.#db.giveBackSpace();
  }

  /** The events of a run that are older than its `oldest_seq`. */
  async eraseTrimmed(run: number): Promise<void> {
    const sql = `DELETE FROM events WHERE run = :run
      AND seq < (SELECT oldest_seq FROM runs WHERE run = :run)
      AND seq < (SELECT min(seq) FROM events WHERE run = :run) + :count`;
    while (this.#db.run(sql, { run, count: EVENTS_AT_ONCE }) === EVENTS_AT_ONCE)
      await setImmediate();
    await this.#db.giveBackSpace();
  }

  /** Returns whether there may be more. */
  #eraseSlice(): boolean {
    for (let left = EVENTS_AT_ONCE; left > 0;) {
      const next = this.#db.get<{ readonly run: number }>("SELECT run FROM deleted_runs LIMIT 1");
      if (!next) return false;
      const erased = this.#db.run(
        `DELETE FROM events WHERE run = :run
         AND seq < (SELECT min(seq) FROM events WHERE run = :run) + :count`,
        { run: next.run, count: left },
      );
      if (erased < left) this.#db.run("DELETE FROM deleted_runs WHERE run = ?", next.run);
      // One more for the run itself, or runs without events would count for nothing.
      left -= erased + 1;
    }
    return true;
  }
}
