import assert from "node:assert/strict";
import fc from "fast-check";
import { afterEach, beforeEach, test, vi } from "vitest";
import { Conflation } from "../../src/api/conflation.ts";
import { EventStream } from "../../src/api/event-stream.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import {
  eventOf,
  isProgress,
  seqsOf,
  TASKS,
  wronglyLeftOut,
  type Happening,
} from "../support/conflation-events.ts";
import { Consumer } from "../support/event-stream-consumer.ts";
import { STREAM_OPTIONS } from "../support/event-stream-options.ts";
import { GivenPages } from "../support/event-stream-pages.ts";

const TICK_MS = 10_000;

const happening = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ what: fc.constant("progress"), task: fc.nat(TASKS.length - 1) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom("note", "start") }) },
) as fc.Arbitrary<Happening>;

/** What may happen to a stream. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name: fc.constant("pull") }) },
  {
    weight: 4,
    arbitrary: fc.record({
      name: fc.constant("give"),
      page: fc.array(happening, { minLength: 1, maxLength: 8, size: "max" }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      name: fc.constant("wait"),
      ms: fc.oneof(fc.nat(200), fc.constantFrom(333, 334, 1_000, 5_000, 9_999, TICK_MS)),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const options = fc.record({
  maxRate: fc.constantFrom(undefined, undefined, 0.1, 3, 10, 1_000),
  only: fc.constantFrom(
    undefined,
    new Set(["ProgressEvent"]),
    new Set(["NodeEvent"]),
    new Set(["ProgressEvent", "CustomEvent"]),
  ),
  wantsTicks: fc.boolean(),
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const ending = fc.constantFrom("ends", "fails", "is left");

// oxlint-disable-next-line vitest/expect-expect -- the model asserts
test("a stream sends what is wanted in order, thinned out by maxRate alone, and tells its cursor in time, however it is read", () => {
  const property = fc.property(
    options,
    fc.array(step, { maxLength: 60, size: "max" }),
    ending,
    (given, steps, how) => {
      const model = new Model(given);
      for (const next of steps) model.take(next);
      if (how === "is left") model.leave();
      else model.finish(how === "fails");
    },
  );
  fc.assert(property, { numRuns: 1_000 });
});

interface Options {
  readonly maxRate: number | undefined;
  readonly only: ReadonlySet<string> | undefined;
  readonly wantsTicks: boolean;
}

/** A stream, and the simplest account of what is to be heard of it. */
class Model {
  readonly #options: Options;
  readonly #pages = new GivenPages();
  readonly #consumer: Consumer;
  readonly #log: RunEvent[] = [];
  #leaves = 0;
  /** How much of what was heard has been looked at, and when progress, and anything, was sent last. */
  #seen = 0;
  #progressSentAt = Number.NEGATIVE_INFINITY;
  #sentAt = Date.now();

  constructor({ maxRate, ...given }: Options) {
    this.#options = { maxRate, ...given };
    this.#consumer = new Consumer(
      new EventStream({
        ...STREAM_OPTIONS,
        ...given,
        follow: this.#pages.follow,
        conflation: maxRate === undefined ? undefined : new Conflation(maxRate),
        onLeave: () => (this.#leaves += 1),
      }),
    );
  }

  take(next: Step): void {
    switch (next.name) {
      case "pull":
        this.#consumer.pull();
        break;
      case "give":
        if (this.#pages.isAsked) this.#give(next.page);
        break;
      case "wait":
        vi.advanceTimersByTime(next.ms);
        break;
    }
    // What is overdue when somebody asks is sent by a timer, too.
    vi.advanceTimersByTime(1);
    this.#look();
    this.#checkIsInTime();
  }

  leave(): void {
    const { heard } = this.#consumer;
    this.#consumer.close();
    vi.advanceTimersByTime(2 * TICK_MS);
    assert.deepEqual(this.#consumer.heard, heard);
    this.#checkIsOver(1);
  }

  finish(fails: boolean): void {
    const error = new Error("The log is down");
    while (!this.#consumer.end) {
      this.#consumer.pull();
      if (!this.#consumer.isWaiting) continue;
      if (fails) this.#pages.fail(error);
      else if (this.#log.at(-1)?.kind === "status") this.#pages.end();
      else this.#give([{ what: "note" }, { what: "failed" }]);
    }
    this.#checkIsOver(fails ? 1 : 0);
    assert.deepEqual(this.#consumer.end, fails ? { error } : {});
    if (!fails) this.#checkAllIsSent();
  }

  #give(page: readonly Happening[]): void {
    const events = page.map((one, i) => eventOf(one, this.#log.length + 1 + i));
    this.#log.push(...events);
    this.#pages.give(...events);
  }

  /** Notes when what is new was sent, at the latest. */
  #look(): void {
    const sent = this.#consumer.items.slice(this.#seen);
    this.#seen += sent.length;
    if (sent.length > 0) this.#sentAt = Date.now();
    if (sent.some(({ event }) => isProgress(event))) this.#progressSentAt = Date.now();
  }

  /** As long as the consumer waits, nothing is overdue. */
  #checkIsInTime(): void {
    const { maxRate, wantsTicks } = this.#options;
    if (!this.#consumer.isWaiting || !this.#pages.isAsked) return;
    const told = this.#consumer.items.at(-1)?.event.seq ?? 0;
    const untold = this.#log.slice(told);
    const heldBack = untold.filter((event) => this.#isWanted(event));
    if (heldBack.length > 0) {
      assert.ok(maxRate !== undefined && heldBack.every(isProgress));
      assert.ok(Date.now() <= this.#progressSentAt + 1_000 / maxRate + 1);
    }
    const isTold = heldBack.length === untold.length;
    assert.ok(!wantsTicks || isTold || Date.now() <= this.#sentAt + TICK_MS + 1);
  }

  #checkIsOver(leaves: number): void {
    assert.deepEqual(this.#consumer.faults, []);
    assert.deepEqual([this.#pages.isClosed, vi.getTimerCount()], [true, 0]);
    assert.equal(this.#leaves, leaves);
    const { items } = this.#consumer;
    const seqs = seqsOf(items);
    assert.deepEqual(
      seqs,
      [...new Set(seqs)].toSorted((a, b) => a - b),
    );
    for (const { kind, event } of items) {
      if (kind === "event") assert.ok(this.#isWanted(event));
      if (kind === "tick") assert.ok(this.#options.wantsTicks && !this.#isWanted(event));
    }
  }

  #checkAllIsSent(): void {
    const { maxRate, only, wantsTicks } = this.#options;
    const { items } = this.#consumer;
    const wanted = this.#log.filter((event) => this.#isWanted(event));
    const sent = items.filter(({ kind }) => kind === "event").map(({ event }) => event);
    if (maxRate === undefined) assert.deepEqual(sent, wanted);
    assert.deepEqual(wronglyLeftOut(wanted, sent), []);
    // The run failed, and that comes last, one way or the other.
    assert.deepEqual(
      [items.at(-1)?.kind, items.at(-1)?.event],
      [only ? "failure" : "event", this.#log.at(-1)],
    );
    const ticks = items.filter(({ kind }) => kind === "tick");
    assert.ok(wantsTicks || ticks.length === 0);
  }

  #isWanted(event: RunEvent): boolean {
    const { only } = this.#options;
    return !only || only.has(STREAM_OPTIONS.typeNameOf(event));
  }
}
