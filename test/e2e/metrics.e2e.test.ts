import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { interrupt } from "@langchain/langgraph";
import { afterEach, expect, test } from "vitest";
import { sqlite } from "../../src/backends/sqlite/index.ts";
import { memory, type Backend, type ServiceOptions } from "../../src/index.ts";
import { createGates } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { post, postEvents, readResults } from "../support/http.ts";
import { intercept } from "../support/intercept.ts";
import { postMultipart } from "../support/multipart.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { eventOf } from "../support/result.ts";
import { scrape } from "../support/scrape.ts";
import { startService, type RunningService } from "../support/service.ts";
import { EVERYTHING, following, freeGraph, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect } from "../support/web-socket.ts";

const disposables: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of disposables.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

async function start(options: Partial<ServiceOptions> = {}): Promise<RunningService> {
  const service = await startService({ workflows: { free: freeGraph }, ...options });
  disposables.push(service);
  return service;
}

const RUN = `subscription { runWorkflow(input: { free: { count: 5 } }) { ${EVERYTHING} } }`;
/** Queued, running, the node's start, five of progress, its end, its update and the run's end. */
const EVENTS = 11;

test("a run and its one watcher are counted exactly: statuses, events recorded, delivered and timed", async () => {
  const { url, wsUrl } = await start();
  const client = connect(wsUrl);
  expect(await collect(client, RUN)).toHaveLength(EVENTS);
  await client.dispose();
  const found = await scrape(url);
  expect(found).toMatchObject({
    'run_status_changes_total{workflow="free",status="queued"}': 1,
    'run_status_changes_total{workflow="free",status="running"}': 1,
    'run_status_changes_total{workflow="free",status="succeeded"}': 1,
    'runs_recovered_total{workflow="free"}': 0,
    'events_recorded_total{workflow="free"}': EVENTS,
    'events_delivered_total{transport="websocket",source="live"}': EVENTS,
    'events_delivered_total{transport="websocket",source="replay"}': 0,
    'delivery_latency_seconds_count{transport="websocket"}': EVENTS,
    'delivery_latency_seconds_bucket{le="+Inf",transport="websocket"}': EVENTS,
    'subscribers{transport="websocket"}': 0,
    subscribers_behind: 0,
    lag_events: 0,
    replays_total: 0,
    errors_masked_total: 0,
    backend_up: 1,
  });
  expect(found['delivery_latency_seconds_sum{transport="websocket"}']).toBeLessThan(10 * EVENTS);
  // Of the process.
  expect(found["process_resident_memory_bytes"]).toBeGreaterThan(0);
  expect(found).toHaveProperty("nodejs_eventloop_lag_p99_seconds");
});

test("each transport is counted by its name", async () => {
  const { url, wsUrl } = await start();
  const client = connect(wsUrl);
  await collect(client, RUN);
  await client.dispose();
  expect(await readResults(await postEvents(url, { query: RUN }))).toHaveLength(EVENTS);
  await (await postMultipart(url, { query: RUN })).text();
  const plain = await fetch(new URL("/stream/free", url), { method: "POST", body: '{"count":5}' });
  await plain.text();
  expect(await scrape(url)).toMatchObject({
    'delivery_latency_seconds_count{transport="websocket"}': EVENTS,
    'delivery_latency_seconds_count{transport="sse"}': EVENTS,
    'delivery_latency_seconds_count{transport="multipart"}': EVENTS,
    // Written events and updates alone.
    'delivery_latency_seconds_count{transport="stream"}': 6,
    'events_recorded_total{workflow="free"}': 4 * EVENTS,
  });
});

test("what was recorded before somebody watched is counted as replayed, and not as late", async () => {
  const { url } = await start();
  const runId = await startRun(url, "free", { count: 5 });
  await until(async () => isOver(await scrape(url)));
  await readResults(await postEvents(url, following(runId)));
  await readResults(await postEvents(url, following(runId, { after: 4 })));
  expect(await scrape(url)).toMatchObject({
    'events_delivered_total{transport="sse",source="live"}': 0,
    'events_delivered_total{transport="sse",source="replay"}': 2 * EVENTS - 4,
    'delivery_latency_seconds_count{transport="sse"}': 0,
    replays_total: 1,
  });
});

function isOver(found: Awaited<ReturnType<typeof scrape>>): boolean {
  return found['run_status_changes_total{workflow="free",status="succeeded"}'] === 1;
}

