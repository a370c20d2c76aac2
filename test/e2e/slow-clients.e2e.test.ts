import { request, type IncomingMessage } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGates, type Gates } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { openEventSource, postEvents, readResults } from "../support/http.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { watchedBackend, type WatchedBackend } from "../support/watched-backend.ts";
import { collect, connect, watch } from "../support/web-socket.ts";

const EVENTS = 20_000;

/** What a run has beside what its node writes. */
const ALL = EVENTS + 6;

const TEXT = "x".repeat(1024);

/** Writes events of a kilobyte each, without a pause. */
const flood = graphOf(({ state: { count }, write }) => {
  for (let current = 1; current <= count; current++) {
    write({ type: "progress", current, status: TEXT });
  }
});

const SELECT = "... on RunEvent { seq } ... on ProgressEvent { status }";

let gates: Gates;
let watched: WatchedBackend;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  watched = watchedBackend();
  service = await startService({
    workflows: { flood, steps: steppedGraph(gates) },
    backend: watched.backend,
    limits: { maxSubscriptionsPerSocket: false },
  });
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await watched.backend[Symbol.asyncDispose]();
});

test("a WebSocket client that stops reading costs the server next to nothing, and others nothing", async () => {
  const slow = await openRawSocket(service.wsUrl);
  const [slowEnd] = service.sockets;
  const runId = await startRun(service.url, "flood", { count: EVENTS });
  const operation = following(runId, { select: SELECT });
  slow.socket.pause();
  slow.send({ type: "subscribe", id: "1", payload: operation });
  const client = connect(service.wsUrl);
  const others = await Promise.all([
    collect(client, operation),
    postEvents(service.url, operation).then(readResults),
  ]);
  for (const results of others) expect(results.map(seqOf)).toEqual(range(1, ALL));
  // Of more than 20 MB.
  expect(slowEnd?.bufferedAmount).toBeLessThan(256 * 1024);
  expect(watched.eventsRead).toBeLessThan(2.9 * EVENTS);

  slow.socket.resume();
  await slow.message("1", "complete");
  const late = slow.of("1").filter(({ type }) => type === "next");
  expect(late.map(({ payload }) => seqOf(payload as Result))).toEqual(range(1, ALL));
  slow.socket.terminate();
  await client.dispose();
});

test("so does a client that stops reading an event stream", async () => {
  const runId = await startRun(service.url, "flood", { count: EVENTS });
  const operation = following(runId, { select: SELECT });
  const slow = await openPaused(service.url, operation);
  const other = await readResults(await postEvents(service.url, operation));
  expect(other.map(seqOf)).toEqual(range(1, ALL));
  expect(watched.eventsRead).toBeLessThan(1.9 * EVENTS);

  let text = "";
  slow.setEncoding("utf8");
  for await (const part of slow) text += String(part);
  const seqs = [...text.matchAll(/^id: (\d+)\./gm)].map(([, seq]) => Number(seq));
  expect(seqs).toEqual(range(1, ALL));
});

test("a client that never reads and then vanishes leaves nothing behind", async () => {
  const runId = await startRun(service.url, "flood", { count: EVENTS });
  const operation = following(runId, { select: SELECT });
  const slow = await openRawSocket(service.wsUrl);
  slow.socket.pause();
  slow.send({ type: "subscribe", id: "1", payload: operation });
  const stream = await openPaused(service.url, operation);
  await until(() => watched.listeners === 1);
  slow.socket.terminate();
  stream.destroy();
  await until(() => watched.listeners === 0);
});

/** How clients go away, each from a subscription that waits for an event. */
const LEAVING: Readonly<
  Record<string, (operation: ReturnType<typeof following>) => Promise<void>>
