import { randomUUID } from "node:crypto";
import { Cluster } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redis, type RedisClientLike } from "../../../src/backends/redis/index.ts";
import {
  backendContract,
  eventLogContract,
  runStoreContract,
  wakeupsContract,
} from "../../../src/testing/index.ts";
import { canStartServers, startCluster } from "./own-server.ts";

/** Redis Cluster refuses a script that reaches over two slots, and moves keys slot by slot. */
describe.skipIf(!canStartServers)("in Redis Cluster, with three primaries,", () => {
  let servers: Awaited<ReturnType<typeof startCluster>>;
  let client: Cluster;
  /** By the prefix of the service. */
  const keys = new Map<string, Set<string>>();

  beforeAll(async () => {
    servers = await startCluster();
    client = new Cluster(servers.ports.map((port) => ({ host: "127.0.0.1", port })));
    client.on("error", () => {});
  }, 60_000);
  afterAll(async () => {
    client.disconnect();
    await servers[Symbol.asyncDispose]();
  });

  const contract = [
    ...runStoreContract,
    ...eventLogContract,
    ...wakeupsContract,
    ...backendContract,
  ];
  for (const promise of contract) {
    // oxlint-disable-next-line vitest/expect-expect -- the cases assert
    test(promise.name, async () => {
      const prefix = randomUUID();
      await using backend = await redis({
        client: noting(client, prefix, keys),
        prefix,
        checkpoints: false,
      });
      await promise.run(backend);
    });
  }

  test("all keys of a service are in one slot, and services with other prefixes in others", async () => {
    const slots = new Set<unknown>();
    for (const ofService of keys.values()) {
      const own = new Set<unknown>();
      for (const key of ofService) own.add(await client.call("CLUSTER", "KEYSLOT", key));
      expect(own.size).toBe(1);
      slots.add([...own][0]);
    }
    expect(slots.size).toBeGreaterThan(50);
  });
});

/** Notes the keys that are asked for under a prefix. */
function noting(client: Cluster, prefix: string, keys: Map<string, Set<string>>): RedisClientLike {
  const own = new Set<string>();
  keys.set(prefix, own);
  return {
    call(command, ...args) {
      const [first = "", count = "", ...rest] = args;
      const asked = command.startsWith("EVAL") ? rest.slice(0, Number(count)) : [first];
      if (!/^(INFO|PING|PUBLISH)$/.test(command)) for (const key of asked) own.add(key);
      return client.call(command, ...args);
    },
    duplicate: () => client.duplicate(),
    subscribe: (...channels) => client.subscribe(...channels),
    unsubscribe: (...channels) => client.unsubscribe(...channels),
    on: (event: never, listener: never) => client.on(event, listener),
    off: (event: never, listener: never) => client.off(event, listener),
    disconnect: () => client.disconnect(),
  };
}
