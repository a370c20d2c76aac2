import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { postgres } from "../../../src/backends/postgres/index.ts";
import { ConfigError } from "../../../src/errors.ts";
import { newRun, queued } from "../../../src/testing/index.ts";
import {
  isPostgresReachable,
  POSTGRES_URL,
  postgresIn,
  temporarySchema,
  type TemporarySchema,
} from "../temporary-postgres.ts";

const isReachable = await isPostgresReachable();

/** Goes with the test. */
function schemaOfTest(): TemporarySchema {
  const schema = temporarySchema();
  onTestFinished(() => schema[Symbol.asyncDispose]());
  return schema;
}

describe.skipIf(!isReachable)("opening Postgres", () => {
  test("tables are made once, however many processes come at a time", async () => {
    const schema = schemaOfTest();
    const backends = await Promise.all(Array.from({ length: 5 }, () => postgresIn(schema)));
    const [first, ...others] = backends;
    await first?.runs.create(newRun(), queued());
    for (const other of others) expect(await other.runs.get("run-1")).toBeDefined();
    for (const backend of backends) await backend[Symbol.asyncDispose]();
    const versions = await schema.query(`SELECT version FROM ${schema.name}.version`);
    expect(versions).toEqual([{ version: 1 }]);
  });

  test("what was stored is there at the next start, and leases are still held", async () => {
    const schema = schemaOfTest();
    const before = await postgresIn(schema);
    await before.runs.create(newRun(), queued());
    const [run] = await before.runs.claim({ owner: "worker-1", leaseMs: 600_000, limit: 1 });
    await before[Symbol.asyncDispose]();
    await before[Symbol.asyncDispose]();
    await expect(before.runs.get("run-1")).rejects.toThrow("The Postgres backend is closed");

    await using after = await postgresIn(schema);
    expect(await after.runs.get("run-1")).toEqual(run);
    expect(await after.runs.claim({ owner: "worker-2", leaseMs: 1, limit: 1 })).toEqual([]);
  });

  test("tables of a newer version are left alone", async () => {
    const schema = schemaOfTest();
    await (await postgresIn(schema))[Symbol.asyncDispose]();
    await schema.query(`INSERT INTO ${schema.name}.version VALUES (7)`);
    await expect(postgresIn(schema)).rejects.toThrow(
      /written by a newer langgraph-graphql \(its version is 7, this one knows 1\): update/,
    );
    await schema.query(`DELETE FROM ${schema.name}.version WHERE version = 7`);
    await (await postgresIn(schema))[Symbol.asyncDispose]();
  });

  test("a pool that is given is used, and stays its owner's", async () => {
    const schema = schemaOfTest();
    const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 3 });
    onTestFinished(() => pool.end());
    // What its owner makes of values does not matter.
    pool.on("connect", (client) => client.setTypeParser(20, () => "owner's own"));
    const backend = await postgres({ pool, schema: schema.name });
    await backend.runs.create(newRun(), queued());
    expect(await backend.runs.get("run-1")).toMatchObject({
      lastSeq: 1,
      createdAt: new Date(Date.UTC(2026, 0, 1)),
    });
    await backend[Symbol.asyncDispose]();
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    // The one that listened went with the backend.
    expect(pool.totalCount).toBe(pool.idleCount);
  });

  test("names of schemas may be odd", async () => {
    const name = `Ödd "name"; --`.replaceAll('"', "'");
    const admin = new pg.Client(POSTGRES_URL);
    await admin.connect();
    onTestFinished(async () => {
      await admin.query(`SET client_min_messages = error; DROP SCHEMA IF EXISTS "${name}" CASCADE`);
      await admin.end();
    });
    await using backend = await postgres({ connectionString: POSTGRES_URL, schema: name });
    await using other = await postgres({ connectionString: POSTGRES_URL, schema: name });
    const woken = new Promise<void>((resolve) => void other.wakeups.subscribe("run-1", resolve));
    await backend.runs.create(newRun(), queued());
    backend.wakeups.notify("run-1");
    await woken;
    expect(await backend.storedBytes()).toBeGreaterThan(0);
  });

  test("a database that cannot be used is explained, without its password", async () => {
    const url = new URL(POSTGRES_URL);
    const change = (changes: Partial<URL>) => String(Object.assign(new URL(url), changes));
    const opening = async (connectionString: string) =>
      postgres({ connectionString }).then(
        () => "opened",
        (error: unknown) => {
          expect(error).toBeInstanceOf(ConfigError);
          return (error as Error).message;
        },
      );
    expect(await opening(change({ port: "1", password: "hush" }))).toBe(
      `Database ${url.pathname.slice(1)} at ${url.hostname}:1 refuses connections: start Postgres, or give another connectionString`,
    );
    expect(await opening(change({ pathname: "/nowhere" }))).toMatch(
      /^Database nowhere at .* does not exist: CREATE DATABASE/,
    );
    expect(await opening(change({ username: "nobody-at-all" }))).toMatch(
      /does not let this user in/,
    );
    expect(await opening(change({ hostname: "no-such-host.invalid" }))).toMatch(/is not known/);
  });

  test("a database that does not keep every text is refused", async () => {
    const admin = new pg.Client(POSTGRES_URL);
    await admin.connect();
    const name = temporarySchema().name;
    await admin.query(
      `CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    onTestFinished(async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    });
    const connectionString = String(Object.assign(new URL(POSTGRES_URL), { pathname: `/${name}` }));
    await expect(postgres({ connectionString })).rejects.toThrow(/keeps texts as LATIN1/);
  });
});

test.each([
  ["neither a pool nor an address", {}, /give a connectionString or a pool/],
  ["an address of nothing", { connectionString: "x", schema: "" }, /give a name of 1 to 63 bytes/],
  ["one connection", { connectionString: "x", maxConnections: 1 }, /at least 2 connections/],
  ["a past of no length", { connectionString: "x", retentionMs: -1 }, /retentionMs: -1/],
])("options that make no sense are refused: %s", async (_which, options, message) => {
  const opening = postgres(options);
  await expect(opening).rejects.toThrow(ConfigError);
  await expect(opening).rejects.toThrow(message);
});
