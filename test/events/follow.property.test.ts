import assert from "node:assert/strict";
import fc from "fast-check";
import { afterEach, beforeEach, test, vi } from "vitest";
import { memory } from "../../src/backends/memory/index.ts";
import { CursorExpiredError, ServiceStoppingError } from "../../src/errors.ts";
import { BUS_IS_DOWN } from "./support/held-wakeups.ts";
import { LOG_IS_DOWN } from "./support/held-reads.ts";
import type { Reader } from "./support/reader.ts";
import { settle } from "./support/settle.ts";
import { WatchedRun } from "./support/watched-run.ts";

const POLL_MS = 5_000;

/** What may happen to a run and to those who follow it. */
const step = fc.oneof(
  {
    weight: 4,
    // More than a page at times.
    arbitrary: fc.record({ name: fc.constant("append"), count: fc.constantFrom(1, 2, 3, 700) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      name: fc.constant("join"),
      /** How far behind the end of the log; beyond it at times. */
      behind: fc.oneof(fc.integer({ min: -2, max: 8 }), fc.constant(Infinity)),
      isFast: fc.boolean(),
      leavesAt: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 8 })),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      name: fc.constant("read"),
      which: fc.nat(3),
      outcome: fc.constantFrom("early", "late"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ name: fc.constant("fail"), which: fc.nat(3) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      name: fc.constant("subscribe"),
      isSure: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ name: fc.constant("wake"), times: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constant("pull"), who: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant("close"), who: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({ name: fc.constant("trim"), keep: fc.constantFrom(0, 3, 9, 600) }),
  },
  { weight: 4, arbitrary: fc.record({ name: fc.constant("turn") }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant("poll") }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What happens once at most, and where among the steps. */
const once = fc.option(fc.nat(60), { nil: Infinity });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

// oxlint-disable-next-line vitest/expect-expect -- the model asserts
test("whoever follows a run sees every event once and in order, whatever is lost, late or fails, and leaves nothing behind", async () => {
  const backend = memory({ checkpoints: false });
  let models = 0;
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 60, size: "max" }),
    once,
    once,
    async (steps, finishesAt, stopsAt) => {
      const run = new WatchedRun(backend, `run-${++models}`);
      await run.create();
      const model = new Model(run);
      for (const [index, next] of steps.entries()) {
        if (index === finishesAt) await run.finish();
        if (index === stopsAt) model.stop();
        await model.take(next);
      }
      await model.check();
    },
  );
  try {
    await fc.assert(property, { numRuns: 1_000 });
  } finally {
    await backend[Symbol.asyncDispose]();
  }
});

/** What must have become of the readers, by what happened. */
class Model {
  readonly #run: WatchedRun;
  #isWakeUpLost = false;
  #hasFailed = false;
  /** Where the log ended when the process began to stop. */
  #stoppedAt: number | undefined;

  constructor(run: WatchedRun) {
    this.#run = run;
  }

  stop(): void {
    this.#stoppedAt = this.#run.lastSeq;
    this.#run.tails.close();
  }

  async take(next: Step): Promise<void> {
    const { reads, wakeups, readers } = this.#run;
    switch (next.name) {
      case "append":
        return this.#run.append(next.count);
      case "join":
        this.#run.join({ ...next, after: Math.max(0, this.#run.lastSeq - next.behind) });
        return;
      case "read":
        return reads.settle(next.outcome, next.which);
      case "fail":
        this.#hasFailed ||= reads.waiting > 0;
        return reads.settle("failed", next.which);
      case "subscribe":
        this.#hasFailed ||= !next.isSure;
        return wakeups.settle(next.isSure);
      case "wake":
        this.#isWakeUpLost ||= wakeups.underWay > 0 && next.times === 0;
        return wakeups.deliver(next.times);
      case "pull":
        return readers[next.who % readers.length]?.pull();
      case "close":
        return readers[next.who % readers.length]?.close();
      case "trim":
        return this.#run.trim(next.keep);
      case "turn":
        return new Promise((resolve) => setImmediate(resolve));
      case "poll":
        vi.advanceTimersByTime(POLL_MS);
        return;
    }
  }

  async check(): Promise<void> {
    const run = this.#run;
    await settle(run);
    if (this.#isWakeUpLost) {
      vi.advanceTimersByTime(POLL_MS);
      await settle(run);
    }
    for (const reader of run.readers) {
      assert.deepEqual(reader.faults, []);
      if (!reader.isClosed) this.#checkOutcome(reader);
    }
    const live = run.readers.filter(({ isLive }) => isLive);
    assert.equal(run.tails.readersOf(run.id), live.length);
    assert.deepEqual([run.wakeups.listeners, vi.getTimerCount()], live.length ? [1, 1] : [0, 0]);
    for (const reader of live) reader.close();
    await settle(run);
    assert.deepEqual([run.wakeups.listeners, vi.getTimerCount()], [0, 0]);
    assert.equal(run.tails.readersOf(run.id), 0);
    for (const reader of run.readers) assert.deepEqual(reader.faults, []);
  }

  #checkOutcome({ end, after, last, seqs }: Reader): void {
    const { lastSeq, oldestSeq, isEnded } = this.#run;
    if (!end || !("error" in end)) {
      assert.equal(last, lastSeq);
      // It waits if there is something to wait for.
      assert.equal(end !== undefined, isEnded);
      assert.ok(end || this.#stoppedAt === undefined);
    } else if (end.error instanceof ServiceStoppingError) {
      assert.ok(this.#stoppedAt !== undefined && last >= this.#stoppedAt);
    } else if (end.error instanceof CursorExpiredError) {
      const { reason, oldestSeq: oldest, lastSeq: newest } = end.error;
      if (reason === "TRIMMED") assert.ok(last + 1 < oldest && oldest <= oldestSeq);
      else assert.ok(after > newest && seqs.length === 0);
    } else {
      assert.ok(end.error === LOG_IS_DOWN || end.error === BUS_IS_DOWN);
      assert.ok(this.#hasFailed);
    }
  }
}
