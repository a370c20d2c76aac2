import { expect, test, vi } from "vitest";
import { memory } from "../../src/backends/memory/index.ts";
import { StaleWriterError } from "../../src/errors.ts";
import { RUN_ORIGIN } from "../../src/events/run-event.ts";
import { sized, type SizedBody } from "../../src/runs/bounded-event.ts";
import { Recorder, type RecorderOptions } from "../../src/runs/recorder.ts";
import { newRun, queued } from "../../src/testing/fixtures.ts";
import { NO_TELEMETRY } from "../../src/telemetry.ts";

const wrote = (payload: string): SizedBody => sized({ kind: "written", event: null, payload });

test("a burst is appended in slices, with a turn of the event loop between them", async () => {
  const { recorder, log, read } = await start();
  const append = vi.spyOn(log, "append");
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (append.mock.calls.length < 3) setImmediate(turn);
  };
  setImmediate(turn);
  for (let i = 0; i < 600; i++) recorder.record(wrote(`${i}`), RUN_ORIGIN);
  await recorder.end({ kind: "status", status: "succeeded" }, { status: "succeeded" });
  expect(append.mock.calls.map(([, events]) => events.length)).toEqual([250, 250, 102]);
  expect(turns).toBeGreaterThanOrEqual(2);
  const page = await read(10_000);
  expect(page.events.map(({ seq }) => seq)).toEqual(Array.from({ length: 603 }, (_, i) => i + 1));
  expect(page.closed).toBe(true);
});

test("large events make small slices", async () => {
  const { recorder, log } = await start();
  const append = vi.spyOn(log, "append");
  for (let i = 0; i < 4; i++) recorder.record(wrote("x".repeat(200_000)), RUN_ORIGIN);
  await recorder.end({ kind: "status", status: "succeeded" }, { status: "succeeded" });
  expect(append.mock.calls.map(([, events]) => events.length)).toEqual([3, 2, 1]);
});

test("what is recorded while a slice is being appended goes out with the next", async () => {
  const { recorder, log, read } = await start();
  const append = vi.spyOn(log, "append");
  recorder.record(wrote("a"), RUN_ORIGIN);
  append.mockImplementationOnce(async (...args) => {
    recorder.record(wrote("b"), RUN_ORIGIN);
    recorder.record(wrote("c"), RUN_ORIGIN);
    await log.append(...args);
  });
  await vi.waitFor(async () => expect((await read(10)).lastSeq).toBe(5));
  await recorder.end({ kind: "status", status: "succeeded" }, { status: "succeeded" });
  const { events } = await read(10);
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
});

test.each([
  ["events", { maxEvents: 3, maxBytes: 1_000_000 }],
  ["bytes", { maxEvents: 1_000, maxBytes: 500 }],
])("over its limit of %s nothing but the status is recorded", async (_of, limits) => {
  const onLimit = vi.fn<() => void>();
  const { recorder, read } = await start({ limits, onLimit });
  for (let i = 0; i < 50; i++) recorder.record(wrote("x".repeat(50)), RUN_ORIGIN);
  await recorder.end({ kind: "status", status: "failed" }, { status: "failed" });
  expect(onLimit).toHaveBeenCalledOnce();
  const { events, closed } = await read(100);
  expect(events.length).toBeLessThanOrEqual(6);
  expect(events.at(-1)).toMatchObject({ kind: "status", status: "failed" });
  expect(closed).toBe(true);
});

test("nothing is recorded after the end", async () => {
  const { recorder, read } = await start();
  await recorder.end({ kind: "status", status: "succeeded" }, { status: "succeeded" });
  recorder.record(wrote("late"), RUN_ORIGIN);
  const { lastSeq } = await read(10);
  expect(lastSeq).toBe(3);
});

test("a log that refuses stops the recorder, and tells once", async () => {
  const onFailure = vi.fn<(error: unknown) => void>();
  const { recorder, log, read } = await start({ onFailure });
  const error = new Error("the disk is full");
  vi.spyOn(log, "append").mockRejectedValueOnce(error);
  recorder.record(wrote("lost"), RUN_ORIGIN);
  await recorder.end({ kind: "status", status: "succeeded" }, { status: "succeeded" });
  expect(onFailure.mock.calls).toEqual([[error]]);
  const { lastSeq } = await read(10);
  expect(lastSeq).toBe(1);
});

test("flush resolves once what was recorded is in the log, and what the same call stack still records", async () => {
  const { recorder, read } = await start();
  const flushed = recorder.flush();
  recorder.record(wrote("in the same call stack"), RUN_ORIGIN);
  await flushed;
  const { events } = await read(10);
  expect(events.map(({ kind }) => kind)).toEqual(["status", "status", "written"]);
});

test("flush rejects once the run is another executor's, even with nothing to append", async () => {
  const onFailure = vi.fn<(error: unknown) => void>();
  const { recorder, runs } = await start({ onFailure });
  await recorder.flush();
  await vi.waitFor(async () => {
    const request = { owner: "other", leaseMs: 60_000, limit: 1, runId: "run" };
    expect(await runs.claim(request)).toHaveLength(1);
  });
  await expect(recorder.flush()).rejects.toBeInstanceOf(StaleWriterError);
  expect(onFailure.mock.calls).toEqual([[expect.any(StaleWriterError)]]);
});

test("flush rejects after the end: what a graph keeps then belongs to no run", async () => {
  const { recorder } = await start();
  await recorder.end({ kind: "status", status: "succeeded" }, { status: "succeeded" });
  await expect(recorder.flush()).rejects.toBeInstanceOf(StaleWriterError);
});

test("a released run keeps its status and what was recorded, and has no executor", async () => {
  const { recorder, runs, read } = await start();
  recorder.record(wrote("before"), RUN_ORIGIN);
  await recorder.release({ owner: null, activeMs: 12 });
  recorder.record(wrote("after"), RUN_ORIGIN);
  expect(await runs.get("run")).toMatchObject({
    status: "running",
    owner: null,
    leaseUntil: null,
    activeMs: 12,
    lastSeq: 3,
  });
  const { closed } = await read(10);
  expect(closed).toBe(false);
});

/** A recorder for a claimed run in memory, whose log holds the event of its start. */
async function start(options: Partial<RecorderOptions> = {}) {
  const { runs, events: log, wakeups } = memory();
  await runs.create(newRun({ id: "run" }), queued());
  await runs.claim({ owner: "test", leaseMs: 1, limit: 1 });
  const recorder = new Recorder({
    runId: "run",
    epoch: 1,
    lastSeq: 1,
    log,
    wakeups,
    limits: { maxEvents: 1_000_000, maxBytes: 1_000_000_000 },
    now: Date.now,
    telemetry: NO_TELEMETRY.workflow("work"),
    onLimit: () => undefined,
    onFailure: (error) => {
      throw error;
    },
    ...options,
  });
  recorder.recordStatus({ kind: "status", status: "running" }, { status: "running" });
  const read = (limit: number) => log.read("run", { after: 0, limit });
  return { recorder, log, runs, read };
}
