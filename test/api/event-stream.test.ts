import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Conflation } from "../../src/api/conflation.ts";
import { errorOf, EventStream, type EventStreamOptions } from "../../src/api/event-stream.ts";
import { ServiceStoppingError } from "../../src/errors.ts";
import type { RunEvent, RunStatus } from "../../src/events/run-event.ts";
import { statusChanged } from "../../src/testing/index.ts";
import { eventOf, type Happening } from "../support/conflation-events.ts";
import { Consumer } from "../support/event-stream-consumer.ts";
import { STREAM_OPTIONS } from "../support/event-stream-options.ts";
import { GivenPages } from "../support/event-stream-pages.ts";
import { range } from "../support/stepped.ts";

const progress = (seq: number): RunEvent => eventOf({ what: "progress", task: 0 }, seq);
const other = (what: Exclude<Happening["what"], "progress">, seq: number): RunEvent =>
  eventOf({ what }, seq);

const PROGRESS_ONLY = new Set(["ProgressEvent"]);

let pages: GivenPages;
let leaves: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  pages = new GivenPages();
  leaves = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

function open(options: Partial<EventStreamOptions> = {}): Consumer {
  const { follow } = pages;
  const onLeave = (): number => (leaves += 1);
  return new Consumer(new EventStream({ ...STREAM_OPTIONS, follow, onLeave, ...options }));
}

/** Nothing that it should not have heard, and nothing left of it. */
function expectOver(consumer: Consumer, expected: { readonly leaves: number }): void {
  expect(consumer.faults).toEqual([]);
  expect([pages.isClosed, vi.getTimerCount(), leaves]).toEqual([true, 0, expected.leaves]);
}

test("what comes together is sent together, and nothing is read that was not asked for", () => {
  const consumer = open();
  expect(pages.pulls).toBe(0);
  consumer.pull();
  pages.give(other("start", 1), progress(2), progress(3));
  expect(consumer.batches).toHaveLength(1);
  expect(consumer.heard).toEqual(["event 1", "event 2", "event 3"]);
  expect(pages.pulls).toBe(1);
  consumer.pull();
  pages.end();
  expect(consumer.end).toEqual({});
  expectOver(consumer, { leaves: 0 });
});

test("only the wanted types are sent; where there are none the next page is asked for at once", () => {
  const consumer = open({ only: PROGRESS_ONLY });
  consumer.pull();
  pages.give(other("start", 1), progress(2), other("note", 3), progress(4));
  expect(consumer.heard).toEqual(["event 2", "event 4"]);
  consumer.pull();
  pages.give(other("note", 5), other("note", 6));
  expect([consumer.isWaiting, pages.pulls]).toEqual([true, 3]);
  pages.give(progress(7));
  expect(consumer.heard).toEqual(["event 2", "event 4", "event 7"]);
});

describe("the last status of a run", () => {
  const last = (status: RunStatus, only?: ReadonlySet<string>): Consumer => {
    const consumer = open({ only });
    consumer.pull();
    const error = { code: "RUN_TIMEOUT", message: "It took too long" };
    pages.give(progress(1), {
      ...statusChanged(2, status),
      ...(status === "failed" && { error }),
    });
    consumer.pull();
    pages.end();
    return consumer;
  };

  test.each(["failed", "cancelled"] as const)(
    "that is not wanted becomes a failure when it %s",
    (status) => {
      const consumer = last(status, PROGRESS_ONLY);
      expect(consumer.heard).toEqual(["event 1", "failure 2"]);
      const code = status === "failed" ? "RUN_FAILED" : "RUN_CANCELLED";
      const [, failure] = consumer.items;
      expect(failure && errorOf(failure)).toMatchObject({ code, runId: "run-1", seq: 2 });
      expectOver(consumer, { leaves: 0 });
    },
  );

  test("is told with its reason", () => {
    const [, failure] = last("failed", PROGRESS_ONLY).items;
    expect(failure && errorOf(failure)).toMatchObject({
      reason: "RUN_TIMEOUT",
      message: "It took too long",
    });
  });

  test("is passed over when it is not wanted and the run succeeded", () => {
    expect(last("succeeded", PROGRESS_ONLY).heard).toEqual(["event 1"]);
  });

  test.each([undefined, new Set(["ProgressEvent", "RunStatusEvent"])])(
    "is an event when it is wanted",
    (only) => {
      expect(last("failed", only).heard).toEqual(["event 1", "event 2"]);
    },
  );
});

