import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { memory } from "../../src/backends/memory/index.ts";
import { CursorExpiredError, ServiceStoppingError } from "../../src/errors.ts";
import { Tails } from "../../src/events/tail.ts";
import { range } from "../support/stepped.ts";
import { BUS_IS_DOWN } from "./support/held-wakeups.ts";
import { LOG_IS_DOWN } from "./support/held-reads.ts";
import { Reader } from "./support/reader.ts";
import { settle } from "./support/settle.ts";
import { WatchedRun } from "./support/watched-run.ts";

const backend = memory({ checkpoints: false });
let runs = 0;
let run: WatchedRun;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  run = new WatchedRun(backend, `run-${++runs}`);
  await run.create();
});
afterEach(async () => {
  for (const reader of run.readers) {
    expect(reader.faults).toEqual([]);
    if (reader.isLive) reader.close();
  }
  await settle(run);
  expect(run.tails.readersOf(run.id)).toBe(0);
  expect([run.wakeups.listeners, vi.getTimerCount()]).toEqual([0, 0]);
  vi.useRealTimers();
});

test("a reader gets what there is, then what comes, and is told when the run has ended", async () => {
  await run.append(2);
  const reader = run.join();
  await settle(run);
  expect(reader.seqs).toEqual([1, 2, 3]);
  await run.append(1);
  await settle(run);
  expect([reader.seqs, reader.end]).toEqual([[1, 2, 3, 4], undefined]);
  await run.finish();
  await settle(run);
  expect([reader.seqs, reader.end]).toEqual([[1, 2, 3, 4, 5, 6], {}]);
});

test("a reader that has all of a run that has ended is told so at once", async () => {
  await run.finish();
  const reader = run.join({ after: run.lastSeq });
  await settle(run);
  expect([reader.seqs, reader.end]).toEqual([[], {}]);
});

test("nothing is read, and nobody listened to, before a reader asks; no more than it asks for", async () => {
  await run.append(1_000);
  const reader = run.join({ isFast: false });
  await setImmediate();
  expect([run.reads.count, run.wakeups.subscribing]).toEqual([0, 0]);
  reader.pull();
  run.wakeups.settle(true);
  await setImmediate();
  run.reads.settle("early");
  await setImmediate();
  expect(reader.last).toBe(500);
  await run.append(1);
  run.wakeups.deliver(1);
  await setImmediate();
  expect(run.reads.count).toBe(1);
});

test("what is appended while the log is being read is not missed, though its wake-up came meanwhile", async () => {
  const reader = run.join();
  run.wakeups.settle(true);
  await setImmediate();
  // Reads what is there, which is not much.
  await run.append(1);
  run.wakeups.deliver(1);
  run.reads.settle("early");
  await settle(run);
  expect(reader.seqs).toEqual([1, 2]);
});

test("a reader that was woken does not take a read for new that began before", async () => {
  const waiting = run.join({ after: 1 });
  const reading = run.join({ after: 1, isFast: false });
  await settle(run);
  reading.close();
  const late = run.join({ after: 1, isFast: false });
  late.pull();
  await setImmediate();
  expect(run.reads.waiting).toBe(1);
  await run.append(1);
  run.wakeups.deliver(1);
  expect(run.reads.waiting).toBe(2);
  await settle(run);
  expect([waiting.seqs, late.seqs]).toEqual([[2], [2]]);
});

test("a lost wake-up costs five seconds, not an event", async () => {
  const reader = run.join();
  await settle(run);
  await run.append(1);
  run.wakeups.deliver(0);
  await settle(run);
  expect(reader.seqs).toEqual([1]);
  vi.advanceTimersByTime(5_000);
  await settle(run);
  expect(reader.seqs).toEqual([1, 2]);
});

test("between two pages others get their turn, even if the reader and the log take no time", async () => {
  await run.append(2_000);
  const tails = new Tails(run.wakeups, backend.events);
  const reader = new Reader({ tails, runId: run.id });
  run.wakeups.settle(true);
  const places: number[] = [];
  while (reader.last < run.lastSeq) {
    await setImmediate();
    places.push(reader.last);
  }
  expect(places).toEqual(expect.arrayContaining([500, 1_000, 1_500, 2_000]));
  expect(reader.seqs).toEqual(range(1, 2_001));
  reader.close();
});

