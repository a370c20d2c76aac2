import { createHash } from "node:crypto";
import type { Stored } from "../run-columns.ts";
import { BEGIN, checkOut } from "./connection.ts";
import { rethrowExplained } from "./explain.ts";
import type { PgClientLike, PgPoolLike } from "./pool.ts";
import { isTransient, persistently } from "./transient.ts";

/** What goes into a statement, for `$1`, `$2`, … */
export type Value = Stored | boolean | readonly (string | number)[];

/** Where statements go: to a transaction, or each by itself. `@.` in them stands for our schema. */
export interface Statements {
  all<Row>(sql: string, ...values: readonly Value[]): Promise<Row[]>;
  get<Row>(sql: string, ...values: readonly Value[]): Promise<Row | undefined>;
  /** Returns how many rows it changed. */
  run(sql: string, ...values: readonly Value[]): Promise<number>;
}

/** All that is asked of Postgres, but for its notifications and LangGraph's checkpoints. */
export class PostgresDatabase implements Statements {
  readonly #pool: PgPoolLike;
  readonly #schema: string;
  readonly #statements = new Map<string, string>();
  readonly #names = new Map<string, string>();
  #isClosed = false;

  constructor(pool: PgPoolLike, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
  }

  /** From here on every call rejects, with an error that says so. */
  close(): void {
    this.#isClosed = true;
  }

  /** As `get` and `run`: tried again when a connection breaks, so that doing it twice must do no harm. */
  all<Row>(sql: string, ...values: readonly Value[]): Promise<Row[]> {
    return persistently(async () => (await this.#alone<Row>(sql, values)).rows).catch(
      rethrowExplained,
    );
  }

  /** As `all`; each connection keeps the statement parsed, so that `sql` must be one of a few. */
  prepared<Row>(sql: string, ...values: readonly Value[]): Promise<Row[]> {
    const send = (client: PgClientLike) => this.#send<Row>(client, sql, values, this.#nameOf(sql));
    return persistently(async () => (await this.#withClient(send)).rows).catch(rethrowExplained);
  }

  async get<Row>(sql: string, ...values: readonly Value[]): Promise<Row | undefined> {
    return (await this.all<Row>(sql, ...values))[0];
  }

  run(sql: string, ...values: readonly Value[]): Promise<number> {
    return persistently(async () => (await this.#alone(sql, values)).count).catch(rethrowExplained);
  }

  /**
   * All or nothing; rolled back when `work` rejects. Tried again when the connection breaks or others
   * are in the way, before it was asked to keep what it did. After that nobody knows whether it has:
   * then it is tried again only if it `isRepeatable`, and does no harm when it is done twice.
   */
  transact<T>(
    work: (statements: Statements) => Promise<T>,
    { isRepeatable = false }: { readonly isRepeatable?: boolean } = {},
  ): Promise<T> {
    let isCommitting = false;
    const attempt = () =>
      this.#withClient(async (client) => {
        isCommitting = false;
        await client.query({ text: BEGIN });
        try {
          const result = await work(this.#statementsOf(client));
          isCommitting = true;
          await client.query({ text: "COMMIT" });
          return result;
        } catch (error) {
          if (!isTransient(error)) await client.query({ text: "ROLLBACK" });
          throw error;
        }
      });
    const canRepeat = (error: unknown) => isTransient(error) && (isRepeatable || !isCommitting);
    return persistently(attempt, canRepeat).catch(rethrowExplained);
  }

  #statementsOf(client: PgClientLike): Statements {
    const all = async <Row>(sql: string, ...values: readonly Value[]) =>
      (await this.#send<Row>(client, sql, values)).rows;
    return {
      all,
      get: async <Row>(sql: string, ...values: readonly Value[]) =>
        (await all<Row>(sql, ...values))[0],
      run: async (sql, ...values) => (await this.#send(client, sql, values)).count,
    };
  }

  #alone<Row>(sql: string, values: readonly Value[]): Promise<Answer<Row>> {
    return this.#withClient((client) => this.#send<Row>(client, sql, values));
  }

  async #withClient<T>(use: (client: PgClientLike) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Error("The Postgres backend is closed");
    const client = await checkOut(this.#pool);
    let isBroken = false;
    try {
      return await use(client);
    } catch (error) {
      isBroken = isTransient(error);
      throw error;
    } finally {
      client.release(isBroken);
    }
  }

  async #send<Row>(
    client: PgClientLike,
    sql: string,
    values: readonly Value[],
    name?: string,
  ): Promise<Answer<Row>> {
    const { rows, rowCount } = await client.query({
      text: this.#inSchema(sql),
      ...(name !== undefined && { name }),
      values: [...values],
      types: TYPES,
    });
    return { rows, count: rowCount ?? 0 };
  }

  /** Other backends may use the same connections, in other schemas. */
  #nameOf(sql: string): string {
    let name = this.#names.get(sql);
    if (name === undefined) {
      name = createHash("sha256").update(this.#inSchema(sql)).digest("base64url");
      this.#names.set(sql, name);
    }
    return name;
  }

  #inSchema(sql: string): string {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = inSchema(sql, this.#schema);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

interface Answer<Row> {
  readonly rows: Row[];
  readonly count: number;
}

/** The statement with the schema's name in the place of each `@`. */
export function inSchema(sql: string, schema: string): string {
  return sql.replaceAll("@.", `${quoted(schema)}.`);
}

/** As an identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const BOOLEAN = 16;
/** Integers of 2, 4 and 8 bytes, floats of 4 and 8, and decimals, by their numbers in `pg_type`. */
const NUMBERS = new Set([20, 21, 23, 700, 701, 1700]);

/** How values are read here, whatever the pool's owner has told `pg` to do. */
const TYPES = {
  getTypeParser(oid: number): (text: string) => Stored {
    if (NUMBERS.has(oid)) return Number;
    return oid === BOOLEAN ? (text) => (text === "t" ? 1 : 0) : (text) => text;
  },
};
