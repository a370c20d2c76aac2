import {
  BaseStore,
  type Item,
  type ListNamespacesOperation,
  type Operation,
  type OperationResults,
  type PutOperation,
  type SearchOperation,
} from "@langchain/langgraph";
import { matchesFilter } from "../store-conditions.ts";
import {
  type Found,
  isPut,
  type ItemRow,
  readItem,
  selectNamespaces,
  textOf,
} from "../store-items.ts";
import type { SqliteDatabase } from "./database.ts";

const ROWS_AT_ONCE = 500;

/**
 * LangGraph's long-term memory. Values are JSON. There is no index for meaning: a `query` finds what
 * the rest of the search finds, as with LangGraph's `InMemoryStore` without an index.
 */
export class SqliteStore extends BaseStore {
  readonly #db: SqliteDatabase;
  readonly #clock: () => Date;

  constructor(db: SqliteDatabase, clock: () => Date) {
    super();
    this.#db = db;
    this.#clock = clock;
  }

  /** Reads see what was there before; of several writes to one place the last counts. */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const results = operations.map((operation) => this.#read(operation));
    const puts = operations.filter(isPut);
    if (puts.length > 0) {
      this.#db.transact(() => {
        for (const put of puts) this.#put(put);
      });
    }
    return results as OperationResults<Op>;
  }

  #read(operation: Operation): Item | Found[] | string[][] | null {
    if (isPut(operation)) return null;
    if ("namespacePrefix" in operation) return this.#search(operation);
    if ("key" in operation) return this.#get(operation.namespace, operation.key);
    return this.#listNamespaces(operation);
  }

  #get(namespace: readonly string[], key: string): Item | null {
    const row = this.#db.get<ItemRow>(
      "SELECT * FROM store_items WHERE namespace = ? AND key = ?",
      textOf(namespace),
      key,
    );
    return row ? readItem(row) : null;
  }

  #put({ namespace, key, value }: PutOperation): void {
    if (value === null) {
      const sql = "DELETE FROM store_items WHERE namespace = ? AND key = ?";
      this.#db.run(sql, textOf(namespace), key);
      return;
    }
    const now = this.#clock().getTime();
    this.#db.run(
      `INSERT INTO store_items (namespace, key, value, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT (namespace, key)
       DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
      textOf(namespace),
      key,
      JSON.stringify(value),
      now,
      now,
    );
  }

  #search({ namespacePrefix, filter, limit = 10, offset = 0 }: SearchOperation): Found[] {
    const found: Found[] = [];
    let passed = 0;
    for (let after = 0; found.length < limit;) {
      const rows = this.#below(namespacePrefix, after);
      for (const row of rows) {
        const item = readItem(row);
        if (!matchesFilter(item.value, filter)) continue;
        if (passed++ >= offset && found.length < limit) found.push(item);
      }
      if (rows.length < ROWS_AT_ONCE) break;
      after = rows.at(-1)?.item ?? after;
    }
    return found;
  }

  /** The next items of a namespace and those below it, in the order in which they were added. */
  #below(namespace: readonly string[], after: number): readonly ItemRow[] {
    const text = textOf(namespace);
    if (namespace.length === 0) {
      const sql = "SELECT * FROM store_items WHERE item > ? ORDER BY item LIMIT ?";
      return this.#db.all<ItemRow>(sql, after, ROWS_AT_ONCE);
    }
    return this.#db.all<ItemRow>(
      // "-" is the character after ",": everything between begins with the text and a comma.
      `SELECT * FROM store_items
       WHERE item > :after AND (namespace = :text OR (namespace >= :text || ',' AND namespace < :text || '-'))
       ORDER BY item LIMIT :limit`,
      { text, after, limit: ROWS_AT_ONCE },
    );
  }

  #listNamespaces(operation: ListNamespacesOperation): string[][] {
    const rows = this.#db.all<{ readonly namespace: string }>(
      "SELECT DISTINCT namespace FROM store_items",
    );
    return selectNamespaces(
      rows.map(({ namespace }) => namespace),
      operation,
    );
  }
}
