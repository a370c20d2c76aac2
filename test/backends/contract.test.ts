import { afterAll, describe, expect, test } from "vitest";
import type { Backend } from "../../src/backend.ts";
import { memory } from "../../src/backends/memory/index.ts";
import {
  backendContract,
  eventLogContract,
  runStoreContract,
  wakeupsContract,
} from "../../src/testing/index.ts";
import { isPostgresReachable, postgresInTurn } from "./temporary-postgres.ts";
import { isRedisReachable, redisInTurn } from "./temporary-redis.ts";
import { temporarySqlite } from "./temporary-sqlite.ts";

/** Those that need a server, and whether there is one. */
const isReachable: Readonly<Record<string, boolean>> = {
  postgres: await isPostgresReachable(),
  redis: await isRedisReachable(),
};

const inTurn = { postgres: postgresInTurn(), redis: redisInTurn(isReachable["postgres"] === true) };
afterAll(async () => {
  await inTurn.postgres[Symbol.asyncDispose]();
  await inTurn.redis[Symbol.asyncDispose]();
});

/** How to make an empty one. `BACKENDS=memory,sqlite` picks a subset, by names with commas between them. */
const BACKENDS: Readonly<Record<string, () => Backend | Promise<Backend>>> = {
  memory: () => memory(),
  sqlite: () => temporarySqlite(),
  postgres: () => inTurn.postgres.open(),
  redis: () => inTurn.redis.open(),
};

const CONTRACTS = {
  "run store": runStoreContract,
  "event log": eventLogContract,
  "wake-ups": wakeupsContract,
  backend: backendContract,
};

const picked = process.env["BACKENDS"]?.split(",") ?? Object.keys(BACKENDS);

test("every backend that was asked for is known", () => {
  expect(Object.keys(BACKENDS)).toEqual(expect.arrayContaining(picked));
});

for (const [backendName, create] of Object.entries(BACKENDS)) {
  const isSkipped = !picked.includes(backendName) || isReachable[backendName] === false;
  describe.skipIf(isSkipped)(`${backendName} backend`, () => {
    for (const [portName, contract] of Object.entries(CONTRACTS)) {
      for (const promise of contract) {
        // oxlint-disable-next-line vitest/expect-expect -- the cases assert
        test(`${portName}: ${promise.name}`, async () => {
          const backend = await create();
          try {
            await promise.run(backend);
          } finally {
            await backend[Symbol.asyncDispose]();
          }
        });
      }
    }
  });
}