test("open runs, subscribers and sockets are what they are at the moment", async () => {
  const gates = createGates();
  const ask = graphOf(() => void interrupt("Why?"));
  const { url, wsUrl } = await start({
    workflows: { stepped: steppedGraph(gates), ask },
    limits: { maxConcurrentRuns: 1 },
  });
  await startRun(url, "ask", {});
  await until(
    async () => (await scrape(url))['open_runs{workflow="ask",status="interrupted"}'] === 1,
  );
  const first = await startRun(url, "stepped", { count: 1 });
  await until(() => gates.of(first).arrivals === 1);
  const second = await startRun(url, "stepped", { count: 1 });
  const raw = await openRawSocket(wsUrl);
  raw.send({ type: "subscribe", id: "1", payload: following(first) });
  await raw.message("1", "next");
  const found = async () => {
    let now = await scrape(url);
    await until(async () => {
      now = await scrape(url);
      return now['open_runs{workflow="stepped",status="queued"}'] === 1;
    });
    return now;
  };
  expect(await found()).toMatchObject({
    'open_runs{workflow="stepped",status="running"}': 1,
    'open_runs{workflow="ask",status="interrupted"}': 1,
    'subscribers{transport="websocket"}': 1,
    sockets_open: 1,
    sockets_buffered_bytes: 0,
  });
  raw.socket.terminate();
  gates.of(first).open(Infinity);
  gates.of(second).open(Infinity);
  await until(async () => {
    const now = await scrape(url);
    const isGone = now["sockets_open"] === 0 && now['subscribers{transport="websocket"}'] === 0;
    return isGone && !('open_runs{workflow="stepped",status="running"}' in now);
  });
});

test("a watcher that does not read is behind, by as many events as it has yet to take", async () => {
  const flood = graphOf(({ state: { count }, write }) => {
    for (let i = 0; i < count; i++) write({ text: "x".repeat(1_000) });
  });
  const { url, wsUrl } = await start({ workflows: { flood } });
  const raw = await openRawSocket(wsUrl);
  raw.socket.pause();
  const query = `subscription { runWorkflow(input: { flood: { count: 20000 } }) { ... on CustomEvent { payload } } }`;
  raw.send({ type: "subscribe", id: "1", payload: { query } });
  await until(async () => {
    const { lag_events: lag = 0, sockets_buffered_bytes: bytes = 0 } = await scrape(url);
    return lag > 5_000 && bytes > 0;
  });
  expect((await scrape(url))["subscribers_behind"]).toBe(1);
  raw.socket.resume();
  await raw.message("1", "complete");
  await until(async () => (await scrape(url))["subscribers_behind"] === 0);
});

test("a run whose process died is counted by whoever takes it over", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metrics-"));
  disposables.push({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
  const path = join(folder, "data.sqlite");
  const gates = createGates();
  const workflows = { stepped: steppedGraph(gates) };
  const dead = await sqlite({ path });
  const first = await startService({ workflows, backend: dead });
  const runId = await startRun(first.url, "stepped", { count: 1 });
  await until(() => gates.of(runId).arrivals === 1);
  // All that it says from here on is lost, as it is when a process is killed.
  await dead[Symbol.asyncDispose]();
  const backend = await sqlite({ path });
  disposables.push(backend);
  gates.of(runId).open(Infinity);
  const { url } = await start({ workflows, backend });
  await until(
    async () =>
      (await scrape(url))['run_status_changes_total{workflow="stepped",status="succeeded"}'] === 1,
  );
  expect(await scrape(url)).toMatchObject({
    'runs_recovered_total{workflow="stepped"}': 1,
    'run_status_changes_total{workflow="stepped",status="running"}': 1,
  });
  await first[Symbol.asyncDispose]();
});

test("cursors that have expired and errors that are masked are counted", async () => {
  const backend = memory();
  const { url } = await start({ backend });
  const runId = await startRun(url, "free", { count: 5 });
  await until(async () => isOver(await scrape(url)));
  await readResults(await postEvents(url, following(runId, { after: 99 })));
  await backend.events.trim(runId, 5);
  await readResults(await postEvents(url, following(runId, { after: 1 })));
  await readResults(await postEvents(url, following(runId, { after: 1 })));
  const found = await scrape(url);
  expect(found['drops_total{reason="REWOUND"}']).toBe(1);
  expect(found['drops_total{reason="TRIMMED"}']).toBe(2);
  await backend[Symbol.asyncDispose]();
});

test("a backend that is gone takes its own figures from a scrape, and no others", async () => {
  const { runs, ...rest } = memory();
  const backend: Backend = {
    ...rest,
    [Symbol.asyncDispose]: async () => {},
    runs: intercept(runs, ["countOpen", "list"], async () => {
      throw new Error("connect ECONNREFUSED postgres://admin:hunter2@db");
    }),
  };
  const { url } = await start({ backend });
  const { errors } = await post(url, { query: "{ runs { nodes { id } } }" });
  expect(errors?.[0]?.extensions?.["code"]).toBe("INTERNAL");
  await startRun(url, "free", { count: 1 });
  const found = await scrape(url);
  expect(found).toMatchObject({ backend_up: 0, errors_masked_total: 1, sockets_open: 0 });
  expect(found).not.toHaveProperty("lag_events");
  expect(Object.keys(found).filter((name) => name.startsWith("open_runs"))).toEqual([]);
});

test("two services in one process each have their own figures", async () => {
  const first = await start();
  const second = await start();
  const results = await readResults(await postEvents(first.url, { query: RUN }));
  expect(eventOf(results.at(-1) ?? {})["__typename"]).toBe("RunStatusEvent");
  expect(await scrape(first.url)).toMatchObject({
    'events_recorded_total{workflow="free"}': EVENTS,
  });
  const other = await scrape(second.url);
  expect(Object.keys(other).filter((name) => name.includes("free"))).toEqual([]);
  expect(other["process_resident_memory_bytes"]).toBeGreaterThan(0);
});
