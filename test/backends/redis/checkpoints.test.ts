import { randomUUID } from "node:crypto";
import { MemorySaver } from "@langchain/langgraph";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NOBODY } from "../../../src/access/caller.ts";
import type { Backend } from "../../../src/backend.ts";
import { redis } from "../../../src/backends/redis/index.ts";
import { StaleWriterError } from "../../../src/errors.ts";
import { newRun, queued } from "../../../src/testing/index.ts";
import { ended, interrupted, startEngine, startRun } from "../../support/engine.ts";
import { questions } from "../../support/questions.ts";
import {
  isPostgresReachable,
  POSTGRES_URL,
  temporarySchema,
  type TemporarySchema,
} from "../temporary-postgres.ts";
import { isRedisReachable, REDIS_URL, removeKeys } from "../temporary-redis.ts";

const LEASE = { owner: "worker-1", leaseMs: 600_000, limit: 10 };
const isReachable = (await isRedisReachable()) && (await isPostgresReachable());

describe.skipIf(!isReachable)("checkpoints in Postgres, of runs in Redis,", () => {
  const prefix = `test-${randomUUID()}`;
  let schema: TemporarySchema;
  let client: Redis;
  const backends: Backend[] = [];
  const open = async () => {
    const checkpoints = { postgres: POSTGRES_URL, schema: schema.name };
    const backend = await redis({ url: REDIS_URL, prefix, checkpoints });
    backends.push(backend);
    return backend;
  };
  const fences = async () =>
    (await schema.query(`SELECT run_id, epoch FROM ${schema.name}.fences ORDER BY run_id`)).map(
      ({ run_id: id, epoch }) => [id, Number(epoch)],
    );

  beforeAll(() => {
    client = new Redis(REDIS_URL);
    schema = temporarySchema();
  });
  afterAll(async () => {
    for (const backend of backends) await backend[Symbol.asyncDispose]();
    await removeKeys(client, prefix);
    client.disconnect();
    await schema[Symbol.asyncDispose]();
  });

  test("let any process go on with what another has begun", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    const gateway = startEngine(questions(["one"]), { backend: one, role: "gateway" });
    const worker = startEngine(questions(["one"]), { backend: other, role: "worker" });
    const run = await interrupted(gateway.engine, await startRun(gateway.engine));
    await worker.engine[Symbol.asyncDispose]();
    const next = startEngine(questions(["one"]), { backend: await open(), role: "worker" });
    const answers = run.interrupts.map(({ id }) => ({ interruptId: id, value: "yes" }));
    await gateway.engine.resume(run.id, answers, NOBODY);
    expect(await ended(next.engine, run)).toMatchObject({ status: "succeeded" });
    await gateway.engine[Symbol.asyncDispose]();
    await next.engine[Symbol.asyncDispose]();
  });

  test("are kept by the newest executor of a run alone", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    await one.runs.create(newRun({ id: "fenced" }), queued());
    await one.runs.claim({ ...LEASE, leaseMs: 1, runId: "fenced" });
    const zombie = one.checkpointerFor?.({ id: "fenced", epoch: 1 });
    await put(zombie, "checkpoint-1");
    await takeOver(other, "fenced");
    // The other has not written anything so far.
    await expect(put(zombie, "checkpoint-2")).rejects.toThrow(StaleWriterError);
    await expect(
      zombie?.putWrites(placeOf("checkpoint-1"), [["channel", 1]], "task-1"),
    ).rejects.toThrow(StaleWriterError);
    expect((await other.checkpointer?.getTuple(PLACE))?.checkpoint.id).toBe("checkpoint-1");
    await put(other.checkpointerFor?.({ id: "fenced", epoch: 2 }), "checkpoint-3");
    expect((await other.checkpointer?.getTuple(PLACE))?.checkpoint.id).toBe("checkpoint-3");
  });

  test("remember epochs that a failover of Redis has lost, so that none is given twice", async () => {
    const backend = await open();
    await backend.runs.create(newRun({ id: "lost" }), queued());
    for (let epoch = 1; epoch <= 3; epoch++) {
      const [run] = await backend.runs.claim({ ...LEASE, runId: "lost" });
      expect(run?.epoch).toBe(epoch);
      await backend.events.append("lost", [], { after: 1, epoch, patch: { owner: null } });
    }
    await client.hset(`{${prefix}}:run:lost`, { epoch: 0 });
    const [run] = await backend.runs.claim({ ...LEASE, runId: "lost" });
    expect(run?.epoch).toBe(4);
    expect(await backend.runs.get("lost")).toEqual(run);
    await backend.events.append("lost", [], { after: 1, epoch: 4, patch: { owner: null } });
  });

  test("are no longer fenced once their runs are forgotten", async () => {
    const backend = await open();
    const before = await fences();
    for (const id of ["gone-1", "gone-2"]) {
      await backend.runs.create(newRun({ id, threadId: `thread of ${id}` }), queued());
      const [run] = await backend.runs.claim({ ...LEASE, runId: id });
      const { body, patch } = { body: "cancelled", patch: { status: "cancelled" } } as const;
      const event = { ...queued(), seq: 2, attempt: 1, status: body };
      await backend.events.append(id, [event], { after: 1, epoch: run?.epoch ?? 0, patch });
    }
    expect(await fences()).toHaveLength(before.length + 2);
    await backend.runs.delete(["gone-1"]);
    await backend.runs.deleteThread("thread of gone-2");
    expect(await fences()).toEqual(before);
  });

  test("may go through a pool that is given, which is left open", async () => {
    const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 3 });
    const checkpoints = { postgres: pool, schema: schema.name };
    const backend = await redis({ url: REDIS_URL, prefix, checkpoints });
    await backend.ping();
    await backend.store?.put(["a"], "k", { n: 1 });
    await backend[Symbol.asyncDispose]();
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await pool.end();
    expect((await (await open()).store?.get(["a"], "k"))?.value).toEqual({ n: 1 });
  });

  test("that cannot be opened close the connection to Redis as well, and say why", async () => {
    const named = `closed-${randomUUID()}`;
    const given = new Redis(REDIS_URL, { connectionName: named });
    const checkpoints = { postgres: "postgres://postgres@127.0.0.1:1/test" };
    await expect(redis({ client: given, prefix, checkpoints })).rejects.toThrow(/127\.0\.0\.1:1/);
    const count = async () =>
      String(await client.client("LIST")).split(` name=${named} `).length - 1;
    await expect.poll(count).toBe(1);
    given.disconnect();
  });
});

