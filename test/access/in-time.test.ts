import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createInTime } from "../../src/access/in-time.ts";
import { AccessTimeoutError } from "../../src/errors.ts";
import { createGate } from "../support/gate.ts";
import { recordingLogger } from "../support/recording-logger.ts";

const TIMEOUT_MS = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What hooks are asked with, and what the log says of it. */
function setUp() {
  const logger = recordingLogger();
  return {
    inTime: createInTime({ accessTimeoutMs: TIMEOUT_MS, logger }),
    logged: () => logger.lines.map(({ message }) => message),
    logger,
  };
}

const REFUSED = "a hook takes too long: who asked is refused";

test("an answer in time is the hook's, and leaves no timer", async () => {
  const { inTime, logged } = setUp();
  expect(await inTime("authorize", () => true)).toBe(true);
  const answer = inTime(
    "authenticate",
    () => new Promise((resolve) => setTimeout(resolve, 999, 1)),
  );
  await vi.advanceTimersByTimeAsync(999);
  expect(await answer).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
  expect(logged()).toEqual([]);
});

test("what a hook throws in time is thrown, and leaves no timer", async () => {
  const { inTime, logged } = setUp();
  const sync = (): never => {
    throw new Error("at once");
  };
  await expect(inTime("authorize", sync)).rejects.toThrow("at once");
  const rejected = inTime("authorize", () => Promise.reject(new Error("soon")));
  await expect(rejected).rejects.toThrow("soon");
  expect(vi.getTimerCount()).toBe(0);
  expect(logged()).toEqual([]);
});

test("a hook that has not answered in time has refused, and the log says which", async () => {
  const { inTime, logger } = setUp();
  const answer = inTime("authenticate", () => new Promise(() => {}));
  const refused = expect(answer).rejects.toThrow(AccessTimeoutError);
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
  await refused;
  expect(logger.lines).toEqual([
    {
      level: "warn",
      message: REFUSED,
      fields: { hook: "authenticate", accessTimeoutMs: TIMEOUT_MS },
    },
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test.each<[what: string, hook: () => Promise<boolean>, said: string]>([
  ["answer", async () => true, "the hook has answered, too late"],
  ["failure", () => Promise.reject(new Error("late")), "the hook has failed, too late"],
])("a late %s goes into the log, and nowhere else", async (_what, hook, said) => {
  const { inTime, logged } = setUp();
  const gate = createGate();
  const answer = inTime("authorize", () => gate.pass().then(hook));
  const refused = expect(answer).rejects.toThrow(AccessTimeoutError);
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
  await refused;
  gate.open();
  await vi.advanceTimersByTimeAsync(0);
  expect(logged()).toEqual([REFUSED, said]);
});
