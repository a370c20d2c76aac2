import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NO_TELEMETRY } from "../../../src/telemetry.ts";
import { SlowReaders } from "../../../src/transports/pipeline/slow-readers.ts";
import { recordingLogger } from "../../support/recording-logger.ts";

const TIMEOUT_MS = 30_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  const logger = recordingLogger();
  const dropped: string[] = [];
  const telemetry = { ...NO_TELEMETRY, dropped: (reason: string) => void dropped.push(reason) };
  const readers = new SlowReaders({ writeTimeoutMs: TIMEOUT_MS, logger, telemetry });
  return { readers, logger, dropped };
}

/** A reader that says of its progress what the test wants. */
function readerAt(progress: string | undefined) {
  const reader = { at: progress, isCutOff: false };
  return {
    progress: () => reader.at,
    cutOff: () => void (reader.isCutOff = true),
    go: (to: string | undefined) => void (reader.at = to),
    get isCutOff() {
      return reader.isCutOff;
    },
  };
}

test("who takes nothing of what waits for the whole time is cut off, and the log says so", () => {
  const { readers, logger, dropped } = start();
  const slow = readerAt("1");
  readers.watch(slow);
  vi.advanceTimersByTime(TIMEOUT_MS);
  expect(slow.isCutOff).toBe(false);
  vi.advanceTimersByTime(TIMEOUT_MS / 5);
  expect(slow.isCutOff).toBe(true);
  expect(logger.lines).toMatchObject([
    { level: "info", message: expect.stringContaining("was cut off") as string },
  ]);
  expect(dropped).toEqual(["SLOW_READER"]);
});

test("who takes some, or has nothing to take, is left alone, however long it lasts", () => {
  const { readers } = start();
  const taking = readerAt("0");
  const idle = readerAt(undefined);
  const pausing = readerAt("1");
  for (const reader of [taking, idle, pausing]) readers.watch(reader);
  for (let i = 1; i <= 20; i++) {
    vi.advanceTimersByTime(TIMEOUT_MS / 2);
    taking.go(String(i));
    pausing.go(i % 2 === 0 ? "1" : undefined);
  }
  expect([taking, idle, pausing].some(({ isCutOff }) => isCutOff)).toBe(false);
});

test("who has left is not looked after any more", () => {
  const { readers, logger } = start();
  const gone = readerAt("1");
  readers.watch(gone)();
  vi.advanceTimersByTime(10 * TIMEOUT_MS);
  expect(gone.isCutOff).toBe(false);
  expect(logger.lines).toEqual([]);
});

test("one timer looks after all, and none once it is disposed of", () => {
  const { readers } = start();
  for (let i = 0; i < 100; i++) readers.watch(readerAt("1"));
  expect(vi.getTimerCount()).toBe(1);
  readers[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
});
