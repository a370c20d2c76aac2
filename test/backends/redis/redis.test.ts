import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../../src/backend.ts";
import { redis } from "../../../src/backends/redis/index.ts";
import { ConfigError, StaleWriterError } from "../../../src/errors.ts";
import { checkCursor } from "../../../src/events/follow.ts";
import { Tails } from "../../../src/events/tail.ts";
import { newRun, queued, statusChanged, writtenBatch } from "../../../src/testing/index.ts";
import { until } from "../../support/until.ts";
import {
  isRedisReachable,
  keysOf,
  REDIS_URL,
  removeKeys,
  temporaryRedis,
} from "../temporary-redis.ts";

const LEASE = { owner: "worker-1", leaseMs: 600_000, limit: 10 };
const isReachable = await isRedisReachable();

describe.skipIf(!isReachable)("processes that share a prefix", () => {
  let prefix: string;
  let client: Redis;
  const open = () => redis({ url: REDIS_URL, prefix, checkpoints: false });

  beforeAll(() => {
    client = new Redis(REDIS_URL);
    prefix = `test-${randomUUID()}`;
  });
  afterAll(async () => {
    await removeKeys(client, prefix);
    client.disconnect();
  });

  test("claim each run once, and every viewer's in turn", async () => {
    const processes = await Promise.all([1, 2, 3, 4].map(open));
    const [first] = processes as [Backend];
    for (let i = 0; i < 200; i++) {
      // Ann has most of the queue, and came first.
      const viewer = i < 120 ? "ann" : ["bob", "eve", "zoe", null][i % 4];
      await first.runs.create(
        newRun({ id: `claim-${i}`, viewer: viewer ?? null, createdAt: new Date(i) }),
        queued(),
      );
    }
    const claimed = new Map<string, string | null>();
    while (claimed.size < 200) {
      const found = await Promise.all(
        processes.map(({ runs }, i) => runs.claim({ ...LEASE, owner: `worker-${i}`, limit: 5 })),
      );
      for (const run of found.flat()) {
        expect(claimed.has(run.id)).toBe(false);
        expect(run.epoch).toBe(1);
        claimed.set(run.id, run.viewer);
      }
      // Nobody is ahead of one who still waits.
      const counts = new Map<string | null, number>();
      for (const viewer of claimed.values()) counts.set(viewer, (counts.get(viewer) ?? 0) + 1);
      if (claimed.size <= 100)
        expect([...counts.values()]).toEqual(Array(5).fill(claimed.size / 5));
    }
    await first.runs.delete([...claimed.keys()]);
    await close(processes);
  });

  test("hear of what another has appended, and take over what it leaves", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    await start(one, "shared");
    let calls = 0;
    const unsubscribe = await other.wakeups.subscribe("shared", () => calls++);
    // The append itself tells; nobody calls `notify`.
    await one.events.append("shared", writtenBatch(2, 3), { after: 2, epoch: 1 });
    await until(() => calls > 0);
    expect((await other.events.read("shared", { after: 2, limit: 10 })).events).toHaveLength(3);
    await one.events.append("shared", [], { after: 5, epoch: 1, patch: { owner: null } });
    const [taken] = await other.runs.claim({ ...LEASE, owner: "worker-2", runId: "shared" });
    expect(taken).toMatchObject({ epoch: 2, lastSeq: 5, owner: "worker-2" });
    await expect(
      one.events.append("shared", writtenBatch(5, 1), { after: 5, epoch: 1 }),
    ).rejects.toThrow(StaleWriterError);
    unsubscribe();
    await close([one, other]);
  });

  test("change a thread one at a time, and get it within ten seconds from one that died", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    const log: string[] = [];
    const task = (name: string) => async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.push(`${name} ends`);
    };
    await Promise.all([
      one.threadLocks.run("thread", task("a")),
      other.threadLocks.run("thread", task("b")),
      one.threadLocks.run("thread", task("c")),
      other.threadLocks.run("thread", task("d")),
    ]);
    for (let i = 0; i < log.length; i += 2) {
      expect(log[i + 1]).toBe(log[i]?.replace("begins", "ends"));
    }
    expect(log).toHaveLength(8);
    // It dies with the lock.
    await client.set(`{${prefix}}:lock:thread`, "a dead one", "PX", 300);
    await other.threadLocks.run("thread", task("e"));
    expect(log.at(-1)).toBe("e ends");
    expect(await client.exists(`{${prefix}}:lock:thread`)).toBe(0);
    await close([one, other]);
  });

  test("open as many connections as before, and no channels, after a thousand have followed", async () => {
    const named = new Redis(REDIS_URL, { connectionName: prefix });
    const backend = await redis({ client: named, prefix, checkpoints: false });
    await start(backend, "followed");
    const state = async () => ({
      clients: await countClients(named, prefix),
      channels: (await client.pubsub("CHANNELS", `{${prefix}}*`)).length,
    });
    const before = await state();
    const tails = new Tails(backend.wakeups, backend.events, true);
    const reader = { last: 0, onChange() {}, onPage() {}, onError() {} };
    for (let i = 0; i < 1_000; i += 50) {
      const some = Array.from({ length: 50 }, (_, j) => ({ ...reader, j }));
      const ofThem = await Promise.all(
        some.map((one, j) => tails.acquire(j % 2 ? "followed" : `run-${i + j}`, one)),
      );
      expect((await state()).clients).toBe(before.clients);
      ofThem.forEach((tail, j) => tail.release(some[j] ?? reader));
    }
    await until(async () => (await state()).channels === before.channels);
    expect(await state()).toEqual(before);
    expect(before.clients).toBe(2);
    await close([backend]);
    named.disconnect();
  });
});