> = {
  "a WebSocket that completes its operation": async (operation) => {
    const client = connect(service.wsUrl, { lazy: false });
    const stream = watch(client, operation);
    for (let i = 0; i < 3; i++) await stream.next();
    await stream.return?.();
    await until(() => watched.listeners === 0);
    await client.dispose();
  },
  "a WebSocket that is closed": async (operation) => {
    const raw = await openRawSocket(service.wsUrl);
    raw.send({ type: "subscribe", id: "1", payload: operation });
    await until(() => raw.of("1").length === 3);
    raw.socket.close();
  },
  "a WebSocket that is cut off": async (operation) => {
    const raw = await openRawSocket(service.wsUrl);
    raw.send({ type: "subscribe", id: "1", payload: operation });
    await until(() => raw.of("1").length === 3);
    raw.socket.terminate();
  },
  "an event stream (GET) that is aborted": async (operation) => {
    const aborting = new AbortController();
    const response = await openEventSource(service.url, operation, { signal: aborting.signal });
    await response.body?.getReader().read();
    aborting.abort();
  },
  "an event stream (POST) whose reader goes away": async (operation) => {
    const response = await postEvents(service.url, operation);
    await until(() => watched.listeners === 1);
    await response.body?.cancel();
  },
};

test.each(Object.keys(LEAVING))("%s releases all that it held", async (how) => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  await LEAVING[how]?.(following(runId));
  await until(() => watched.listeners === 0);
  // The run does not mind.
  gates.of(runId).open();
  const results = await readResults(await postEvents(service.url, following(runId)));
  expect(results.map(seqOf)).toEqual(range(1, 7));
});

test("clients that vanish the moment they have subscribed leave nothing behind", async () => {
  const payload = following(await startRun(service.url, "steps", { count: 1 }));
  const before = watched.eventsRead;
  for (let round = 0; round < 30; round++) {
    const raw = await openRawSocket(service.wsUrl);
    raw.send({ type: "subscribe", id: "1", payload });
    if (round % 3 === 0) raw.send({ type: "complete", id: "1" });
    if (round % 3 === 1) raw.socket.close();
    // Else cut off, once the message is on its way.
    else await new Promise<void>((resolve) => raw.socket.ping("", true, () => resolve()));
    raw.socket.terminate();
  }
  await until(() => service.sockets.every(({ readyState }) => readyState === 3));
  await until(() => watched.listeners === 0);
  expect(watched.eventsRead).toBeGreaterThan(before);
});

test("500 subscriptions one after the other on one socket leave no listener behind", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  const payload = following(await startRun(service.url, "steps", { count: 1 }));
  const raw = await openRawSocket(service.wsUrl);
  const [socket] = service.sockets;
  const listeners = (): unknown =>
    socket?.eventNames().map((name) => [name, socket.listenerCount(name)]);
  const before = listeners();
  for (let round = 1; round <= 500; round++) {
    const id = String(round);
    raw.send({ type: "subscribe", id, payload });
    await until(() => raw.of(id).length === 3);
    raw.send({ type: "complete", id });
  }
  await until(() => watched.listeners === 0);
  expect(listeners()).toEqual(before);
  expect(warnings).toEqual([]);
  process.off("warning", onWarning);
  raw.socket.terminate();
});

test("any number of subscribers to a run cost one wake-up listener, and share what they read", async () => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  const raw = await openRawSocket(service.wsUrl);
  const ids = range(1, 200).map(String);
  for (const id of ids) raw.send({ type: "subscribe", id, payload: following(runId) });
  await until(() => ids.every((id) => raw.of(id).length === 3));
  expect(watched.listeners).toBe(1);
  const before = watched.eventsRead;
  gates.of(runId).open();
  await Promise.all(ids.map((id) => raw.message(id, "complete")));
  for (const id of ids) {
    const results = raw.of(id).flatMap(({ payload }) => (payload ? [payload as Result] : []));
    expect(results.map(seqOf)).toEqual(range(1, 7));
  }
  // Of four events, which each for itself would make 800: those who share a socket write in turn, and
  // whose turn came later has looked once more.
  expect(watched.eventsRead - before).toBeLessThan(200);
  await until(() => watched.listeners === 0);
  raw.socket.terminate();
});

/** An event stream that nobody reads until it is iterated. */
function openPaused(url: string, operation: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", accept: "text/event-stream" };
    const asking = request(url, { method: "POST", headers });
    asking.once("response", (response) => resolve(response.pause()));
    asking.once("error", reject);
    asking.end(JSON.stringify(operation));
  });
}
