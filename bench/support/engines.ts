import { Redis } from "ioredis";
import pg from "pg";

/** What runs of ours may be kept in; the last two are servers that are there already. */
export type BackendKind = "memory" | "sqlite" | "postgres" | "redis";

/** Where the servers are: `REDIS_URL` and `POSTGRES_URL`, or this machine's own. */
export const { POSTGRES_URL = "postgres://postgres@127.0.0.1:5432/test" } = process.env;
export const { REDIS_URL = "redis://127.0.0.1:6379" } = process.env;

/** Why a backend cannot be measured here; `undefined` if it can. */
export async function whyNot(kind: BackendKind): Promise<string | undefined> {
  // The checkpoints of runs in Redis are in Postgres.
  const wanted = { memory: [], sqlite: [], postgres: ["postgres"], redis: ["redis", "postgres"] };
  for (const engine of wanted[kind]) {
    try {
      await (engine === "redis" ? withRedis(() => Promise.resolve()) : inPostgres("SELECT 1"));
    } catch (error) {
      return `${engine === "redis" ? "Redis (REDIS_URL)" : "Postgres (POSTGRES_URL)"} cannot be reached: ${String(error)}`;
    }
  }
  return undefined;
}

/** Room of the bench's own on the servers. Dispose of it to remove all that was put there. */
export interface Room extends AsyncDisposable {
  /** The schema in Postgres, and the prefix of the keys in Redis. */
  readonly name: string;
}

let rooms = 0;

/** Nothing is in it yet: whoever opens a backend there makes what it needs. */
export function makeRoom(): Room {
  const name = `langgraph_graphql_bench_${process.pid}_${++rooms}`;
  return {
    name,
    async [Symbol.asyncDispose]() {
      // Of a backend that is not there nothing was put anywhere.
      await Promise.allSettled([
        inPostgres(`DROP SCHEMA IF EXISTS ${name} CASCADE`),
        withRedis((redis) => removeKeys(redis, `{${name}}:*`)),
      ]);
    },
  };
}

async function inPostgres(sql: string): Promise<void> {
  const client = new pg.Client({
    connectionString: POSTGRES_URL,
    connectionTimeoutMillis: 2_000,
    // Or each thing that goes with a schema would be told of.
    options: "-c client_min_messages=warning",
  });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function withRedis(use: (redis: Redis) => Promise<void>): Promise<void> {
  const redis = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: () => null });
  // What is asked of it rejects.
  redis.on("error", () => {});
  await redis.connect();
  try {
    await use(redis);
  } finally {
    redis.disconnect();
  }
}

async function removeKeys(redis: Redis, pattern: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: pattern, count: 1_000 })) {
    const found = keys as string[];
    if (found.length > 0) await redis.unlink(...found);
  }
}
