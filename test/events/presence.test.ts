import { expect, test, vi } from "vitest";
import { LocalWakeups } from "../../src/backends/local-wakeups.ts";
import { Presence } from "../../src/events/presence.ts";

test("a run is followed if it is here, or in another process that answers", async () => {
  const wakeups = new LocalWakeups();
  const followed = new Set(["run-1"]);
  const here = new Presence(wakeups, (runId) => followed.has(runId));
  const asking = new Presence(wakeups, () => false);
  expect(await here.isFollowed("run-1")).toBe(true);
  const stop = await here.answer("run-1");
  expect(await asking.isFollowed("run-1")).toBe(true);
  stop();
});

test("a run is not followed when nobody answers within a second", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const wakeups = new LocalWakeups();
    const followed = new Set<string>();
    const other = new Presence(wakeups, (runId) => followed.has(runId));
    await other.answer("run-1");
    const asking = new Presence(wakeups, () => false).isFollowed("run-1");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await asking).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});
