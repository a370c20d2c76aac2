import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import type { Backend } from "../../src/backend.ts";
import { redis, type RedisOptions } from "../../src/backends/redis/index.ts";
import { empty, POSTGRES_URL, temporarySchema } from "./temporary-postgres.ts";

export const REDIS_URL = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";

/** Whether there is a server to test against; says so if there is none. */
export async function isRedisReachable(): Promise<boolean> {
  const client = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: null });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch {
    console.warn(`No Redis at ${REDIS_URL}: its tests are skipped. Set REDIS_URL to run them.`);
    return false;
  } finally {
    client.disconnect();
  }
}

/** A Redis backend under a prefix of its own, whose keys are removed when it is disposed of. */
export async function temporaryRedis(options: Partial<RedisOptions> = {}): Promise<Backend> {
  const prefix = options.prefix ?? `test-${randomUUID()}`;
  const backend = await redis({ url: REDIS_URL, prefix, checkpoints: false, ...options });
  return {
    ...backend,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      const client = new Redis(REDIS_URL);
      await removeKeys(client, prefix);
      client.disconnect();
    },
  };
}

/** Backends one after the other, with checkpoints in one schema of Postgres where there is one. */
export function redisInTurn(hasPostgres: boolean): AsyncDisposable & { open(): Promise<Backend> } {
  const schema = temporarySchema();
  let isMade = false;
  return {
    async open() {
      if (!hasPostgres) return temporaryRedis({ checkpoints: false });
      isMade = true;
      const checkpoints = { postgres: POSTGRES_URL, schema: schema.name };
      const backend = await temporaryRedis({ checkpoints });
      return {
        ...backend,
        async [Symbol.asyncDispose]() {
          await backend[Symbol.asyncDispose]();
          await empty(schema);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      if (isMade) await schema[Symbol.asyncDispose]();
    },
  };
}

/** All keys under a prefix. */
export async function keysOf(client: Redis, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const found of client.scanStream({ match: `{${prefix}}*`, count: 1_000 })) {
    keys.push(...(found as string[]));
  }
  return keys.toSorted();
}

/** Removes them all. */
export async function removeKeys(client: Redis, prefix: string): Promise<void> {
  const keys = await keysOf(client, prefix);
  if (keys.length > 0) await client.unlink(...keys);
}
