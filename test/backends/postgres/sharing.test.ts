import { Annotation, START, StateGraph } from "@langchain/langgraph";
import pg from "pg";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Backend } from "../../../src/backend.ts";
import { postgres } from "../../../src/backends/postgres/index.ts";
import { BEGIN, checkOut } from "../../../src/backends/postgres/connection.ts";
import { StaleWriterError } from "../../../src/errors.ts";
import type { EventPage } from "../../../src/events/event-log.ts";
import { follow } from "../../../src/events/follow.ts";
import { Tails } from "../../../src/events/tail.ts";
import { newRun, queued, writtenBatch } from "../../../src/testing/index.ts";
import { until } from "../../support/until.ts";
import {
  isPostgresReachable,
  POSTGRES_URL,
  postgresIn,
  temporarySchema,
} from "../temporary-postgres.ts";

const LONG_LEASE_MS = 600_000;

describe.skipIf(!(await isPostgresReachable()))("processes that share a schema", () => {
  const schema = temporarySchema();
  const backends: Backend[] = [];
  afterEach(async () => {
    await Promise.all(backends.splice(0).map((backend) => backend[Symbol.asyncDispose]()));
  });
  afterAll(() => schema[Symbol.asyncDispose]());

  async function join(): Promise<Backend> {
    const backend = await postgresIn(schema);
    backends.push(backend);
    return backend;
  }

  async function running(backend: Backend, id: string, leaseMs = LONG_LEASE_MS): Promise<void> {
    await backend.runs.create(newRun({ id }), queued());
    await backend.runs.claim({ owner: "worker-1", leaseMs, limit: 1, runId: id });
  }

  test("each run is given to one of those who claim at the same time", async () => {
    const processes = await Promise.all([join(), join(), join(), join()]);
    const [first] = processes;
    const ids = Array.from({ length: 60 }, (_, i) => `claimed-${i}`);
    for (const [i, id] of ids.entries()) {
      await first.runs.create(
        newRun({ id, workflow: "claimed", viewer: `viewer-${i % 7}`, createdAt: new Date(i) }),
        queued(),
      );
    }
    const given: string[] = [];
    const claimAll = async (backend: Backend, owner: string) => {
      for (;;) {
        const runs = await backend.runs.claim({
          owner,
          leaseMs: LONG_LEASE_MS,
          limit: 3,
          workflows: ["claimed"],
        });
        for (const run of runs) expect([run.owner, run.epoch]).toEqual([owner, 1]);
        given.push(...runs.map(({ id }) => id));
        if (runs.length === 0) return;
      }
    };
    await Promise.all(processes.flatMap((p, i) => [claimAll(p, `a-${i}`), claimAll(p, `b-${i}`)]));
    expect(given.toSorted()).toEqual(ids.toSorted());
  });

  test("no viewer gets more than maxPerViewer, however many claim at the same time", async () => {
    const processes = await Promise.all([join(), join(), join(), join()]);
    const [first] = processes;
    for (let i = 0; i < 20; i++) {
      await first.runs.create(
        newRun({ id: `bound-${i}`, workflow: "bound", viewer: "ann", createdAt: new Date(i) }),
        queued(),
      );
    }
    const claims = await Promise.all(
      processes.map(({ runs }) =>
        runs.claim({
          owner: "worker",
          leaseMs: LONG_LEASE_MS,
          limit: 3,
          maxPerViewer: 5,
          workflows: ["bound"],
        }),
      ),
    );
    expect(claims.flat()).toHaveLength(5);
  });

  test("of two that create a run on one thread at the same time, one is told that it is busy", async () => {
    const processes = await Promise.all([join(), join()]);
    for (let i = 0; i < 10; i++) {
      const results = await Promise.allSettled(
        processes.map(({ runs }, n) =>
          runs.create(newRun({ id: `busy-${i}-${n}`, threadId: `thread-${i}` }), queued()),
        ),
      );
      expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    }
  });

  test("of two that create the same run at the same time, one stores it and both get it", async () => {
    const processes = await Promise.all([join(), join()]);
    for (let i = 0; i < 10; i++) {
      const results = await Promise.all(
        processes.map(({ runs }) => runs.create(newRun({ id: `same-${i}` }), queued())),
      );
      expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
    }
  });

  test("who waits for a thread's turn is taken up when a run ends, even if it comes at that moment", async () => {
    const [one, other] = await Promise.all([join(), join()]);
    for (let i = 0; i < 15; i++) {
      const threadId = `turn-${i}`;
      await one.runs.create(newRun({ id: `first-${i}`, threadId }), queued());
      await one.runs.claim({ owner: "w", leaseMs: LONG_LEASE_MS, limit: 1, runId: `first-${i}` });
      const cancelled = { kind: "status", status: "cancelled" } as const;
      await Promise.all([
        one.events.append(`first-${i}`, [{ ...queued(), seq: 2, attempt: 1, ...cancelled }], {
          after: 1,
          epoch: 1,
          patch: { status: "cancelled" },
        }),
        other.runs.create(
          newRun({
            id: `second-${i}`,
            workflow: "turns",
            threadId,
            createdAt: new Date(Date.UTC(2027, 0, 1)),
          }),
          queued(),
          {
            mayWait: true,
          },
        ),
      ]);
      const claimed = await other.runs.claim({
        owner: "w",
        leaseMs: LONG_LEASE_MS,
        limit: 9,
        workflows: ["turns"],
      });
      expect(claimed.map(({ id }) => id)).toEqual([`second-${i}`]);
    }
  });

  test("a wake-up reaches listeners in other processes, and those of its own once", async () => {
    const [one, other] = await Promise.all([join(), join()]);
    const calls = { own: 0, other: 0, last: 0 };
    await one.wakeups.subscribe("run-1", () => calls.own++);
    await other.wakeups.subscribe("run-1", () => calls.other++);
    await other.wakeups.subscribe("last", () => calls.last++);
    one.wakeups.notify("run-1");
    one.wakeups.notify("last");
    await until(() => calls.last === 1);
    expect(calls).toEqual({ own: 1, other: 1, last: 1 });
  });

  test("a thousand topics at once arrive, though they do not fit into one notification", async () => {
    const [one, other] = await Promise.all([join(), join()]);
    const topics = Array.from({ length: 1_000 }, (_, i) => `${"ü".repeat(30)}-${i}`);
    const woken = new Set<string>();
    for (const topic of topics) await other.wakeups.subscribe(topic, () => woken.add(topic));
    for (const topic of topics) one.wakeups.notify(topic);
    await until(() => woken.size === topics.length);
  });

  test("when the connection that listens is killed, it is made again and everybody looks anew", async () => {
    const [one, other] = await Promise.all([join(), join()]);
    let calls = 0;
    await other.wakeups.subscribe("run-1", () => calls++);
    await killListeners();
    // Nobody has notified: both may have missed something.
    await until(() => calls > 0);
    const before = calls;
    one.wakeups.notify("run-1");
    await until(() => calls > before);
  });

  test("a reader misses nothing while the connection that listens is killed again and again", async () => {
    const [one, other] = await Promise.all([join(), join()]);
    await running(one, "followed");
    const total = 200;
    const seen: number[] = [];
    const tails = new Tails(other.wakeups, other.events);
    const pages = follow({
      runId: "followed",
      after: 0,
      tails,
      observer: {
        next({ events }: EventPage) {
          seen.push(...events.map(({ seq }) => seq));
          pages.pull();
        },
        error(error) {
          throw error;
        },
        complete() {},
      },
    });
    pages.pull();
    for (let after = 1; after < total; after++) {
      await one.events.append("followed", writtenBatch(after, 1), { after, epoch: 1 });
      one.wakeups.notify("followed");
      if (after % 50 === 0) await killListeners();
    }
    await until(() => seen.length >= total);
    pages.close();
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  });

  test("a zombie's checkpoints are refused once another has taken its run over", async () => {
    const [one, other] = await Promise.all([join(), join()]);
    await running(one, "zombie", 1);
    const graph = (backend: Backend, epoch: number) =>
      new StateGraph(Annotation.Root({ count: Annotation<number> }))
        .addNode("add", ({ count }) => ({ count: count + 1 }))
        .addEdge(START, "add")
        .compile({ checkpointer: backend.checkpointerFor?.({ id: "zombie", epoch }) ?? false });
    const config = { configurable: { thread_id: "zombie" }, durability: "sync" as const };
    expect(await graph(one, 1).invoke({ count: 1 }, config)).toEqual({ count: 2 });
    await until(async () => {
      const claim = { owner: "worker-2", leaseMs: LONG_LEASE_MS, limit: 1, runId: "zombie" };
      return (await other.runs.claim(claim)).length === 1;
    });
    const before = await other.checkpointer?.getTuple(config);
    const late = graph(one, 1).invoke({ count: 10 }, config);
    await expect(late).rejects.toThrow(StaleWriterError);
    const saver = one.checkpointerFor?.({ id: "zombie", epoch: 1 });
    const writes = saver?.putWrites(before?.config ?? {}, [["count", 1]], "task-1");
    await expect(writes).rejects.toThrow(StaleWriterError);
    expect(await other.checkpointer?.getTuple(config)).toEqual(before);
    expect(await graph(other, 2).invoke({ count: 5 }, config)).toEqual({ count: 6 });
  });

  test("who takes a run over waits for the checkpoint that is being written", async () => {
    const one = await join();
    await running(one, "overtaken", 1);
    const client = new pg.Client(POSTGRES_URL);
    await client.connect();
    // As the saver does in its transaction.
    await client.query("BEGIN");
    await client.query(
      `SELECT FROM ${schema.name}.runs WHERE id = 'overtaken' AND epoch = 1 FOR SHARE`,
    );
    let isTaken = false;
    const claim = { owner: "worker-2", leaseMs: LONG_LEASE_MS, limit: 1, runId: "overtaken" };
    const taking = until(async () => (await one.runs.claim(claim)).length === 1).then(() => {
      isTaken = true;
    });
    await until(async () => {
      const [row] = await schema.query(
        "SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted",
      );
      return row?.["waiting"] !== 0;
    });
    expect(isTaken).toBe(false);
    await client.query("COMMIT");
    await taking;
    await client.end();
  });

  test("branches of one thread do not read each other's values", async () => {
    const { checkpointer } = await join();
    const graph = new StateGraph(Annotation.Root({ count: Annotation<number> }))
      .addNode("add", ({ count }) => ({ count: count + 1 }))
      .addEdge(START, "add")
      .compile({ checkpointer: checkpointer ?? false });
    const config = { configurable: { thread_id: "branches" }, durability: "sync" as const };
    await graph.invoke({ count: 1 }, config);
    const { config: fork } = await graph.getState(config);
    await graph.invoke({ count: 10 }, config);
    expect((await graph.getState(config)).values).toEqual({ count: 11 });
    await graph.invoke({ count: 100 }, { ...fork, durability: "sync" });
    expect((await graph.getState(config)).values).toEqual({ count: 101 });
  });

  test("tasks on one thread exclude each other in all processes, and any number may wait", async () => {
    const processes = await Promise.all([join(), join(), join()]);
    let inside = 0;
    let done = 0;
    const task = async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside--;
      done++;
    };
    await Promise.all(
      processes.flatMap(({ threadLocks }) =>
        // More than there are connections.
        Array.from({ length: 20 }, () => threadLocks.run("shared", task)),
      ),
    );
    expect(done).toBe(60);
  });

  test("a thread whose holder died is free within ten seconds", async () => {
    const [dead, other] = await Promise.all([join(), join()]);
    await new Promise<void>((resolve) => {
      void dead.threadLocks.run("left", () => {
        resolve();
        return new Promise(() => {});
      });
    });
    // It prolongs nothing any more.
    await dead[Symbol.asyncDispose]();
    const lock = `${schema.name}.thread_locks WHERE thread_id = 'left'`;
    const [row] = await schema.query(`SELECT until - ${schema.name}.now_ms() AS left FROM ${lock}`);
    expect(Number(row?.["left"])).toBeLessThan(10_000);
    const taken = other.threadLocks.run("left", async () => "taken");
    await schema.query(`UPDATE ${schema.name}.thread_locks SET until = 0 WHERE thread_id = 'left'`);
    expect(await taken).toBe("taken");
  });

  test("readers that come and go leave no connections behind", async () => {
    const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 5 });
    const backend = await postgres({ pool, schema: schema.name });
    await running(backend, "popular");
    const tails = new Tails(backend.wakeups, backend.events);
    for (let round = 0; round < 10; round++) {
      let delivered = 0;
      const readers = Array.from({ length: 100 }, () =>
        follow({
          runId: "popular",
          after: 0,
          tails,
          observer: { next: () => delivered++, error: () => {}, complete: () => {} },
        }),
      );
      for (const reader of readers) reader.pull();
      await until(() => delivered === 100);
      // They watch what is to come, and hold nothing for it but the one connection that listens.
      for (const reader of readers) reader.pull();
      await until(() => pool.totalCount - pool.idleCount === 1);
      for (const reader of readers) reader.close();
    }
    expect(pool.totalCount).toBeLessThanOrEqual(5);
    await backend[Symbol.asyncDispose]();
    expect(pool.totalCount - pool.idleCount).toBe(0);
    await pool.end();
  });

  test("when all connections break, calls that may be repeated are, and batches come once", async () => {
    const backend = await join();
    await running(backend, "broken");
    const total = 300;
    const killing = (async () => {
      for (let i = 0; i < 6; i++) {
        await killAll();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    for (let after = 1; after < total; after++) {
      await backend.events.append("broken", writtenBatch(after, 1), { after, epoch: 1 });
      await backend.runs.renew({ owner: "worker-1", leaseMs: LONG_LEASE_MS, runIds: ["broken"] });
    }
    await killing;
    const { events, lastSeq } = await backend.events.read("broken", { after: 0, limit: 1_000 });
    expect(lastSeq).toBe(total);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  });

  test("a process that stands still amid a transaction does not keep others from its run", async () => {
    const backend = await join();
    await running(backend, "frozen", 1);
    const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 2 });
    const frozen = await checkOut(pool);
    await frozen.query({ text: BEGIN });
    await frozen.query({ text: `SELECT FROM ${schema.name}.runs WHERE id = 'frozen' FOR UPDATE` });
    const claim = { owner: "worker-2", leaseMs: LONG_LEASE_MS, limit: 1, runId: "frozen" };
    expect(await backend.runs.claim(claim)).toHaveLength(1);
    frozen.release(true);
    await pool.end();
  });

  /** Of all processes with this schema. */
  function killListeners(): Promise<unknown> {
    return schema.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE query = 'LISTEN "${schema.name}"' AND pid <> pg_backend_pid()`,
    );
  }

  function killAll(): Promise<unknown> {
    return schema.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE query LIKE '%${schema.name}%' AND pid <> pg_backend_pid()`,
    );
  }
});