describe.skipIf(!isReachable)("what a failover loses", () => {
  let prefix: string;
  let client: Redis;
  let backend: Backend;
  const hash = (runId: string) => `{${prefix}}:run:${runId}`;

  beforeAll(async () => {
    client = new Redis(REDIS_URL);
    prefix = `test-${randomUUID()}`;
    backend = await redis({ url: REDIS_URL, prefix, checkpoints: false });
  });
  afterAll(async () => {
    await close([backend]);
    await removeKeys(client, prefix);
    client.disconnect();
  });

  /** The log as an older copy of it would be. */
  async function rewind(runId: string, lastSeq: number): Promise<void> {
    await client.hset(hash(runId), { lastSeq, batchAfter: lastSeq - 1 });
    for (const [id] of await client.xrange(`{${prefix}}:log:${runId}`, `(${lastSeq}`, "+")) {
      await client.xdel(`{${prefix}}:log:${runId}`, id);
    }
    await client.call("XSETID", `{${prefix}}:log:${runId}`, `${lastSeq}-0`);
  }

  test("an executor whose log is shorter than it knows is refused, and so is a reader", async () => {
    await start(backend, "shorter");
    await backend.events.append("shorter", writtenBatch(2, 8), { after: 2, epoch: 1 });
    await rewind("shorter", 5);
    await expect(
      backend.events.append("shorter", writtenBatch(10, 1), { after: 10, epoch: 1 }),
    ).rejects.toThrow(StaleWriterError);
    const page = await backend.events.read("shorter", { after: 9, limit: 1 });
    expect(() => checkCursor(page, { seq: 10, epoch: 1 })).toThrow(
      expect.objectContaining({ code: "CURSOR_EXPIRED", reason: "REWOUND", lastSeq: 5 }),
    );
  });

  test("a cursor of a lost event is told from one of the event that has its number now", async () => {
    await start(backend, "again");
    await backend.events.append("again", writtenBatch(2, 8), { after: 2, epoch: 1 });
    await rewind("again", 5);
    await client.hset(hash("again"), { owner: "null", leaseUntil: "null" });
    await backend.runs.claim({ ...LEASE, owner: "worker-2", runId: "again" });
    await backend.events.append("again", writtenBatch(5, 9, 2), { after: 5, epoch: 2 });
    const pageAt = (seq: number) => backend.events.read("again", { after: seq - 1, limit: 1 });
    expect(() => checkCursor({ ...EMPTY, lastSeq: 14 }, { seq: 10, epoch: 1 })).not.toThrow();
    const lost = await pageAt(10);
    expect(() => checkCursor(lost, { seq: 10, epoch: 1 })).toThrow(
      expect.objectContaining({ reason: "REWOUND" }),
    );
    expect(() => checkCursor(lost, { seq: 10, epoch: 2 })).not.toThrow();
    const kept = await pageAt(5);
    expect(() => checkCursor(kept, { seq: 5, epoch: 1 })).not.toThrow();
  });

  test("an epoch that is raised twice to one number lets the second executor in, not the first", async () => {
    const other = await redis({ url: REDIS_URL, prefix, checkpoints: false });
    await start(backend, "twice");
    // The claim was lost, though the executor that made it goes on.
    await client.hset(hash("twice"), { epoch: 0, owner: "null", leaseUntil: "null", claim: "" });
    const [taken] = await other.runs.claim({ ...LEASE, owner: "worker-2", runId: "twice" });
    expect(taken?.epoch).toBe(1);
    const batch = writtenBatch(2, 1);
    const append = (one: Backend) => one.events.append("twice", batch, { after: 2, epoch: 1 });
    await expect(append(backend)).rejects.toThrow(StaleWriterError);
    await append(other);
    // Not even as a repetition of the other's batch.
    await expect(append(backend)).rejects.toThrow(StaleWriterError);
    await close([other]);
  });
});

