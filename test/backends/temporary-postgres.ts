import { randomUUID } from "node:crypto";
import pg from "pg";
import type { Backend } from "../../src/backend.ts";
import { intercept, type Interceptor } from "../support/intercept.ts";
import { postgres, type PostgresOptions } from "../../src/backends/postgres/index.ts";

/** A database to make schemas in. */
export const POSTGRES_URL =
  process.env["POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test";

/** Whether there is a server to test against; says so if there is none. */
export async function isPostgresReachable(): Promise<boolean> {
  const client = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    console.warn(
      `No Postgres at ${POSTGRES_URL}: its tests are skipped. Set POSTGRES_URL to run them.`,
    );
    return false;
  }
}

/** A schema that goes, with all that is in it, when it is disposed of. */
export interface TemporarySchema extends AsyncDisposable {
  readonly name: string;
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

export function temporarySchema(): TemporarySchema {
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const query = async (sql: string, values: unknown[] = []) => {
    const client = new pg.Client(POSTGRES_URL);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql, values)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    name,
    query,
    async [Symbol.asyncDispose]() {
      await query(`SET client_min_messages = error; DROP SCHEMA IF EXISTS ${name} CASCADE`);
    },
  };
}

/** A Postgres backend whose schema is dropped when it is disposed of. */
export async function temporaryPostgres(options: Partial<PostgresOptions> = {}): Promise<Backend> {
  const schema = temporarySchema();
  const backend = await postgresIn(schema, options);
  return withDisposal(backend, backend, () => schema[Symbol.asyncDispose]());
}

/** Backends one after the other in one schema, each of which finds it empty: that is ten times faster. */
export interface PostgresInTurn extends AsyncDisposable {
  open(): Promise<Backend>;
}

export function postgresInTurn(): PostgresInTurn {
  const schema = temporarySchema();
  let isMade = false;
  return {
    async open() {
      isMade = true;
      const backend = await postgresIn(schema);
      return withDisposal(backend, backend, () => empty(schema));
    },
    async [Symbol.asyncDispose]() {
      if (isMade) await schema[Symbol.asyncDispose]();
    },
  };
}

/** A temporary backend whose database goes by another clock. */
export async function clockedPostgres(clock: () => Date): Promise<Backend> {
  const schema = temporarySchema();
  const backend = await postgresIn(schema);
  await schema.query(`
    CREATE TABLE ${schema.name}.clock AS SELECT 0::bigint AS now;
    CREATE OR REPLACE FUNCTION ${schema.name}.now_ms() RETURNS bigint LANGUAGE sql VOLATILE
      AS $$ SELECT now FROM ${schema.name}.clock $$`);
  const set: Interceptor = async (_name, act) => {
    await schema.query(`UPDATE ${schema.name}.clock SET now = ${clock().getTime()}`);
    return act();
  };
  const clocked = { ...backend, runs: intercept(backend.runs, ["claim", "renew"], set) };
  return withDisposal(clocked, backend, () => schema[Symbol.asyncDispose]());
}

export function postgresIn(
  schema: TemporarySchema,
  options: Partial<PostgresOptions> = {},
): Promise<Backend> {
  return postgres({ connectionString: POSTGRES_URL, schema: schema.name, ...options });
}

/** Removes all rows of a schema's tables, but for what says which version they are of. */
export async function empty(schema: TemporarySchema): Promise<void> {
  const tables = await schema.query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname = $1 AND tablename NOT IN ('version', 'checkpoint_migrations')`,
    [schema.name],
  );
  await schema.query(tables.map(({ name }) => `DELETE FROM ${String(name)}`).join(";"));
}

function withDisposal(backend: Backend, opened: Backend, then: () => PromiseLike<void>): Backend {
  return {
    ...backend,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await then();
    },
  };
}
