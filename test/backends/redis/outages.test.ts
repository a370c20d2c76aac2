import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import type { Backend } from "../../../src/backend.ts";
import { redis } from "../../../src/backends/redis/index.ts";
import { BackendUnavailableError } from "../../../src/errors.ts";
import type { EventPage } from "../../../src/events/event-log.ts";
import { follow } from "../../../src/events/follow.ts";
import { Tails } from "../../../src/events/tail.ts";
import { newRun, queued, statusChanged, writtenBatch } from "../../../src/testing/index.ts";
import { whileUnavailable } from "../../../src/while-unavailable.ts";
import { until } from "../../support/until.ts";
import { canStartServers, startServer } from "./own-server.ts";

const LEASE = { owner: "worker-1", leaseMs: 600_000, limit: 10 };

describe.skipIf(!canStartServers)("when Redis", () => {
  test("cuts the connections of those who listen, nobody misses anything", async () => {
    await using server = await startServer();
    await using backend = await redis({ url: server.url, checkpoints: false });
    const admin = new Redis(server.url);
    await start(backend, "run-1");
    const reader = read(backend, "run-1");
    for (let seq = 2; seq < 40; seq++) {
      if (seq % 8 === 0) await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
      await backend.events.append("run-1", writtenBatch(seq, 1), { after: seq, epoch: 1 });
    }
    // Sooner than the tails look by themselves, five seconds later.
    const began = performance.now();
    await until(() => reader.seqs.length === 40);
    expect(performance.now() - began).toBeLessThan(2_500);
    expect(reader.seqs).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    reader.stop();
    admin.disconnect();
  });

  test("forgets its scripts, they are sent again", async () => {
    await using server = await startServer();
    await using backend = await redis({ url: server.url, checkpoints: false });
    const admin = new Redis(server.url);
    await start(backend, "run-1");
    for (let seq = 2; seq < 10; seq++) {
      await admin.script("FLUSH");
      await backend.events.append("run-1", writtenBatch(seq, 1), { after: seq, epoch: 1 });
      await admin.script("FLUSH");
      expect((await backend.events.read("run-1", { after: seq, limit: 10 })).lastSeq).toBe(seq + 1);
    }
    admin.disconnect();
  });

  test("is killed and started again, what was appended is there, in order and once", async () => {
    await using server = await startServer("--appendonly", "yes", "--appendfsync", "always");
    await using backend = await redis({ url: server.url, checkpoints: false });
    await start(backend, "run-1");
    const reader = read(backend, "run-1");
    const write = async () => {
      for (let seq = 2; seq < 400; seq += 2) {
        const batch = writtenBatch(seq, 2);
        const at = { after: seq, epoch: 1 };
        await whileUnavailable(() => backend.events.append("run-1", batch, at));
      }
      const end = [statusChanged(401, "succeeded")];
      const patch = { status: "succeeded" } as const;
      const at = { after: 400, epoch: 1, patch };
      await whileUnavailable(() => backend.events.append("run-1", end, at));
    };
    const writing = write();
    for (let i = 1; i <= 2; i++) {
      await until(() => reader.seqs.length > i * 100);
      await server.restart();
    }
    await writing;
    await until(() => reader.isDone);
    expect(reader.errors).toEqual([]);
    expect(reader.seqs).toEqual(Array.from({ length: 401 }, (_, i) => i + 1));
  }, 30_000);

  test("is away, calls say so after two seconds, and go well once it is back", async () => {
    await using server = await startServer("--appendonly", "yes", "--appendfsync", "always");
    await using backend = await redis({ url: server.url, checkpoints: false });
    await start(backend, "run-1");
    await server.kill();
    await expect(backend.ping()).rejects.toThrow(BackendUnavailableError);
    await expect(
      backend.events.append("run-1", writtenBatch(2, 1), { after: 2, epoch: 1 }),
    ).rejects.toThrow(BackendUnavailableError);
    await server.start();
    await whileUnavailable(() => backend.ping());
    await backend.events.append("run-1", writtenBatch(2, 1), { after: 2, epoch: 1 });
  }, 20_000);

  test("is full, a batch is refused whole with what to do, and taken once there is room", async () => {
    await using server = await startServer("--maxmemory", "20mb");
    await using backend = await redis({ url: server.url, checkpoints: false });
    const admin = new Redis(server.url);
    await start(backend, "run-1");
    await admin.config("SET", "maxmemory", "1mb");
    const append = () => backend.events.append("run-1", writtenBatch(2, 3), { after: 2, epoch: 1 });
    await expect(append()).rejects.toThrow(
      "Redis is out of memory: raise its maxmemory, or lower maxBytes and retentionMs",
    );
    await admin.config("SET", "maxmemory", "20mb");
    expect((await backend.events.read("run-1", { after: 0, limit: 10 })).lastSeq).toBe(2);
    await append();
    admin.disconnect();
  });

  test("wants a password, or is a replica, it is said at the start", async () => {
    await using server = await startServer("--requirepass", "secret");
    await expect(redis({ url: server.url, checkpoints: false })).rejects.toThrow(
      `Redis at 127.0.0.1:${server.port} wants another password: give it in the url, redis://user:password@host:6379`,
    );
    await expect(redis({ url: server.url.replace("//", "//default:wrong@") })).rejects.toThrow(
      /wants another password/,
    );
    await using backend = await redis({ url: server.url.replace("//", "//default:secret@") });
    await backend.ping();
    await using replica = await startServer("--replicaof", "127.0.0.1", String(server.port));
    await expect(redis({ url: replica.url })).rejects.toThrow(
      `Redis at 127.0.0.1:${replica.port} is a replica: give the address of its primary`,
    );
  }, 20_000);

  test("may drop runs or lose them at a stop, a diagnosis says what to set", async () => {
    await using server = await startServer("--maxmemory-policy", "allkeys-lru");
    await using backend = await redis({ url: server.url, checkpoints: false });
    expect(await backend.diagnose?.()).toEqual([
      "Redis may drop runs when its memory is full (maxmemory-policy is allkeys-lru): CONFIG SET maxmemory-policy noeviction",
      "Redis loses what was stored since its last snapshot when it stops (appendonly is no): CONFIG SET appendonly yes",
    ]);
    const admin = new Redis(server.url);
    await admin.config("SET", "maxmemory-policy", "noeviction");
    await admin.config("SET", "appendonly", "yes");
    expect(await backend.diagnose?.()).toEqual([]);
    admin.disconnect();
  });
});

/** Follows a run as a subscription does. */
function read(backend: Backend, runId: string) {
  const tails = new Tails(backend.wakeups, backend.events, true);
  const found = {
    seqs: [] as number[],
    errors: [] as unknown[],
    isDone: false,
    stop: () => following.close(),
  };
  const following = follow({
    runId,
    after: 0,
    tails,
    observer: {
      next(page: EventPage) {
        found.seqs.push(...page.events.map(({ seq }) => seq));
        following.pull();
      },
      error(error: unknown) {
        found.errors.push(error);
      },
      complete() {
        found.isDone = true;
      },
    },
  });
  following.pull();
  return found;
}

/** Creates a run and executes it up to its second event. */
async function start({ runs, events }: Backend, id: string): Promise<void> {
  await runs.create(newRun({ id }), queued());
  await runs.claim({ ...LEASE, runId: id });
  const patch = { status: "running" } as const;
  await events.append(id, [statusChanged(2, "running")], { after: 1, epoch: 1, patch });
}
