import { GraphQLError, type ExecutionResult } from "graphql";
import { expect, test } from "vitest";
import { formatCursor } from "../../src/events/cursor.ts";
import type { Format, Frame } from "../../src/projection/frame.ts";
import { Projection, type ProjectionOptions } from "../../src/projection/projection.ts";
import { resultJson } from "../../src/projection/result-json.ts";
import { written } from "../../src/testing/index.ts";
import { itemOf } from "../support/event-pages.ts";
import { range } from "../support/stepped.ts";

const FORMAT: Format = { name: "json", write: resultJson };

/** A projection, with the seqs of the items that it has executed. */
function projectionOf({
  execute = ({ event }) => ({ data: { seq: event.seq } }),
  present = (error) => error,
}: Partial<ProjectionOptions> = {}) {
  const executed: number[] = [];
  const projection = new Projection({
    key: "1",
    execute: (item) => {
      executed.push(item.event.seq);
      return execute(item);
    },
    present,
    format: FORMAT,
  });
  return { projection, executed };
}

const itemAt = (seq: number) => itemOf(written(seq, null));

const textOf = (frame: Frame): string => frame.bytes.toString();

const resultAt = (seq: number): string =>
  JSON.stringify({
    data: { seq },
    extensions: { runId: "run-1", seq, cursor: formatCursor("run-1", seq, 1) },
  });

test("an event is executed and written once for all who watch alike", async () => {
  const { projection, executed } = projectionOf();
  projection.watchers = 50;
  for (const seq of range(1, 20)) {
    const frames = await Promise.all(range(1, 50).map(() => projection.frameOf(itemAt(seq))));
    expect(new Set(frames).size).toBe(1);
    expect(frames.map(textOf)).toEqual(frames.map(() => resultAt(seq)));
  }
  expect(executed).toEqual(range(1, 20));
});

test("for one who watches alone nothing is kept", async () => {
  const { projection, executed } = projectionOf();
  projection.watchers = 1;
  const first = await projection.frameOf(itemAt(1));
  const again = await projection.frameOf(itemAt(1));
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
  expect(executed).toEqual([1, 1]);
});

test("an event whose resolvers take their time is executed once for those who wait together", async () => {
  const settle: ((result: ExecutionResult) => void)[] = [];
  const { projection, executed } = projectionOf({
    execute: () => new Promise((resolve) => settle.push(resolve)),
  });
  projection.watchers = 2;
  const frames = Promise.all([projection.frameOf(itemAt(1)), projection.frameOf(itemAt(1))]);
  for (const resolve of settle) resolve({ data: { seq: 1 } });
  const [first, second] = await frames;
  expect(second).toBe(first);
  expect(executed).toEqual([1]);
  // Later it may have more to tell.
  void projection.frameOf(itemAt(1));
  expect(executed).toEqual([1, 1]);
});

test("whoever is far behind gets the same, executed again", async () => {
  const large = "x".repeat(600 * 1024);
  const { projection, executed } = projectionOf({
    execute: ({ event }) => ({ data: { seq: event.seq, large } }),
  });
  projection.watchers = 2;
  const ahead = await Promise.all(range(1, 5).map((seq) => projection.frameOf(itemAt(seq))));
  const behind = await Promise.all(range(1, 5).map((seq) => projection.frameOf(itemAt(seq))));
  expect(behind.map(textOf)).toEqual(ahead.map(textOf));
  // What the newest of them take is all that is kept.
  expect(executed).toEqual([...range(1, 5), ...range(1, 4)]);
});

test("a result larger than all that is kept is shared by those who are at one place", async () => {
  const large = "x".repeat(3 * 1024 * 1024);
  const { projection, executed } = projectionOf({
    execute: ({ event }) => ({ data: { seq: event.seq, large } }),
  });
  projection.watchers = 50;
  for (const seq of range(1, 3)) {
    const frames = await Promise.all(range(1, 50).map(() => projection.frameOf(itemAt(seq))));
    expect(new Set(frames).size).toBe(1);
  }
  expect(executed).toEqual([1, 2, 3]);
});

test("an error is presented once, and all are told the same", async () => {
  let presented = 0;
  const { projection } = projectionOf({
    execute: () => ({ errors: [new GraphQLError("secret")], data: null }),
    present: () => new GraphQLError(`masked ${++presented}`),
  });
  projection.watchers = 3;
  const frames = await Promise.all(range(1, 3).map(() => projection.frameOf(itemAt(1))));
  for (const frame of frames) {
    expect(JSON.parse(textOf(frame))).toMatchObject({
      errors: [{ message: "masked 1" }],
      data: null,
      extensions: { seq: 1 },
    });
  }
});

test("a result that cannot be had is asked for again by the next", async () => {
  let isDown = true;
  const { projection, executed } = projectionOf({
    execute: ({ event }) =>
      isDown
        ? Promise.reject(new Error("The store is down"))
        : Promise.resolve({ data: { seq: event.seq } }),
  });
  projection.watchers = 2;
  const both = [projection.frameOf(itemAt(1)), projection.frameOf(itemAt(1))];
  for (const frame of both) await expect(frame).rejects.toThrow("The store is down");
  isDown = false;
  expect(textOf(await projection.frameOf(itemAt(1)))).toBe(resultAt(1));
  expect(executed).toEqual([1, 1]);
});
