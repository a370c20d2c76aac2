import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BackendUnavailableError } from "../src/errors.ts";
import { Tails } from "../src/events/tail.ts";
import { memory } from "../src/backends/memory/index.ts";
import { newRun, queued } from "../src/testing/index.ts";
import { whileUnavailable } from "../src/while-unavailable.ts";
import { Reader } from "./events/support/reader.ts";
import { intercept } from "./support/intercept.ts";

const away = (): Promise<never> => Promise.reject(new BackendUnavailableError());

beforeEach(() => {
  // What `node:timers/promises` gives is not faked: the waits are short ones.
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("work is done again as long as the backend cannot be reached", async () => {
  const work = vi
    .fn<() => Promise<string>>()
    .mockImplementationOnce(away)
    .mockImplementationOnce(away);
  work.mockResolvedValue("done");
  expect(await whileUnavailable(work)).toBe("done");
  expect(work).toHaveBeenCalledTimes(3);
});

test("what fails for another reason fails at once", async () => {
  const work = vi.fn<() => Promise<void>>().mockRejectedValue(new Error("broken"));
  await expect(whileUnavailable(work)).rejects.toThrow("broken");
  expect(work).toHaveBeenCalledOnce();
});

test("patience ends after its time, and when nobody waits any more", async () => {
  const late = whileUnavailable(() => {
    vi.advanceTimersByTime(16_000);
    return away();
  });
  await expect(late).rejects.toBeInstanceOf(BackendUnavailableError);
  const left = whileUnavailable(away, () => true);
  await expect(left).rejects.toBeInstanceOf(BackendUnavailableError);
});

test("whoever follows a run waits while the backend cannot be reached, and misses nothing", async () => {
  const backend = memory();
  await backend.runs.create(newRun({ id: "run" }), queued());
  let failures = 2;
  const events = intercept(backend.events, ["read"], (_name, read) =>
    failures-- > 0 ? away() : read(),
  );
  const reader = new Reader({ tails: new Tails(backend.wakeups, events), runId: "run" });
  await vi.waitFor(() => expect(reader.seqs).toEqual([1]));
  expect(reader.end).toBeUndefined();
  reader.close();
});
