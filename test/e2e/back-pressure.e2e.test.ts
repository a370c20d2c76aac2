import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { memory, type Backend } from "../../src/index.ts";
import { newRun, queued, written } from "../../src/testing/index.ts";
import { temporarySqlite } from "../backends/temporary-sqlite.ts";
import { usedBytes } from "../support/collect-garbage.ts";
import { graphOf } from "../support/graphs.ts";
import { post } from "../support/http.ts";
import { openPausedEventStream, readSeqs } from "../support/paused-event-stream.ts";
import { seqOf } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range, startRun } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { openWatchSocket, type WatchSocket } from "../support/watch-socket.ts";

const MB = 1_000_000;

/** One text for all events: their log is small, and what is made of them is not. */
const TEXT = "x".repeat(MB);

/** What a run has beside what its node writes. */
const OWN_EVENTS = 6;

const flood = graphOf(({ state: { count }, write }) => {
  for (let current = 1; current <= count; current++) {
    write({ type: "progress", current, status: TEXT });
  }
});

const SELECT = "... on RunEvent { seq } ... on ProgressEvent { status }";

/** What a client is sent at once, beside one event at most: 64 KiB, and its frame. */
const BATCH = 65 * 1024;

/** What is held of an event of a megabyte: its result, and the message that it is in. */
const HELD = 2 * MB;

/** What the machine of such a test takes beside, in bytes. */
const TOLERANCE = 2 * MB;

const disposables: AsyncDisposable[] = [];
const sockets: WatchSocket[] = [];