describe.skipIf(!isReachable)("what is forgotten", () => {
  test("ten thousand ended runs leave no key behind", { timeout: 120_000 }, async () => {
    const prefix = `test-${randomUUID()}`;
    const client = new Redis(REDIS_URL);
    await using backend = await temporaryRedis({ prefix });
    const before = await keysOf(client, prefix);
    for (let i = 0; i < 10_000; i += 500) {
      const ids = Array.from({ length: 500 }, (_, j) => `run-${i + j}`);
      await Promise.all(
        ids.map(async (id, j) => {
          const viewer = j % 2 ? "ann" : null;
          const threadId = j % 10 ? id : `thread-${j}`;
          await backend.runs.create(newRun({ id, viewer, threadId }), queued(), { mayWait: true });
          await backend.runs.claim({ ...LEASE, runId: id });
          const end = [statusChanged(2, "running"), statusChanged(3, "succeeded")];
          const patch = { status: "succeeded" } as const;
          await backend.events.append(id, end, { after: 1, epoch: 1, patch });
        }),
      );
    }
    expect((await keysOf(client, prefix)).length).toBeGreaterThan(20_000);
    for (;;) {
      const runs = await backend.runs.ended({ limit: 500 });
      if (runs.length === 0) break;
      await backend.runs.delete(runs.map(({ id }) => id));
    }
    for (let j = 0; j < 500; j += 10) await backend.runs.deleteThread(`thread-${j}`);
    expect(await keysOf(client, prefix)).toEqual(before);
    expect(await backend.storedBytes()).toBe(0);
    client.disconnect();
  });
});

describe.skipIf(!isReachable)("opening it", () => {
  test("it is durable and shared, and keeps ended runs for a week unless told otherwise", async () => {
    await using backend = await temporaryRedis();
    expect([backend.isDurable, backend.isShared]).toEqual([true, true]);
    expect(backend.retention).toEqual({ endedMs: 604_800_000, bytes: 2 ** 30, checkpoints: 100 });
  });

  test("a client that was given is left open, and what is made beside it is closed", async () => {
    const prefix = `test-${randomUUID()}`;
    const client = new Redis(REDIS_URL, { connectionName: prefix });
    const backend = await redis({ client, prefix, checkpoints: false });
    await start(backend, "run-1");
    expect(await countClients(client, prefix)).toBe(2);
    await close([backend]);
    await expect(backend.runs.get("run-1")).rejects.toThrow("The Redis backend is closed");
    await until(async () => (await countClients(client, prefix)) === 1);
    await removeKeys(client, prefix);
    client.disconnect();
  });

  test("keys of a newer version of this package are left alone", async () => {
    const prefix = `test-${randomUUID()}`;
    const client = new Redis(REDIS_URL);
    await client.set(`{${prefix}}:version`, "7");
    await expect(redis({ url: REDIS_URL, prefix, checkpoints: false })).rejects.toThrow(
      /their version is 7, this one knows 1\): update langgraph-graphql, or choose another prefix$/,
    );
    await removeKeys(client, prefix);
    client.disconnect();
  });
});

test("what cannot be an address or a prefix is refused with what to give instead", async () => {
  const refusal = (options: Parameters<typeof redis>[0]) =>
    redis(options).then(
      () => "",
      (error: unknown) => (error instanceof ConfigError ? error.message : String(error)),
    );
  expect(await refusal({})).toBe(
    "redis() takes either a url or a client: redis({ url: process.env.REDIS_URL })",
  );
  expect(await refusal({ url: "localhost:6379" })).toMatch(/give an address such as redis:/);
  expect(await refusal({ url: "http://localhost:6379" })).toMatch(/give an address such as redis:/);
  expect(await refusal({ url: REDIS_URL, prefix: "a{b" })).toMatch(/give one without braces$/);
  expect(await refusal({ url: "redis://127.0.0.1:1" })).toBe(
    "Nothing answers at 127.0.0.1:1: start Redis there, or correct the url",
  );
  expect(await refusal({ url: "redis://nowhere.invalid" })).toMatch(
    /^The host of nowhere\.invalid is not known/,
  );
});

const EMPTY = { events: [], oldestSeq: 1, lastSeq: 0, closed: false };

/** Creates a run and executes it up to its second event. */
async function start({ runs, events }: Backend, id: string): Promise<void> {
  await runs.create(newRun({ id }), queued());
  await runs.claim({ ...LEASE, runId: id });
  const patch = { status: "running" } as const;
  await events.append(id, [statusChanged(2, "running")], { after: 1, epoch: 1, patch });
}

/** The connections of this name. */
async function countClients(client: Redis, name: string): Promise<number> {
  return String(await client.client("LIST")).split(` name=${name} `).length - 1;
}

async function close(backends: readonly Backend[]): Promise<void> {
  for (const backend of backends) await backend[Symbol.asyncDispose]();
}
