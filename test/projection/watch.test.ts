import { GraphQLError, type ExecutionResult } from "graphql";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { EventStream, StreamItem } from "../../src/api/event-stream.ts";
import { ServiceStoppingError } from "../../src/errors.ts";
import type { Observer } from "../../src/events/observer.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { Projection } from "../../src/projection/projection.ts";
import { resultJson } from "../../src/projection/result-json.ts";
import { Watch, type Frames } from "../../src/projection/watch.ts";
import { written, writtenBatch } from "../../src/testing/index.ts";
import { untilCollected } from "../support/collect-garbage.ts";
import { itemOf, streamOf } from "../support/event-pages.ts";
import { seqOf, type Result } from "../support/result.ts";
import { range } from "../support/stepped.ts";
import { NO_TELEMETRY } from "../../src/telemetry.ts";

type Execute = (item: StreamItem) => ExecutionResult | Promise<ExecutionResult>;

const seqOnly: Execute = ({ event }) => ({ data: { seq: event.seq } });

/** A watch of a log that is read in these pages, and what it has said. */
function watching(
  pages: readonly (readonly RunEvent[])[],
  { execute = seqOnly, error }: { readonly execute?: Execute; readonly error?: Error } = {},
) {
  const paged = streamOf(pages, error && { error });
  const batches: Frames[] = [];
  const ends: unknown[] = [];
  let endings = 0;
  const projection = new Projection({
    key: "1",
    execute,
    present: ({ message, path }) => new GraphQLError(`masked: ${message}`, { path: path ?? null }),
    format: { name: "json", write: resultJson },
  });
  const watch = new Watch({
    stream: paged.stream,
    projection,
    observer: {
      next: (frames) => void batches.push(frames),
      error: (reason) => void ends.push(reason),
      complete: () => void ends.push("complete"),
    },
    begunAt: 0,
    counts: NO_TELEMETRY.watchers("json"),
    onEnd: () => void endings++,
  });
  return {
    watch,
    paged,
    batches,
    ends,
    get endings() {
      return endings;
    },
    /** What was in each batch. */
    get results(): readonly (readonly Result[])[] {
      return batches.map((frames) => frames.map(resultOf));
    },
    /** Asks for what comes next, as a transport does, until there is no more. */
    async readAll(): Promise<readonly Result[]> {
      while (ends.length === 0) {
        const before = batches.length;
        watch.pull();
        while (batches.length === before && ends.length === 0) await setImmediate();
      }
      return batches.flat().map(resultOf);
    },
  };
}

function resultOf(frame: Frames[number]): Result {
  if (frame.kind === "tick") throw new Error("A tick has no result");
  return JSON.parse(frame.bytes.toString()) as Result;
}

test("nothing is read before it is asked for, and then what is there at once", async () => {
  const seen = watching([writtenBatch(0, 3), writtenBatch(3, 2)]);
  expect(seen.paged.pulls).toBe(0);
  seen.watch.pull();
  expect(seen.results.map((batch) => batch.map(seqOf))).toEqual([[1, 2, 3]]);
  expect(seen.paged.pulls).toBe(1);
  await setImmediate();
  expect(seen.paged.pulls).toBe(1);
  expect((await seen.readAll()).map(seqOf)).toEqual(range(1, 5));
  expect([seen.ends, seen.endings, seen.paged.isClosed]).toEqual([["complete"], 1, true]);
});

test("a large page is sent in pieces of 64 KiB, and no more is executed than is asked for", async () => {
  const executed: number[] = [];
  const text = "x".repeat(10_000);
  const seen = watching([writtenBatch(0, 100)], {
    execute: ({ event }) => {
      executed.push(event.seq);
      return { data: { seq: event.seq, text } };
    },
  });
  seen.watch.pull();
  expect(executed).toEqual(range(1, 7));
  expect((await seen.readAll()).map(seqOf)).toEqual(range(1, 100));
  const sizes = seen.batches.map((frames) =>
    frames.reduce((sum, frame) => sum + (frame.kind === "result" ? frame.bytes.length : 0), 0),
  );
  expect(Math.max(...sizes)).toBeLessThan(64 * 1024 + 11_000);
  expect(seen.paged.pulls).toBe(2);
});