afterEach(async () => {
  for (const { socket } of sockets.splice(0)) socket.terminate();
  for (const one of disposables.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

async function serviceOn(backend: Backend): Promise<RunningService> {
  const service = await startService({
    workflows: { flood },
    backend,
    limits: { maxSubscriptionsPerSocket: 50, maxEventBytes: false },
  });
  disposables.push(backend, service);
  return service;
}

async function openSocket(service: RunningService): Promise<WatchSocket> {
  const opened = await openWatchSocket(service.wsUrl);
  sockets.push(opened);
  return opened;
}

/** Starts a run, and waits until it has ended. */
async function floodOf(service: RunningService, count: number): Promise<string> {
  const runId = await startRun(service.url, "flood", { count });
  const client = await openSocket(service);
  const end = client.watch(following(runId, { select: "... on RunStatusEvent { runStatus }" }));
  await until(() => end.isComplete);
  return runId;
}

/** A backend that counts what is read of its logs: the pages that carry an event. */
function counted(backend: Backend): { readonly backend: Backend; readonly pages: number[] } {
  const pages: number[] = [];
  const { events } = backend;
  return {
    pages,
    backend: {
      ...backend,
      events: {
        append: (runId, batch, at) => events.append(runId, batch, at),
        trim: (runId, before) => events.trim(runId, before),
        async read(runId, page) {
          const found = await events.read(runId, page);
          if (page.limit > 1) pages.push(found.events.length);
          return found;
        },
      },
    },
  };
}

/** Resolves when nothing happens any more: those who do not read have what they get. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await setImmediate();
}

test("a WebSocket client that reads nothing of 200 MB costs the server one batch, and then gets all", async () => {
  const service = await serviceOn(memory());
  const runId = await floodOf(service, 200);
  const stalled = await openSocket(service);
  const before = await usedBytes();
  stalled.socket.pause();
  const slow = stalled.watch(following(runId, { select: SELECT }));
  const end = service.sockets.at(-1);
  await until(() => (end?.bufferedAmount ?? 0) > 0);
  let most = 0;
  for (let turn = 0; turn < 500; turn++) {
    most = Math.max(most, end?.bufferedAmount ?? 0);
    await setImmediate();
  }
  expect(most).toBeLessThan(BATCH + MB);
  expect((await usedBytes()) - before).toBeLessThan(HELD + TOLERANCE);

  // Another is not held up, and neither is what it gets kept.
  const other = (await openSocket(service)).watch(
    following(runId, { select: "... on RunEvent { seq }" }),
  );
  await until(() => other.isComplete);
  expect(other.results.map(seqOf)).toEqual(range(1, 200 + OWN_EVENTS));

  stalled.socket.resume();
  await until(() => slow.isComplete);
  expect(slow.results.map(seqOf)).toEqual(range(1, 200 + OWN_EVENTS));
  expect(
    slow.results.filter(({ data }) => data?.["workflowEvents"]?.["status"] === TEXT),
  ).toHaveLength(200);
});

test("so does a client that reads nothing of an event stream", async () => {
  const service = await serviceOn(memory());
  const runId = await floodOf(service, 200);
  const before = await usedBytes();
  const slow = await openPausedEventStream(service.url, following(runId, { select: SELECT }));
  await settle();
  expect((await usedBytes()) - before).toBeLessThan(2 * HELD + TOLERANCE);
  expect(await readSeqs(slow)).toEqual(range(1, 200 + OWN_EVENTS));
});

test("a client that reads nothing while a run goes on costs no more", async () => {
  const service = await serviceOn(memory());
  const stalled = await openSocket(service);
  stalled.socket.pause();
  const before = await usedBytes();
  const runId = await startRun(service.url, "flood", { count: 200 });
  const slow = stalled.watch(following(runId, { select: SELECT }));
  const reader = (await openSocket(service)).watch(
    following(runId, { select: "... on RunEvent { seq }" }),
  );
  await until(() => reader.isComplete);
  expect(reader.results).toHaveLength(200 + OWN_EVENTS);
  expect((await usedBytes()) - before).toBeLessThan(HELD + TOLERANCE);
  stalled.socket.resume();
  await until(() => slow.isComplete);
  expect(slow.results.map(seqOf)).toEqual(range(1, 200 + OWN_EVENTS));
});

test("fifty operations on a socket that reads nothing cost one batch each at most", async () => {
  const service = await serviceOn(memory());
  const runId = await floodOf(service, 8);
  const stalled = await openSocket(service);
  stalled.socket.pause();
  const slow = range(1, 50).map(() => stalled.watch(following(runId, { select: SELECT })));
  const end = service.sockets.at(-1);
  await until(() => (end?.bufferedAmount ?? 0) > 0);
  await settle();
  expect(end?.bufferedAmount).toBeLessThan(50 * (BATCH + MB));
  stalled.socket.resume();
  await until(() => slow.every((watcher) => watcher.isComplete));
  for (const { results } of slow) expect(results.map(seqOf)).toEqual(range(1, 8 + OWN_EVENTS));
});

test("of large events SQLite reads a few at a time, and no more for those who do not read", async () => {
  const { backend, pages } = counted(await temporarySqlite());
  const service = await serviceOn(backend);
  const count = 60;
  const runId = await floodOf(service, count);
  pages.length = 0;
  const stalled = await openSocket(service);
  const before = await usedBytes();
  stalled.socket.pause();
  const slow = stalled.watch(following(runId, { select: SELECT }));
  const stream = await openPausedEventStream(service.url, following(runId, { select: SELECT }));
  await until(() => pages.length > 0 && (service.sockets.at(-1)?.bufferedAmount ?? 0) > 0);
  await settle();
  // What the connections have taken of it is not held here.
  expect(pages.length).toBeLessThan(count);
  expect((await usedBytes()) - before).toBeLessThan(2 * (MB + HELD) + TOLERANCE);
  stalled.socket.resume();
  const seqs = readSeqs(stream);
  await until(() => slow.isComplete);
  expect(slow.results.map(seqOf)).toEqual(range(1, count + OWN_EVENTS));
  expect(await seqs).toEqual(range(1, count + OWN_EVENTS));
  // A page is full with one of them; what comes before the first is small.
  expect(Math.max(...pages)).toBeLessThanOrEqual(1 + OWN_EVENTS);
  expect(pages.filter((events) => events === 1).length).toBeGreaterThanOrEqual(count - 1);
});

test("a page of SQLite's log ends once it has 64 KiB, after one event at least, and misses none", async () => {
  const size = fc.oneof(
    { weight: 6, arbitrary: fc.nat(1_000) },
    { weight: 1, arbitrary: fc.integer({ min: 8_000, max: 1_000_000 }) },
  );
  const bound = 64 * 1024;
  await fc.assert(
    fc.asyncProperty(
      fc.array(size, { minLength: 1, maxLength: 150 }),
      fc.integer({ min: 1, max: 500 }),
      async (sizes, limit) => {
        await using backend = await temporarySqlite();
        const { runs, events } = backend;
        await runs.create(newRun(), queued());
        await runs.claim({ owner: "worker-1", leaseMs: 600_000, limit: 1 });
        const log = sizes.map((length, i) => written(i + 2, TEXT.repeat(7).slice(0, length)));
        await events.append("run-1", log, { after: 1, epoch: 1 });
        let after = 0;
        while (after < sizes.length + 1) {
          const page = await events.read("run-1", { after, limit });
          expect(page.lastSeq).toBe(sizes.length + 1);
          expect(page.events.length).toBeGreaterThan(0);
          expect(page.events.length).toBeLessThanOrEqual(limit);
          const lengths = page.events.map((event) => JSON.stringify(event).length);
          const total = lengths.reduce((sum, length) => sum + length, 0);
          // Full before its last event it would have ended there.
          expect(total - (lengths.at(-1) ?? 0)).toBeLessThan(bound);
          for (const event of page.events) {
            after += 1;
            expect(event.seq).toBe(after);
            if (after > 1) expect(event).toEqual(log[after - 2]);
          }
          // And it has as many as that.
          if (page.events.length < limit && after < sizes.length + 1) {
            expect(total).toBeGreaterThanOrEqual(bound);
          }
        }
        expect((await events.read("run-1", { after, limit })).events).toEqual([]);
        expect((await events.read("run-1", { after: 0, limit: 0 })).events).toEqual([]);
      },
    ),
    { numRuns: 15 },
  );
});

test("a page of events that a query asks for is whole, however large they are", async () => {
  const service = await serviceOn(await temporarySqlite());
  const runId = await floodOf(service, 20);
  const query = `query ($id: ID!, $after: Cursor) {
    run(id: $id) { events(first: 15, after: $after) { nodes { ... on RunEvent { seq } } hasMore endCursor } }
  }`;
  const ask = async (after: string | null) => {
    const { data, errors } = await post(service.url, { query, variables: { id: runId, after } });
    expect(errors).toBeUndefined();
    const page = data?.["run"]?.["events"] as {
      readonly nodes: readonly { readonly seq: number }[];
      readonly hasMore: boolean;
      readonly endCursor: string;
    };
    return { ...page, seqs: page.nodes.map(({ seq }) => seq) };
  };
  const first = await ask(null);
  expect([first.seqs, first.hasMore]).toEqual([range(1, 15), true]);
  const rest = await ask(first.endCursor);
  expect([rest.seqs, rest.hasMore]).toEqual([range(16, 26), false]);
});