describe("a tick", () => {
  const FILTERED = { only: PROGRESS_ONLY, wantsTicks: true };

  test("tells how far the cursor is once nothing was sent for ten seconds, and only once", () => {
    const consumer = open(FILTERED);
    consumer.pull();
    pages.give(other("start", 1), other("note", 2));
    vi.advanceTimersByTime(9_999);
    expect(consumer.heard).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(consumer.heard).toEqual(["tick 2"]);
    consumer.pull();
    vi.advanceTimersByTime(60_000);
    expect([consumer.heard, pages.pulls]).toEqual([["tick 2"], 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("waits for ten seconds after whatever was sent last", () => {
    const consumer = open(FILTERED);
    consumer.pull();
    vi.advanceTimersByTime(9_000);
    pages.give(progress(1), other("note", 2));
    consumer.pull();
    vi.advanceTimersByTime(9_999);
    expect(consumer.heard).toEqual(["event 1"]);
    vi.advanceTimersByTime(1);
    expect(consumer.heard).toEqual(["event 1", "tick 2"]);
  });

  test("is due at once when events are passed over long after", () => {
    const consumer = open(FILTERED);
    consumer.pull();
    vi.advanceTimersByTime(25_000);
    pages.give(other("note", 1), other("note", 2));
    expect(consumer.heard).toEqual(["tick 2"]);
  });

  test("is told while events come all the time, too", () => {
    const consumer = open(FILTERED);
    for (const seq of range(1, 35)) {
      consumer.pull();
      vi.advanceTimersByTime(1_000);
      pages.give(other("note", seq));
    }
    // Each a moment before the event of that second.
    expect(consumer.heard).toEqual(["tick 9", "tick 19", "tick 29"]);
  });

  test("tells the end, where nothing else does", () => {
    const consumer = open(FILTERED);
    consumer.pull();
    pages.give(progress(1), other("note", 2), other("note", 3));
    consumer.pull();
    pages.end();
    expect([consumer.heard, consumer.end]).toEqual([["event 1", "tick 3"], undefined]);
    consumer.pull();
    expect(consumer.end).toEqual({});
    expectOver(consumer, { leaves: 0 });
  });

  test("is not needed at the end where the last event was sent", () => {
    const consumer = open(FILTERED);
    consumer.pull();
    pages.give(other("note", 1), progress(2));
    consumer.pull();
    pages.end();
    expect([consumer.heard, consumer.end]).toEqual([["event 2"], {}]);
  });

  test("is not for transports that cannot say so without a result", () => {
    const consumer = open({ only: PROGRESS_ONLY });
    consumer.pull();
    pages.give(other("note", 1));
    vi.advanceTimersByTime(60_000);
    pages.end();
    expect([consumer.heard, consumer.end]).toEqual([[], {}]);
  });

  test("comes after the progress that was held back, whose place is before it", () => {
    const consumer = open({ ...FILTERED, conflation: new Conflation(0.1) });
    consumer.pull();
    pages.give(progress(1));
    consumer.pull();
    vi.advanceTimersByTime(1);
    pages.give(progress(2), other("note", 3));
    vi.advanceTimersByTime(9_999);
    expect(consumer.heard).toEqual(["event 1", "event 2"]);
    consumer.pull();
    vi.advanceTimersByTime(10_000);
    expect(consumer.heard).toEqual(["event 1", "event 2", "tick 3"]);
  });

  test("that falls due while progress is held back sends that first", () => {
    const consumer = open({ ...FILTERED, conflation: new Conflation(0.01) });
    consumer.pull();
    pages.give(progress(1));
    consumer.pull();
    pages.give(progress(2), other("note", 3));
    vi.advanceTimersByTime(10_000);
    expect(consumer.heard).toEqual(["event 1", "event 2", "tick 3"]);
  });

  test("at the end comes after the progress that was held back, too", () => {
    const consumer = open({ ...FILTERED, conflation: new Conflation(10) });
    consumer.pull();
    pages.give(progress(1));
    consumer.pull();
    pages.give(progress(2), other("note", 3));
    pages.end();
    expect(consumer.heard).toEqual(["event 1", "event 2", "tick 3"]);
  });

  test("tells nothing that progress held back would tell", () => {
    const consumer = open({ ...FILTERED, conflation: new Conflation(10) });
    consumer.pull();
    pages.give(progress(1));
    consumer.pull();
    pages.give(other("note", 2), progress(3));
    pages.end();
    consumer.pull();
    expect([consumer.heard, consumer.end]).toEqual([["event 1", "event 3"], {}]);
  });
});

describe("with maxRate", () => {
  const conflated = (options: Partial<EventStreamOptions> = {}): Consumer => {
    const consumer = open({ conflation: new Conflation(10), ...options });
    consumer.pull();
    pages.give(progress(1));
    consumer.pull();
    pages.give(progress(2), progress(3));
    return consumer;
  };

  test("what was held back is sent when it is due, though nothing comes", () => {
    const consumer = conflated();
    vi.advanceTimersByTime(99);
    expect(consumer.heard).toEqual(["event 1"]);
    vi.advanceTimersByTime(1);
    expect(consumer.heard).toEqual(["event 1", "event 3"]);
    consumer.pull();
    vi.advanceTimersByTime(10_000);
    expect([consumer.heard, vi.getTimerCount()]).toEqual([["event 1", "event 3"], 0]);
  });

  test("it is sent when the run ends, before that is told", () => {
    const consumer = conflated();
    pages.end();
    expect([consumer.heard, consumer.end]).toEqual([["event 1", "event 3"], undefined]);
    consumer.pull();
    expect(consumer.end).toEqual({});
    expectOver(consumer, { leaves: 0 });
  });

  test("a failure that stands in for the end comes after it", () => {
    const consumer = conflated({ only: PROGRESS_ONLY });
    pages.give(other("failed", 4));
    expect(consumer.heard).toEqual(["event 1", "event 3", "failure 4"]);
  });

  test("it is not replaced by what the reader has not asked for", () => {
    const consumer = conflated();
    vi.advanceTimersByTime(100);
    // The page that was asked for before comes while nobody waits.
    pages.give(progress(4), progress(5));
    expect([consumer.heard, consumer.faults]).toEqual([["event 1", "event 3"], []]);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100);
    expect(pages.isAsked).toBe(false);
    consumer.pull();
    expect(consumer.heard).toEqual(["event 1", "event 3", "event 5"]);
    expect(pages.pulls).toBe(3);
  });

  test("a page that comes early and has nothing wanted makes it ask for the next", () => {
    const consumer = conflated({ only: PROGRESS_ONLY });
    vi.advanceTimersByTime(100);
    pages.give(other("note", 4));
    consumer.pull();
    expect([consumer.isWaiting, pages.isAsked]).toEqual([true, true]);
  });

  test("an end that comes while nobody waits is told when somebody asks", () => {
    const consumer = conflated();
    vi.advanceTimersByTime(100);
    pages.end();
    expect(consumer.end).toBeUndefined();
    consumer.pull();
    expect(consumer.end).toEqual({});
    expectOver(consumer, { leaves: 0 });
  });

  test("so is an error", () => {
    const consumer = conflated();
    vi.advanceTimersByTime(100);
    const error = new ServiceStoppingError();
    pages.fail(error);
    expect(consumer.end).toBeUndefined();
    consumer.pull();
    expect(consumer.end).toEqual({ error });
    expectOver(consumer, { leaves: 1 });
  });

  test("an interval that is no whole number of milliseconds is kept, without asking again and again", () => {
    const consumer = open({ conflation: new Conflation(3) });
    consumer.pull();
    pages.give(progress(1));
    consumer.pull();
    pages.give(progress(2));
    vi.advanceTimersByTime(333);
    expect(consumer.heard).toEqual(["event 1"]);
    vi.advanceTimersByTime(1);
    expect(consumer.heard).toEqual(["event 1", "event 2"]);
  });
});

describe("a consumer that closes hears nothing more, and has left", () => {
  const held = { conflation: new Conflation(0.1), only: PROGRESS_ONLY, wantsTicks: true };

  test.each<readonly [string, (consumer: Consumer) => void]>([
    ["before it has asked for anything", () => {}],
    ["while it waits", (consumer) => consumer.pull()],
    [
      "between two batches",
      (consumer) => {
        consumer.pull();
        pages.give(progress(1));
      },
    ],
    [
      "while progress is held back and a tick is to come",
      (consumer) => {
        consumer.pull();
        pages.give(progress(1));
        consumer.pull();
        pages.give(progress(2), other("note", 3));
      },
    ],
    [
      "while a page is on its way that nobody waits for",
      (consumer) => {
        consumer.pull();
        pages.give(other("note", 1));
        vi.advanceTimersByTime(10_000);
      },
    ],
    [
      "after such a page has come",
      (consumer) => {
        consumer.pull();
        pages.give(other("note", 1));
        vi.advanceTimersByTime(10_000);
        pages.give(progress(2));
      },
    ],
  ])("%s", (_name, reach) => {
    const consumer = open(held);
    reach(consumer);
    const { heard } = consumer;
    consumer.close();
    expectOver(consumer, { leaves: 1 });
    // A second time changes nothing, and neither does a pull.
    consumer.close();
    consumer.isWaiting = false;
    consumer.pull();
    vi.advanceTimersByTime(60_000);
    expect(consumer.heard).toEqual(heard);
    expectOver(consumer, { leaves: 1 });
  });

  test("has not left once the end has been told", () => {
    const consumer = open();
    consumer.pull();
    pages.end();
    consumer.close();
    expectOver(consumer, { leaves: 0 });
  });

  test("has not left once it has all there is", () => {
    const consumer = open({ only: PROGRESS_ONLY, wantsTicks: true });
    consumer.pull();
    pages.give(other("note", 1));
    pages.end();
    expect([consumer.heard, consumer.end]).toEqual([["tick 1"], undefined]);
    consumer.close();
    expectOver(consumer, { leaves: 0 });
  });

  test("has left once, when it was told of an error", () => {
    const consumer = open();
    consumer.pull();
    const error = new Error("The log is down");
    pages.fail(error);
    expect(consumer.end).toEqual({ error });
    consumer.close();
    expectOver(consumer, { leaves: 1 });
  });
});