test("results that take their time keep their places", async () => {
  const settle = new Map<number, () => void>();
  const seen = watching([writtenBatch(0, 20)], {
    execute: (item) =>
      item.event.seq % 3 === 0
        ? new Promise((resolve) => settle.set(item.event.seq, () => resolve(seqOnly(item))))
        : seqOnly(item),
  });
  seen.watch.pull();
  for (const seq of [3, 6, 9, 12, 15, 18]) {
    expect(seen.batches).toEqual([]);
    settle.get(seq)?.();
    await setImmediate();
  }
  expect(seen.results.map((batch) => batch.map(seqOf))).toEqual([range(1, 20)]);
});

test.each(["at once", "later"])(
  "when a result cannot be had, which is known %s, those before it are sent, and then the error",
  async (when) => {
    const failing: Execute = (item) => {
      if (item.event.seq !== 4) return seqOnly(item);
      const error = new Error("hunter2");
      if (when === "later") return Promise.reject(error);
      throw error;
    };
    const seen = watching([writtenBatch(0, 6)], { execute: failing });
    const results = await seen.readAll();
    expect(results.slice(0, -1).map(seqOf)).toEqual([1, 2, 3]);
    expect(results.at(-1)).toEqual({ errors: [{ message: "masked: hunter2" }], data: null });
    expect([seen.ends, seen.endings, seen.paged.isClosed]).toEqual([["complete"], 1, true]);
  },
);

test("an error while waiting for events is the last result", async () => {
  const seen = watching([writtenBatch(0, 2)], { error: new Error("connect ECONNREFUSED") });
  const results = await seen.readAll();
  expect(results.map(({ data }) => data)).toEqual([{ seq: 1 }, { seq: 2 }, null]);
  expect(results.at(-1)?.errors).toEqual([{ message: "masked: connect ECONNREFUSED" }]);
  expect([seen.ends, seen.endings]).toEqual([["complete"], 1]);
});

test("a service that stops is no result: whoever watches is told by an error", async () => {
  const stopping = new ServiceStoppingError();
  const seen = watching([writtenBatch(0, 2)], { error: stopping });
  expect((await seen.readAll()).map(seqOf)).toEqual([1, 2]);
  expect([seen.ends, seen.endings, seen.paged.isClosed]).toEqual([[stopping], 1, true]);
});

test("whoever has closed it hears nothing more, even of what was being made", async () => {
  let settle = (): void => {};
  const seen = watching([[written(1, null)]], {
    execute: (item) => new Promise((resolve) => (settle = () => resolve(seqOnly(item)))),
  });
  seen.watch.pull();
  seen.watch.close();
  seen.watch.close();
  settle();
  seen.watch.pull();
  await setImmediate();
  expect([seen.batches, seen.ends, seen.endings]).toEqual([[], [], 1]);
  expect(seen.paged.isClosed).toBe(true);
});

test("a watch that waits for the next event holds none of those that it has sent", async () => {
  let observer: Observer<readonly StreamItem[]> | undefined;
  const stream = { observe: (one: typeof observer) => (observer = one), pull() {}, close() {} };
  let sent = 0;
  const watch = new Watch({
    stream: stream as unknown as EventStream,
    projection: new Projection({
      key: "1",
      execute: seqOnly,
      present: (error) => error,
      format: { name: "json", write: resultJson },
    }),
    observer: { next: (frames) => void (sent += frames.length), error() {}, complete() {} },
    begunAt: 0,
    counts: NO_TELEMETRY.watchers("json"),
    onEnd() {},
  });
  const send = (): readonly WeakRef<object>[] => {
    const items = writtenBatch(0, 3).map((event) => itemOf(event));
    observer?.next(items);
    return items.map(({ event }) => new WeakRef(event));
  };
  const references = send();
  expect(sent).toBe(3);
  await untilCollected(references);
  watch.close();
});
