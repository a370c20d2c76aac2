import {
  BaseStore,
  type GetOperation,
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
import type { PostgresDatabase, Statements } from "./database.ts";

const ROWS_AT_ONCE = 500;

/**
 * LangGraph's long-term memory. Values are JSON. There is no index for meaning: a `query` finds what
 * the rest of the search finds, as with LangGraph's `InMemoryStore` without an index. LangGraph's own
 * store for Postgres cannot keep a NUL, and namespaces whose labels have colons.
 */
export class PostgresStore extends BaseStore {
  readonly #db: PostgresDatabase;

  constructor(db: PostgresDatabase) {
    super();
    this.#db = db;
  }

  /** Reads see what was there before; of several writes to one place the last counts. */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const results = await Promise.all(operations.map((operation) => this.#read(operation)));
    const puts = operations.filter(isPut);
    if (puts.length > 0) {
      await this.#db.transact(
        async (db) => {
          for (const operation of puts) await put(db, operation);
        },
        { isRepeatable: true },
      );
    }
    return results as OperationResults<Op>;
  }

  async #read(operation: Operation): Promise<Item | Found[] | string[][] | null> {
    if (isPut(operation)) return null;
    if ("namespacePrefix" in operation) return this.#search(operation);
    if ("key" in operation) return this.#get(operation);
    return this.#listNamespaces(operation);
  }

  async #get({ namespace, key }: GetOperation): Promise<Item | null> {
    const row = await this.#db.get<ItemRow>(
      "SELECT * FROM @.store_items WHERE namespace = $1 AND key = $2",
      textOf(namespace),
      key,
    );
    return row ? readItem(row) : null;
  }

  async #search({
    namespacePrefix,
    filter,
    limit = 10,
    offset = 0,
  }: SearchOperation): Promise<Found[]> {
    const found: Found[] = [];
    let passed = 0;
    for (let after = 0; found.length < limit;) {
      const rows = await this.#below(namespacePrefix, after);
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
  #below(namespace: readonly string[], after: number): Promise<readonly ItemRow[]> {
    if (namespace.length === 0) {
      const sql = "SELECT * FROM @.store_items WHERE item > $1 ORDER BY item LIMIT $2";
      return this.#db.all<ItemRow>(sql, after, ROWS_AT_ONCE);
    }
    return this.#db.all<ItemRow>(
      // "-" is the character after ",": everything between begins with the text and a comma.
      `SELECT * FROM @.store_items
       WHERE item > $1 AND (namespace = $2 OR (namespace >= $2 || ',' AND namespace < $2 || '-'))
       ORDER BY item LIMIT $3`,
      after,
      textOf(namespace),
      ROWS_AT_ONCE,
    );
  }

  async #listNamespaces(operation: ListNamespacesOperation): Promise<string[][]> {
    const rows = await this.#db.all<{ readonly namespace: string }>(
      "SELECT DISTINCT namespace FROM @.store_items",
    );
    return selectNamespaces(
      rows.map(({ namespace }) => namespace),
      operation,
    );
  }
}

async function put(db: Statements, { namespace, key, value }: PutOperation): Promise<void> {
  if (value === null) {
    const sql = "DELETE FROM @.store_items WHERE namespace = $1 AND key = $2";
    await db.run(sql, textOf(namespace), key);
    return;
  }
  await db.run(
    `INSERT INTO @.store_items (namespace, key, value, created_at, updated_at)
     SELECT $1, $2, $3, now, now FROM @.now_ms() AS now ON CONFLICT (namespace, key)
     DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at`,
    textOf(namespace),
    key,
    JSON.stringify(value),
  );
}