describe("one read of the log", () => {
  test("is for all that are at one place", async () => {
    const readers = range(1, 100).map(() => run.join());
    await settle(run);
    expect(run.reads.count).toBe(1);
    for (const seq of range(2, 11)) {
      await run.append(1);
      await settle(run);
      expect(run.reads.count).toBe(seq);
    }
    for (const reader of readers) expect(reader.seqs).toEqual(range(1, 11));
  });

  test("is for those who come while it is under way, too", async () => {
    const first = run.join();
    run.wakeups.settle(true);
    await setImmediate();
    const second = run.join();
    await setImmediate();
    expect([run.reads.count, run.wakeups.subscribing]).toEqual([1, 0]);
    await settle(run);
    expect([first.seqs, second.seqs]).toEqual([[1], [1]]);
  });

  test("that fails does so for those alone who waited for it", async () => {
    const readers = [run.join(), run.join(), run.join({ after: 1 })] as const;
    run.wakeups.settle(true);
    await setImmediate();
    run.reads.settle("failed");
    await settle(run);
    const later = run.join();
    await settle(run);
    expect(readers.map(({ end }) => end)).toEqual([
      { error: LOG_IS_DOWN },
      { error: LOG_IS_DOWN },
      undefined,
    ]);
    expect(later.seqs).toEqual([1]);
  });

  test("that began before the log had what a reader has is no sign that it was lost", async () => {
    const ahead = run.join({ after: 2 });
    run.wakeups.settle(true);
    await setImmediate();
    await run.append(1);
    const late = run.join({ after: 2 });
    await setImmediate();
    expect(run.reads.count).toBe(1);
    await settle(run);
    expect(ahead.end?.error).toMatchObject({ reason: "REWOUND" });
    await run.append(1);
    await settle(run);
    expect([late.seqs, late.end]).toEqual([[3], undefined]);
  });
});

describe("a reader that closes hears nothing more", () => {
  test("while its subscription to wake-ups is under way", async () => {
    const reader = run.join();
    expect(run.tails.readersOf(run.id)).toBe(1);
    reader.close();
    await settle(run);
    expect(reader.seqs).toEqual([]);
    expect(run.reads.count).toBe(0);
  });

  test("while that fails", async () => {
    const reader = run.join();
    reader.close();
    run.wakeups.settle(false);
    await settle(run);
    expect(reader.end).toBeUndefined();
  });

  test("while the log is being read, and those who wait with it do", async () => {
    const [reader, other] = [run.join(), run.join()];
    run.wakeups.settle(true);
    await setImmediate();
    expect(run.reads.waiting).toBe(1);
    reader.close();
    await settle(run);
    expect([reader.seqs, other.seqs]).toEqual([[], [1]]);
  });

  test("while it fails", async () => {
    const reader = run.join();
    run.wakeups.settle(true);
    await setImmediate();
    reader.close();
    run.reads.settle("failed");
    await settle(run);
    expect(reader.end).toBeUndefined();
  });

  test("between two pages", async () => {
    await run.append(1_000);
    const reader = run.join({ leavesAt: 500 });
    await settle(run);
    expect([reader.last, run.reads.count]).toEqual([500, 1]);
  });

  test("from inside the call that brings another one its page", async () => {
    const [first, second] = [run.join(), run.join()];
    const next = first.next.bind(first);
    first.next = (page) => {
      next(page);
      second.close();
    };
    await settle(run);
    expect([first.seqs, second.seqs]).toEqual([[1], []]);
  });

  test("before it has asked for anything", async () => {
    run.join({ isFast: false }).close();
    await settle(run);
    expect([run.reads.count, run.wakeups.subscribing]).toEqual([0, 0]);
  });
});

