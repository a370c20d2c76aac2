import { ConfigError } from "../../errors.ts";
import { BEGIN, checkOut } from "./connection.ts";
import { inSchema, quoted } from "./database.ts";
import { init } from "./migrations/0001-init.ts";
import type { PgClientLike, PgPoolLike } from "./pool.ts";

/** How long whoever has its turn may take, before it is taken for dead. */
const IN_TURN_MS = 60_000;

/** In their order: the first takes a schema from version 0 to 1. Never edited, only added to. */
const MIGRATIONS: readonly string[] = [init];

/**
 * Makes the schema, or brings its tables up to this package's version, all at once or not at all.
 * Several processes may do so at a time: the others wait for the first and find it done.
 */
export async function migrate(pool: PgPoolLike, place: string, schema: string): Promise<void> {
  await inTurn(pool, schema, async (client) => {
    const version = await versionOf(client, schema);
    if (version > MIGRATIONS.length) {
      throw new ConfigError(
        `${place}, schema ${schema}, was written by a newer langgraph-graphql (its version is ` +
          `${version}, this one knows ${MIGRATIONS.length}): update langgraph-graphql, or choose another schema`,
      );
    }
    for (const sql of MIGRATIONS.slice(version))
      await client.query({ text: inSchema(sql, schema) });
    if (version < MIGRATIONS.length) {
      const text = inSchema("INSERT INTO @.version VALUES ($1)", schema);
      await client.query({ text, values: [MIGRATIONS.length] });
    }
  });
}

/**
 * Does `work` in one transaction, after all others that change this schema in this way. It is made if
 * it is not there.
 */
export async function inTurn(
  pool: PgPoolLike,
  schema: string,
  work: (client: PgClientLike) => Promise<void>,
): Promise<void> {
  const client = await checkOut(pool);
  let isDone = false;
  try {
    await client.query({ text: BEGIN });
    // What is done in turn may be done by another connection, and take its time.
    await client.query({
      text: `SET LOCAL idle_in_transaction_session_timeout = ${IN_TURN_MS}`,
    });
    await client.query({
      text: "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
      values: [`langgraph-graphql:${schema}`],
    });
    // Looked for first: who finds it needs no right to make it.
    const { rows } = await client.query({
      text: "SELECT 1 FROM pg_namespace WHERE nspname = $1",
      values: [schema],
    });
    if (rows.length === 0) await client.query({ text: `CREATE SCHEMA ${quoted(schema)}` });
    await work(client);
    await client.query({ text: "COMMIT" });
    isDone = true;
  } finally {
    // What is not done is rolled back with the end of the connection.
    client.release(!isDone);
  }
}

async function versionOf(client: PgClientLike, schema: string): Promise<number> {
  const table = inSchema("@.version", schema);
  const { rows } = await client.query({
    text: "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
    values: [table],
  });
  if (rows.length === 0) {
    await client.query({ text: `CREATE TABLE ${table} (version integer NOT NULL)` });
    return 0;
  }
  const found = await client.query({ text: `SELECT max(version) AS version FROM ${table}` });
  return Number((found.rows[0] as { readonly version: unknown }).version);
}
