import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../../src/backend.ts";
import { StaleWriterError } from "../../../src/errors.ts";
import type { Run } from "../../../src/runs/run.ts";
import { newRun, queued, writtenBatch } from "../../../src/testing/index.ts";
import {
  isPostgresReachable,
  POSTGRES_URL,
  postgresIn,
  temporarySchema,
} from "../temporary-postgres.ts";

const RUNS = 20;

describe.skipIf(!(await isPostgresReachable()))("Postgres asked by many runs at once", () => {
  const schema = temporarySchema();
  let backend: Backend;
  beforeAll(async () => {
    backend = await postgresIn(schema);
  });
  afterAll(async () => {
    await backend[Symbol.asyncDispose]();
    await schema[Symbol.asyncDispose]();
  });

  async function claimedRuns(prefix: string): Promise<readonly Run[]> {
    for (let i = 0; i < RUNS; i++) {
      const id = `${prefix}-${i}`;
      await backend.runs.create(newRun({ id, threadId: id }), queued());
    }
    return backend.runs.claim({ owner: "worker-1", leaseMs: 600_000, limit: RUNS });
  }

  const lastSeqOf = async ({ id }: Run) => (await backend.runs.get(id))?.lastSeq;

  test("each batch is appended or refused by itself", async () => {
    const runs = await claimedRuns("each");
    const outcomes = await Promise.allSettled(
      runs.flatMap(({ id, lastSeq: after, epoch }, i) => {
        const isStale = i % 3 === 0;
        const append = (count: number) =>
          backend.events.append(id, writtenBatch(after, count, epoch), {
            after,
            epoch: isStale ? epoch - 1 : epoch,
          });
        // Two for one place: the other one comes too late.
        return i % 3 === 1 ? [append(2), append(3)] : [append(2)];
      }),
    );
    const refused = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(refused).toHaveLength(14);
    for (const reason of refused) expect(reason).toBeInstanceOf(StaleWriterError);
    for (const [i, run] of runs.entries()) {
      const { lastSeq, events } = await backend.events.read(run.id, { after: 0, limit: 10 });
      expect(events.map(({ seq }) => seq)).toEqual(
        Array.from({ length: lastSeq }, (_, j) => j + 1),
      );
      const appended = lastSeq - run.lastSeq;
      expect(i % 3 === 1 ? [2, 3] : [i % 3 === 0 ? 0 : 2]).toContain(appended);
    }
  });

  test("a run that somebody else holds keeps no other waiting", async () => {
    const [held, ...others] = await claimedRuns("held");
    if (!held) throw new Error("Nothing was claimed");
    const append = ({ id, lastSeq: after, epoch }: Run) =>
      backend.events.append(id, writtenBatch(after, 1, epoch), { after, epoch });
    const holder = new pg.Client(POSTGRES_URL);
    await holder.connect();
    try {
      await holder.query("BEGIN");
      await holder.query(`SELECT FROM ${schema.name}.runs WHERE id = $1 FOR UPDATE`, [held.id]);
      const waiting = append(held);
      await Promise.all(others.map(append));
      expect(await lastSeqOf(held)).toBe(held.lastSeq);
      await holder.query("COMMIT");
      await waiting;
      expect(await lastSeqOf(held)).toBe(held.lastSeq + 1);
    } finally {
      await holder.end();
    }
  });

  test("pages that are read together are each its run's own", async () => {
    const runs = await claimedRuns("pages");
    for (const [i, { id, lastSeq: after, epoch }] of runs.entries()) {
      await backend.events.append(id, writtenBatch(after, i + 1, epoch), { after, epoch });
    }
    const ids = [...runs.map(({ id }) => id), "nobody"];
    const together = await Promise.all(
      ids.map((id) => backend.events.read(id, { after: 1, limit: 15 })),
    );
    const alone = [];
    for (const id of ids) alone.push(await backend.events.read(id, { after: 1, limit: 15 }));
    expect(together).toEqual(alone);
    expect(together.map(({ events }) => events.length)).toEqual([
      ...runs.map((_, i) => Math.min(i + 1, 15)),
      0,
    ]);
  });
});
