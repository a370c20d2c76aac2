import fc from "fast-check";
import { expect, test } from "vitest";
import type { Frame } from "../../src/projection/frame.ts";
import { RecentFrames } from "../../src/projection/recent-frames.ts";

const MAX = 1_000;

const frame = (bytes: number): Frame => ({ kind: "result", bytes: Buffer.alloc(bytes) });

/** Frames of so many bytes, in the order of seq; with gaps, as filters make them. */
const steps = fc.array(
  fc.record({
    gap: fc.integer({ min: 1, max: 3 }),
    bytes: fc.integer({ min: 0, max: 1_500 }),
  }),
  { maxLength: 40 },
);

test("the newest frames are kept, as many as have room, and always the newest of all", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const recent = new RecentFrames(MAX);
      let kept: readonly { readonly seq: number; readonly frame: Frame }[] = [];
      let seq = 0;
      for (const { gap, bytes } of all) {
        seq += gap;
        const made = frame(bytes);
        recent.add(seq, made);
        // Whoever asks again is given the same, and executes nothing.
        expect(recent.get(seq)).toBe(made);
        const before = [...kept, { seq, frame: made }];
        kept = before.filter((one) => recent.get(one.seq) !== undefined);
        const givenUp = before.slice(0, before.length - kept.length);
        expect(before).toEqual([...givenUp, ...kept]);
        const size = kept.reduce((sum, one) => sum + one.frame.bytes.length, 0);
        if (kept.length > 1) expect(size).toBeLessThanOrEqual(MAX);
        // None is given up that has room.
        const last = givenUp.at(-1);
        if (last) expect(size + last.frame.bytes.length).toBeGreaterThan(MAX);
      }
    }),
  );
});

test("a frame that is being made is there for others until it is: it tells of more than its event", async () => {
  const recent = new RecentFrames(MAX);
  const making = Promise.resolve(frame(1));
  recent.add(1, making);
  expect(recent.get(1)).toBe(making);
  await making;
  expect(recent.get(1)).toBeUndefined();
});

test("one that cannot be made is gone, too", async () => {
  const recent = new RecentFrames(MAX);
  const failing = Promise.reject<Frame>(new Error("The store is down"));
  recent.add(1, failing);
  expect(recent.get(1)).toBe(failing);
  await expect(failing).rejects.toThrow();
  expect(recent.get(1)).toBeUndefined();
});

test("a frame older than those that are kept is not kept", () => {
  const recent = new RecentFrames(MAX);
  recent.add(5, frame(1));
  recent.add(3, frame(1));
  expect([recent.get(3), recent.get(5)?.constructor]).toEqual([undefined, Object]);
});

test("frames that are given up while they are being made do not count", async () => {
  const recent = new RecentFrames(MAX);
  let settle = (_frame: Frame): void => {};
  const slow = new Promise<Frame>((resolve) => (settle = resolve));
  recent.add(1, slow);
  recent.add(2, frame(MAX));
  recent.add(3, frame(1));
  expect(recent.get(1)).toBeUndefined();
  settle(frame(MAX));
  await slow;
  // Room is for what is kept, all of it.
  recent.add(4, frame(MAX - 1));
  expect([1, 2, 3, 4].filter((seq) => recent.get(seq) !== undefined)).toEqual([3, 4]);
});