test("a subscription to wake-ups that fails is told to all who wait for it, and tried again for the next", async () => {
  const readers = [run.join(), run.join()];
  expect(run.wakeups.subscribing).toBe(1);
  run.wakeups.settle(false);
  await setImmediate();
  for (const { end } of readers) expect(end).toEqual({ error: BUS_IS_DOWN });
  expect(run.tails.readersOf(run.id)).toBe(0);
  const later = run.join();
  await settle(run);
  expect(later.seqs).toEqual([1]);
});

describe("a cursor that the log does not reach", () => {
  test("back to is TRIMMED, also in the middle", async () => {
    await run.append(9);
    const [late, slow] = [run.join({ after: 2, isFast: false }), run.join({ isFast: false })];
    slow.pull();
    run.wakeups.settle(true);
    await setImmediate();
    run.reads.settle("early");
    await setImmediate();
    expect(slow.last).toBe(10);
    await run.append(5);
    await run.trim(3);
    const standing = run.join({ after: 12 });
    await settle(run);
    for (const { end } of [late, slow]) {
      expect(end?.error).toBeInstanceOf(CursorExpiredError);
      expect(end?.error).toMatchObject({ reason: "TRIMMED", oldestSeq: 13, lastSeq: 15 });
    }
    expect([late.seqs, standing.seqs]).toEqual([[], [13, 14, 15]]);
  });

  test("up to is REWOUND, and so is one of a run that is no more", async () => {
    const none = new WatchedRun(backend, "none");
    const [ahead, gone] = [run.join({ after: 2 }), none.join({ after: 1 })];
    await settle(run);
    await settle(none);
    for (const { end } of [ahead, gone]) {
      expect(end?.error).toBeInstanceOf(CursorExpiredError);
      expect(end?.error).toMatchObject({ reason: "REWOUND" });
    }
  });
});

describe("when the service stops", () => {
  test("readers get all that the log has, and are told then that there is nothing more from here", async () => {
    const [fast, slow] = [run.join(), run.join({ isFast: false })];
    await settle(run);
    await run.append(1_200);
    // Nobody is told of them otherwise.
    run.wakeups.deliver(0);
    run.tails.close();
    await settle(run);
    const late = run.join({ after: 1_000 });
    await settle(run);
    for (const { last, end } of [fast, slow, late]) {
      expect([last, end?.error]).toEqual([1_201, expect.any(ServiceStoppingError)]);
    }
  });

  test("readers of a run that has ended are told that, and no error", async () => {
    const reader = run.join();
    await settle(run);
    await run.finish();
    run.wakeups.deliver(0);
    run.tails.close();
    await settle(run);
    expect([reader.last, reader.end]).toEqual([3, {}]);
  });

  test("a look at the log that began before is not the last", async () => {
    const reader = run.join({ after: 1 });
    run.wakeups.settle(true);
    await setImmediate();
    await run.append(1);
    run.wakeups.deliver(0);
    run.tails.close();
    run.reads.settle("early");
    await settle(run);
    expect([reader.seqs, reader.end?.error]).toEqual([[2], expect.any(ServiceStoppingError)]);
  });
});

test("however many follow a run there is one listener and one timer, until the last has left", async () => {
  const readers = range(1, 20).map(() => run.join());
  await settle(run);
  for (const reader of readers) {
    expect([run.wakeups.listeners, vi.getTimerCount()]).toEqual([1, 1]);
    reader.close();
    // A second time changes nothing.
    reader.close();
    await setImmediate();
  }
  expect([run.wakeups.listeners, vi.getTimerCount()]).toEqual([0, 0]);
  const again = run.join();
  await settle(run);
  expect(again.seqs).toEqual([1]);
});

test("a reader that cannot take what it is given hears so itself, and those beside it get theirs", async () => {
  await run.append(2);
  const before = run.join();
  const error = new Error("Cannot take it");
  const failing = run.join();
  vi.spyOn(failing, "next").mockImplementation(() => {
    throw error;
  });
  const after = run.join();
  await settle(run);
  expect([before.seqs, after.seqs]).toEqual([range(1, 3), range(1, 3)]);
  expect(failing.end).toEqual({ error });
});
