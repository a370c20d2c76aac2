import { ConfigError } from "../../errors.ts";
import { checkOut } from "./connection.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { Driver } from "./driver.ts";
import type { PgPoolLike } from "./pool.ts";

/** A pool that can be used, and how to call what it leads to. */
export interface OpenPool {
  readonly pool: PgPoolLike;
  readonly place: string;
  /** Closes it, unless somebody else made it. */
  close(): Promise<void>;
}

const DEFAULT_MAX_CONNECTIONS = 10;

/** A statement that takes longer is stopped by the server; by us, when the server does not answer. */
const STATEMENT_TIMEOUT_MS = 30_000;
const CONNECTION_TIMEOUT_MS = 5_000;

/** Opens a pool, or takes the one that is given. Throws a {@link ConfigError} on what makes no sense. */
export function openPool(backend: string, options: ConnectionOptions, driver: Driver): OpenPool {
  const { connectionString, maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
  if ((connectionString === undefined) === (options.pool === undefined)) {
    throw new ConfigError(`${backend}(): give a connectionString or a pool, one of the two`);
  }
  // Its connections break when the server restarts; if nobody listened, that would end the process.
  const onError = () => {};
  if (options.pool) {
    const { pool } = options;
    checkSize(`${backend}({ pool }): its max is`, pool.options?.max ?? DEFAULT_MAX_CONNECTIONS);
    pool.on("error", onError);
    return { pool, place: "The database", close: async () => void pool.off("error", onError) };
  }
  checkSize(`${backend}({ maxConnections }):`, maxConnections);
  const pool = new driver.Pool({
    connectionString,
    max: maxConnections,
    application_name: "langgraph-graphql",
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + CONNECTION_TIMEOUT_MS,
    keepAlive: true,
  });
  pool.on("error", onError);
  return {
    pool,
    place: placeOf(connectionString ?? ""),
    close: () => pool.end(),
  };
}

const LOWEST_VERSION = 13;

/** Throws a {@link ConfigError} if the server is too old, or cannot keep every text. */
export async function checkServer(pool: PgPoolLike, place: string): Promise<void> {
  const client = await checkOut(pool);
  try {
    const { rows } = await client.query({
      text: `SELECT current_setting('server_version_num') AS version,
        current_setting('server_encoding') AS encoding`,
    });
    const { version, encoding } = rows[0] as {
      readonly version: string;
      readonly encoding: string;
    };
    if (Number(version) < LOWEST_VERSION * 10_000) {
      throw new ConfigError(
        `${place} is PostgreSQL ${Math.floor(Number(version) / 10_000)}: use ${LOWEST_VERSION} or newer`,
      );
    }
    if (encoding !== "UTF8") {
      throw new ConfigError(
        `${place} keeps texts as ${encoding}: use a database made with ENCODING 'UTF8'`,
      );
    }
  } finally {
    client.release();
  }
}

/** One connection listens, and another must be left for everything else. */
function checkSize(what: string, max: number): void {
  if (!(max >= 2)) throw new ConfigError(`${what} ${max}: at least 2 connections are needed`);
}

/** Without the password. */
function placeOf(connectionString: string): string {
  try {
    const { host, pathname } = new URL(connectionString);
    return `Database ${pathname.slice(1) || "(default)"} at ${host || "localhost"}`;
  } catch {
    return "The database";
  }
}
