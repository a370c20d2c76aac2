import { setImmediate } from "node:timers/promises";
import type { Database, Statement, Transaction } from "better-sqlite3";
import type { Stored } from "../run-columns.ts";
import { explainFailure } from "./explain.ts";

/** So many free pages stay in the file, for what is written next: 1 MiB with pages of 4 KiB. */
const KEPT_FREE_PAGES = 256;

/** How many pages are given back in one go: a few milliseconds. */
const PAGES_AT_ONCE = 200;

/** For each `?` in turn, or by name for `:name`. */
type Values = readonly Stored[] | readonly [Readonly<Record<string, Stored>>];

/** The one connection that everything uses. All of SQLite's work is done before a call returns. */
export class SqliteDatabase {
  readonly #connection: Database;
  readonly #path: string;
  readonly #statements = new Map<string, Statement<unknown[]>>();
  readonly #transact: Transaction<(work: () => unknown) => unknown>;

  constructor(connection: Database, path: string) {
    this.#connection = connection;
    this.#path = path;
    this.#transact = connection.transaction((work) => work());
  }

  /** All or nothing; rolled back when `work` throws. */
  transact<T>(work: () => T): T {
    return this.#explained(() => this.#transact.immediate(work) as T);
  }

  /** Returns how many rows it changed. */
  run(sql: string, ...values: Values): number {
    return this.#explained(() => this.#prepare(sql).run(...values).changes);
  }

  /** Once for each of `rows`. */
  runAll(sql: string, rows: Iterable<readonly Stored[]>): void {
    this.#explained(() => {
      const statement = this.#prepare(sql);
      for (const row of rows) statement.run(...row);
    });
  }

  /** Writes with `RETURNING` only within {@link transact}: a single row leaves them half done. */
  get<Row>(sql: string, ...values: Values): Row | undefined {
    return this.#explained(() => this.#prepare(sql).get(...values)) as Row | undefined;
  }

  /** Never an open iterator: the write-ahead log would grow for as long as it is. */
  all<Row>(sql: string, ...values: Values): Row[] {
    return this.#explained(() => this.#prepare(sql).all(...values)) as Row[];
  }

  /** How many bytes are in use, without those that were freed. */
  get usedBytes(): number {
    return (this.#pragma("page_count") - this.#freePages) * this.#pragma("page_size");
  }

  /**
   * Gives the space of what was deleted back to the file system, but for a little, a slice at a time.
   */
  async giveBackSpace(): Promise<void> {
    let hasShrunk = false;
    while (this.#freePages > KEPT_FREE_PAGES + PAGES_AT_ONCE) {
      const before = this.#freePages;
      // All its rows must be read: SQLite gives back one page for each.
      this.#explained(() => this.#connection.pragma(`incremental_vacuum(${PAGES_AT_ONCE})`));
      // A file that was made by another program may not be able to shrink.
      if (this.#freePages >= before) break;
      hasShrunk = true;
      await setImmediate();
    }
    // So far it stands in the write-ahead log: the file shrinks when that is moved into it.
    if (hasShrunk) this.#pragma("wal_checkpoint(PASSIVE)");
  }

  get #freePages(): number {
    return this.#pragma("freelist_count");
  }

  #pragma(source: string): number {
    return this.#explained(() => Number(this.#connection.pragma(source, { simple: true })));
  }

  #prepare(sql: string): Statement<unknown[]> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#connection.prepare<unknown[]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explainFailure(error, this.#path);
    }
  }
}