describe.skipIf(!isReachable)("without Postgres", () => {
  test("a saver may be given, and a diagnosis says when there is none", async () => {
    const prefix = `test-${randomUUID()}`;
    const saver = new MemorySaver();
    await using given = await redis({ url: REDIS_URL, prefix, checkpoints: { saver } });
    expect([given.checkpointer, given.store]).toEqual([saver, undefined]);
    await using none = await redis({ url: REDIS_URL, prefix });
    expect(none.checkpointer).toBeUndefined();
    expect(await none.diagnose?.()).toContainEqual(
      expect.stringMatching(/^Graphs without a checkpointer of their own get none/),
    );
    await using meant = await redis({ url: REDIS_URL, prefix, checkpoints: false });
    expect(JSON.stringify(await meant.diagnose?.())).not.toMatch(/checkpointer/);
    const client = new Redis(REDIS_URL);
    await removeKeys(client, prefix);
    client.disconnect();
  });
});

const PLACE = { configurable: { thread_id: "fenced", checkpoint_ns: "" } };

function placeOf(checkpointId: string) {
  return { configurable: { ...PLACE.configurable, checkpoint_id: checkpointId } };
}

async function put(saver: Backend["checkpointer"], id: string): Promise<void> {
  const checkpoint = {
    v: 4,
    id,
    ts: "",
    channel_values: { n: 1 },
    channel_versions: {},
    versions_seen: {},
  };
  await saver?.put(PLACE, checkpoint, { source: "loop", step: 1, parents: {} }, {});
}

/** As soon as the present lease has expired. */
async function takeOver({ runs }: Backend, runId: string): Promise<void> {
  await expect
    .poll(async () => (await runs.claim({ ...LEASE, owner: "worker-2", runId })).length)
    .toBe(1);
}
