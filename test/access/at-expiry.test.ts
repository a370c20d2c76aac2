import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { atExpiry } from "../../src/access/at-expiry.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("it ends when the time has come, once", () => {
  const end = vi.fn();
  atExpiry({ expiresAt: new Date(Date.now() + 1_000) }, end);
  vi.advanceTimersByTime(999);
  expect(end).not.toHaveBeenCalled();
  vi.advanceTimersByTime(DAY_MS);
  expect(end).toHaveBeenCalledTimes(1);
});

test("it ends at once when the time has passed", () => {
  const end = vi.fn();
  atExpiry({ expiresAt: new Date(Date.now()) }, end);
  expect(end).toHaveBeenCalledTimes(1);
});

test("a time that is further away than timers reach does not come at once", () => {
  const end = vi.fn();
  atExpiry({ expiresAt: new Date(Date.now() + 60 * DAY_MS) }, end);
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(end).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(end).toHaveBeenCalledTimes(1);
});

test("whoever has left is not ended", () => {
  const end = vi.fn();
  const keep = atExpiry({ expiresAt: new Date(Date.now() + 60 * DAY_MS) }, end);
  vi.advanceTimersByTime(30 * DAY_MS);
  keep();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(60 * DAY_MS);
  expect(end).not.toHaveBeenCalled();
});

test("what is good for ever takes no timer", () => {
  atExpiry({}, () => {});
  atExpiry(undefined, () => {});
  expect(vi.getTimerCount()).toBe(0);
});
