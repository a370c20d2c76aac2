import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MemorySaver } from "@langchain/langgraph";
import { expect, test } from "vitest";
import type { Backend } from "../../src/backend.ts";
import { memory } from "../../src/backends/memory/index.ts";
import { ConfigError, ThreadBusyError } from "../../src/errors.ts";
import { newRun, queued, statusChanged, written } from "../../src/testing/index.ts";

test("it keeps ended runs for an hour, and checkpoints, unless told otherwise", () => {
  expect(memory().retention).toEqual({ endedMs: 3_600_000, bytes: 2 ** 28, checkpoints: 100 });
  expect(memory().checkpointer).toBeInstanceOf(MemorySaver);
  expect(memory({ retentionMs: Infinity }).retention.endedMs).toBe(Infinity);
  expect(memory({ checkpoints: false }).checkpointer).toBeUndefined();
});

test("a retention that makes no sense is refused at once", () => {
  expect(() => memory({ retentionMs: -1 })).toThrow(ConfigError);
  expect(() => memory({ retentionMs: NaN })).toThrow(ConfigError);
  expect(() => memory({ maxBytes: -1 })).toThrow(ConfigError);
  expect(() => memory({ maxCheckpoints: 0 })).toThrow(ConfigError);
});

test("leases and ends of runs are measured by the clock that was passed in", async () => {
  let now = 1_000;
  const { runs, events } = memory({ clock: () => new Date(now) });
  await runs.create(newRun({ id: "run-1" }), queued());
  const lease = { leaseMs: 100, limit: 1 };
  const [run] = await runs.claim({ owner: "worker-1", ...lease });
  expect(run?.leaseUntil).toEqual(new Date(1_100));
  now = 1_099;
  expect(await runs.claim({ owner: "worker-2", ...lease })).toEqual([]);
  now = 1_100;
  expect(await runs.claim({ owner: "worker-2", ...lease })).toHaveLength(1);
  await events.append("run-1", [statusChanged(2, "failed")], {
    after: 1,
    epoch: 2,
    patch: { status: "failed" },
  });
  expect((await runs.get("run-1"))?.finishedAt).toEqual(new Date(1_100));
});

test("a lease that is renewed for a shorter time runs out that much earlier", async () => {
  let now = 0;
  const { runs } = memory({ clock: () => new Date(now) });
  await runs.create(newRun({ id: "run-1" }), queued());
  await runs.claim({ owner: "worker-1", leaseMs: 1_000, limit: 1 });
  await runs.renew({ owner: "worker-1", leaseMs: 100, runIds: ["run-1"] });
  now = 99;
  expect(await runs.claim({ owner: "worker-2", leaseMs: 1_000, limit: 1 })).toEqual([]);
  now = 100;
  expect(await runs.claim({ owner: "worker-2", leaseMs: 1_000, limit: 1 })).toHaveLength(1);
});

test("a run that does not change is one object, and one that changes leaves the old one alone", async () => {
  const { runs } = memory();
  const { run } = await runs.create(newRun(), queued());
  expect(await runs.get(run.id)).toBe(run);
  await runs.requestCancel(run.id);
  expect(run.cancelRequested).toBe(false);
  expect(await runs.get(run.id)).toMatchObject({ cancelRequested: true });
});

test("events that are numbered wrongly are refused, and the message names the first", async () => {
  const { runs, events } = memory();
  await runs.create(newRun({ id: "run-1" }), queued());
  await runs.claim({ owner: "worker-1", leaseMs: 1_000, limit: 1 });
  const batch = [written(2, "a"), written(4, "b")];
  await expect(events.append("run-1", batch, { after: 1, epoch: 1 })).rejects.toThrow(
    'Event 1 of a batch for run "run-1" is numbered 4 instead of 3',
  );
  expect((await events.read("run-1", { after: 0, limit: 10 })).events).toHaveLength(1);
});

test("wake-ups of one turn become one call, at the end of the turn", async () => {
  const { wakeups } = memory();
  let calls = 0;
  await wakeups.subscribe("run-1", () => calls++);
  wakeups.notify("run-1");
  wakeups.notify("run-1");
  expect(calls).toBe(0);
  await Promise.resolve();
  expect(calls).toBe(1);
});

test("what a listener throws becomes a warning of the process", async () => {
  const warned = new Promise((resolve) => process.once("warning", resolve));
  const { wakeups } = memory();
  const error = new Error("Thrown by a listener, on purpose");
  await wakeups.subscribe("run-1", () => {
    throw error;
  });
  wakeups.notify("run-1");
  expect(await warned).toBe(error);
});

test("runs that ended and were deleted leave nothing behind", async () => {
  const backend = memory({ checkpoints: false });
  const refs: WeakRef<object>[] = [];
  for (let i = 0; i < 1_000; i++) refs.push(...(await endRun(backend, `run-${i}`)));
  await backend.runs.create(newRun({ id: "last", threadId: "busy" }), queued());

  for (;;) {
    // As the engine does it, a page at a time, until there is none.
    const old = await backend.runs.ended({ before: new Date(8.64e15), limit: 64 });
    await backend.runs.delete(old.map((run) => run.id));
    if (old.length === 0) break;
  }

  expect((await backend.runs.list({}, { first: 10 })).runs.map((run) => run.id)).toEqual(["last"]);
  expect(await backend.runs.get("run-7")).toBeUndefined();
  expect((await backend.events.read("run-7", { after: 0, limit: 10 })).lastSeq).toBe(0);
  const claimed = await backend.runs.claim({ owner: "worker-1", leaseMs: 1_000, limit: 9 });
  expect(claimed).toHaveLength(1);
  await expect(
    backend.runs.create(newRun({ id: "next", threadId: "busy" }), queued()),
  ).rejects.toThrow(ThreadBusyError);
  await collectGarbage();
  expect(countAlive(refs)).toBeLessThan(10);
  expect(await backend.runs.get("last")).toBeDefined(); // So the backend itself was not collected.
});

test("topics that everybody left hold nothing", async () => {
  const { wakeups } = memory();
  const visit = async (topic: string) => {
    const unsubscribe = await wakeups.subscribe(topic, () => topic.length);
    wakeups.notify(topic);
    unsubscribe();
  };
  await visit("run-0");
  await collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 1; i <= 50_000; i++) await visit(`run-${i}`);
  await collectGarbage();
  // An empty set for each of them would take 10 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(3_000_000);
  wakeups.notify("run-1");
});

/** Takes a run through its life; returns what should be forgotten with it. */
async function endRun({ runs, events }: Backend, id: string): Promise<WeakRef<object>[]> {
  const payload = { text: `The payload of ${id}` };
  const { run } = await runs.create(newRun({ id, threadId: `thread of ${id}` }), queued());
  await runs.claim({ owner: "worker-1", leaseMs: 60_000, limit: 1, runId: id });
  const batch = [statusChanged(2, "running"), written(3, payload)];
  await events.append(id, batch, { after: 1, epoch: 1, patch: { status: "running" } });
  await events.append(id, [statusChanged(4, "succeeded")], {
    after: 3,
    epoch: 1,
    patch: { status: "succeeded" },
  });
  return [new WeakRef(payload), new WeakRef(run)];
}

/** A few may live on for reasons of the JavaScript engine's own. */
function countAlive(refs: readonly WeakRef<object>[]): number {
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

async function collectGarbage(): Promise<void> {
  await setImmediate(); // What a WeakRef returned stays alive until the end of its turn.
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
}
