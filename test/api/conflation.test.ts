import assert from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Conflation } from "../../src/api/conflation.ts";
import type { StreamItem } from "../../src/api/event-stream.ts";
import {
  eventOf,
  isProgress,
  seqsOf,
  TASKS,
  wronglyLeftOut,
  type Happening,
} from "../support/conflation-events.ts";
import { range } from "../support/stepped.ts";

const RUN = { id: "run-1", createdAt: new Date(0), workflow: "work" };

/** Items of a stream, numbered from `from`. */
function itemsOf(from: number, ...happenings: readonly Happening[]): readonly StreamItem[] {
  return happenings.map((happening, i) => ({
    kind: happening.what === "failed" ? "failure" : "event",
    run: RUN,
    event: eventOf(happening, from + i),
  }));
}

const progress = (task: number): Happening => ({ what: "progress", task });
const note: Happening = { what: "note" };

test("the first progress is sent at once, and of what comes within the interval the newest when it is over", () => {
  const conflation = new Conflation(10);
  expect(seqsOf(conflation.add(itemsOf(1, progress(0)), 1_000))).toEqual([1]);
  expect(conflation.dueAt).toBeUndefined();
  expect(conflation.add(itemsOf(2, progress(0)), 1_001)).toEqual([]);
  expect(conflation.add(itemsOf(3, progress(0), progress(0)), 1_050)).toEqual([]);
  expect(conflation.dueAt).toBe(1_100);
  expect(conflation.add([], 1_099)).toEqual([]);
  expect(seqsOf(conflation.add([], 1_100))).toEqual([4]);
  expect(conflation.dueAt).toBeUndefined();
});

test("each task's newest is sent, in the order of seq", () => {
  const conflation = new Conflation(10);
  const items = itemsOf(1, ...TASKS.map((_, task) => progress(task)), progress(2), progress(0));
  const [first, second] = [TASKS.length + 1, TASKS.length + 2];
  const untouched = range(1, TASKS.length).filter((seq) => seq !== 1 && seq !== 3);
  expect(seqsOf(conflation.add(items, 0))).toEqual([...untouched, first, second]);
});

test("anything else is sent at once, with what is held before it and what comes after it held", () => {
  const conflation = new Conflation(10);
  conflation.add(itemsOf(1, progress(0)), 0);
  const items = itemsOf(2, progress(0), progress(0), progress(1), note, progress(0), progress(0));
  expect(seqsOf(conflation.add(items, 1))).toEqual([3, 4, 5]);
  expect(seqsOf(conflation.add(itemsOf(8, { what: "failed" }), 2))).toEqual([7, 8]);
});

test("a rate below one a second holds for as long", () => {
  const conflation = new Conflation(0.1);
  conflation.add(itemsOf(1, progress(0), note, progress(0)), 0);
  expect(conflation.dueAt).toBe(10_000);
});

/** A call of a conflation, so many intervals after the one before. */
const call = fc.record({
  intervals: fc.oneof(fc.constantFrom(0, 0, 0, 1, 2), fc.double({ min: 0, max: 1.5, noNaN: true })),
  happenings: fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          what: fc.constant("progress"),
          task: fc.oneof(fc.nat(1), fc.nat(TASKS.length - 1)),
        }),
      },
      { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("note", "start", "failed") }) },
    ) as fc.Arbitrary<Happening>,
    { maxLength: 12, size: "max" },
  ),
  /** Whether all is asked for after that, as before a tick. */
  isFlushed: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
});

// oxlint-disable-next-line vitest/expect-expect -- node:assert, thousands of times
test("whatever comes and when: order is kept, only overtaken progress is left out, and no more often than maxRate is any sent unasked", () => {
  const property = fc.property(
    fc.constantFrom(0.1, 1, 3, 10, 30, 1_000),
    fc.array(call, { maxLength: 30, size: "max" }),
    (maxRate, calls) => {
      const conflation = new Conflation(maxRate);
      const intervalMs = 1_000 / maxRate;
      const given: StreamItem[] = [];
      const sent: StreamItem[] = [];
      let now = 1_700_000_000_000;
      let progressSentAt = Number.NEGATIVE_INFINITY;
      for (const { intervals, happenings, isFlushed } of calls) {
        now += intervals * intervalMs;
        const items = itemsOf(given.length + 1, ...happenings);
        given.push(...items);
        const isForced = happenings.some(({ what }) => what !== "progress");
        const added = conflation.add(items, now);
        if (added.some(({ event }) => isProgress(event))) {
          assert.ok(isForced || now >= progressSentAt + intervalMs);
          progressSentAt = now;
        }
        sent.push(...added);
        // What is due is not held.
        assert.ok(conflation.dueAt === undefined || conflation.dueAt > now);
        const isAllSent = sent.at(-1) === given.at(-1);
        assert.equal(conflation.dueAt === undefined, isAllSent);
        if (!isFlushed) continue;
        const flushed = conflation.flush(now);
        assert.equal(flushed.length === 0, isAllSent);
        if (flushed.length > 0) progressSentAt = now;
        sent.push(...flushed);
        assert.equal(sent.at(-1), given.at(-1));
      }
      sent.push(...conflation.flush(now));
      assert.deepEqual([conflation.dueAt, conflation.flush(now)], [undefined, []]);
      const seqs = seqsOf(sent);
      assert.deepEqual(
        seqs,
        [...new Set(seqs)].toSorted((a, b) => a - b),
      );
      // The very items that came.
      assert.ok(sent.every((item) => given[item.event.seq - 1] === item));
      const [wanted, got] = [given, sent].map((items) => items.map(({ event }) => event));
      assert.deepEqual(wronglyLeftOut(wanted ?? [], got ?? []), []);
    },
  );
  fc.assert(property, { numRuns: 2_000 });
});

test("the tasks whose progress is held back may be any number", () => {
  const conflation = new Conflation(0.1);
  conflation.add(itemsOf(1, progress(0)), 0);
  for (const task of range(1, 200_000)) {
    const items = itemsOf(task + 1, progress(0));
    const ofTask = items.map((item) => ({ ...item, event: { ...item.event, taskId: `${task}` } }));
    conflation.add(ofTask, 1);
  }
  expect(conflation.add(itemsOf(200_002, note), 2)).toHaveLength(200_001);
});
