import assert from "node:assert/strict";
import * as fc from "fast-check";
import { test } from "vitest";
import type { Backend } from "../../src/backend.ts";
import { memory } from "../../src/backends/memory/index.ts";
import { StaleWriterError } from "../../src/errors.ts";
import type { RunEvent, RunStatus } from "../../src/events/run-event.ts";
import { newRun, queued, statusChanged, writtenBatch } from "../../src/testing/index.ts";
import { clockedPostgres, isPostgresReachable } from "./temporary-postgres.ts";
import { isRedisReachable, temporaryRedis } from "./temporary-redis.ts";
import { temporarySqlite } from "./temporary-sqlite.ts";

const LEASE_MS = 1_000;

/** What may happen to a run. Places are relative to the end of the log, so that many just miss. */
const step = fc.oneof(
  fc.record({ name: fc.constant("append"), count: fc.nat(5) }),
  fc.record({
    name: fc.constant("append elsewhere"),
    count: fc.nat(5),
    shift: fc.integer({ min: -5, max: 5 }),
  }),
  fc.record({
    name: fc.constant("append under another epoch"),
    count: fc.nat(5),
    lag: fc.integer({ min: -1, max: 2 }),
  }),
  fc.record({ name: fc.constant("repeat") }),
  fc.record({
    name: fc.constant("become"),
    status: fc.constantFrom("running", "interrupted", "succeeded"),
  }),
  fc.record({ name: fc.constant("let go") }),
  fc.record({ name: fc.constant("claim") }),
  fc.record({ name: fc.constant("wait"), ms: fc.nat(2 * LEASE_MS) }),
  fc.record({ name: fc.constant("trim"), keep: fc.integer({ min: -2, max: 9 }) }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One for all runs of the property, each with a run of its own: a file takes long to make. */
const BACKENDS: Readonly<
  Record<
    string,
    {
      readonly numRuns: number;
      create(clock: () => Date): Backend | Promise<Backend>;
      readonly isReachable?: boolean;
    }
  >
> = {
  memory: { numRuns: 500, create: (clock: () => Date) => memory({ checkpoints: false, clock }) },
  sqlite: { numRuns: 100, create: (clock: () => Date) => temporarySqlite({ clock }) },
  postgres: {
    numRuns: 40,
    create: (clock: () => Date) => clockedPostgres(clock),
    isReachable: await isPostgresReachable(),
  },
  redis: {
    numRuns: 50,
    create: (clock: () => Date) => temporaryRedis({ clock }),
    isReachable: await isRedisReachable(),
  },
};

for (const [name, { numRuns, create, isReachable = true }] of Object.entries(BACKENDS)) {
  // oxlint-disable-next-line vitest/expect-expect -- the model asserts
  test.skipIf(!isReachable)(
    `a log of the ${name} backend holds what its executors appended in turn, whatever else they try`,
    async () => {
      const time = { now: 0 };
      const backend = await create(() => new Date(time.now));
      let models = 0;
      const property = fc.asyncProperty(
        fc.array(step, { maxLength: 50 }),
        fc.nat(7),
        async (steps, limit) => {
          const model = new Model(backend, `run-${++models}`, time);
          await model.start();
          for (const next of steps) {
            await model.take(next);
            await model.check(limit);
          }
        },
      );
      try {
        await fc.assert(property, { numRuns });
      } finally {
        await backend[Symbol.asyncDispose]();
      }
    },
  );
}

/** A run in a backend, and beside it the simplest account of what it should be. */
class Model {
  readonly #backend: Backend;
  readonly #runId: string;
  readonly #time: { now: number };
  readonly #log: RunEvent[] = [queued()];
  #oldestSeq = 1;
  #epoch = 0;
  #status: RunStatus = "queued";
  #leaseUntil = 0;
  /** The newest batch of the present epoch. */
  #newest: { readonly batch: readonly RunEvent[]; readonly after: number } | undefined;

  constructor(backend: Backend, runId: string, time: { now: number }) {
    this.#backend = backend;
    this.#runId = runId;
    this.#time = time;
  }

  async start(): Promise<void> {
    await this.#backend.runs.create(newRun({ id: this.#runId }), queued());
  }

  async take(next: Step): Promise<void> {
    const lastSeq = this.#log.length;
    const epoch = this.#epoch;
    switch (next.name) {
      case "append":
        return this.#append(writtenBatch(lastSeq, next.count, epoch), { after: lastSeq, epoch });
      case "append elsewhere": {
        const after = Math.max(0, lastSeq + next.shift);
        return this.#append(writtenBatch(after, next.count, epoch), { after, epoch });
      }
      case "append under another epoch": {
        const stale = epoch - next.lag;
        const batch = writtenBatch(lastSeq, next.count, stale);
        return this.#append(batch, { after: lastSeq, epoch: stale });
      }
      case "repeat":
        return this.#newest && this.#append(this.#newest.batch, { ...this.#newest, epoch });
      case "become": {
        const isLegal = next.status === "running" || this.#status === "running";
        if (!isLegal && this.#status !== "succeeded") return;
        const batch = [statusChanged(lastSeq + 1, next.status, epoch)];
        return this.#append(batch, { after: lastSeq, epoch, patch: { status: next.status } });
      }
      case "let go":
        return this.#append([], { after: lastSeq, epoch, patch: { owner: null } });
      case "claim":
        return this.#claim();
      case "wait":
        this.#time.now += next.ms;
        return;
      case "trim":
        await this.#backend.events.trim(this.#runId, lastSeq - next.keep + 1);
        this.#oldestSeq = Math.max(this.#oldestSeq, Math.min(lastSeq - next.keep, lastSeq) + 1);
        return;
    }
  }

  async check(limit: number): Promise<void> {
    const lastSeq = this.#log.length;
    for (const after of [0, Math.max(0, lastSeq - 3), lastSeq, lastSeq + 2]) {
      assert.deepEqual(await this.#backend.events.read(this.#runId, { after, limit }), {
        events: this.#log.slice(Math.max(after, this.#oldestSeq - 1)).slice(0, limit),
        oldestSeq: this.#oldestSeq,
        lastSeq,
        closed: this.#status === "succeeded",
      });
    }
    const run = await this.#backend.runs.get(this.#runId);
    assert.deepEqual(
      [run?.status, run?.epoch, run?.lastSeq, run?.leaseUntil?.getTime() ?? 0],
      [this.#status, this.#epoch, lastSeq, this.#leaseUntil],
    );
  }

  async #append(
    batch: readonly RunEvent[],
    at: {
      readonly after: number;
      readonly epoch: number;
      readonly patch?: { readonly status?: RunStatus; readonly owner?: null };
    },
  ): Promise<void> {
    const isOwn = at.epoch === this.#epoch;
    const isRepeat =
      isOwn && this.#newest?.after === at.after && this.#newest.batch.length === batch.length;
    const isNext = isOwn && at.after === this.#log.length && this.#status !== "succeeded";
    const appended = this.#backend.events.append(this.#runId, batch, at);
    if (!isRepeat && !isNext) return assert.rejects(appended, StaleWriterError);
    await appended;
    if (isRepeat) return;
    this.#log.push(...batch);
    if (batch.length > 0) this.#newest = { batch, after: at.after };
    this.#status = at.patch?.status ?? this.#status;
    if (at.patch && at.patch.status !== "running") this.#leaseUntil = 0;
  }

  async #claim(): Promise<void> {
    const isFree = this.#status !== "succeeded" && this.#leaseUntil <= this.#time.now;
    const claim = { owner: "worker-1", leaseMs: LEASE_MS, limit: 1, runId: this.#runId };
    const claimed = await this.#backend.runs.claim(claim);
    assert.equal(claimed.length, isFree ? 1 : 0);
    if (!isFree) return;
    this.#epoch++;
    this.#leaseUntil = this.#time.now + LEASE_MS;
    this.#newest = undefined;
  }
}
