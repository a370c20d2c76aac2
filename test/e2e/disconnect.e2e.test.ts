import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createGates, type Gates } from "../support/gate.ts";
import { post } from "../support/http.ts";
import { runIdOf, seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { EVERYTHING, following, range, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { watchedBackend, type WatchedBackend } from "../support/watched-backend.ts";
import { connect, watch } from "../support/web-socket.ts";

let gates: Gates;
let watched: WatchedBackend;
let service: RunningService;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  gates = createGates();
  watched = watchedBackend();
  service = await startService({
    workflows: { steps: steppedGraph(gates) },
    backend: watched.backend,
  });
});
afterEach(async () => {
  vi.useRealTimers();
  await service[Symbol.asyncDispose]();
});

/** Starts a run, follows it to where it waits, and goes away. */
async function startAndLeave(onDisconnect: string): Promise<string> {
  const client = connect(service.wsUrl);
  const stream = watch(client, {
    query: `subscription {
      runWorkflow(input: { steps: { count: 1 } }, onDisconnect: ${onDisconnect}) { ${EVERYTHING} }
    }`,
  });
  const { value } = (await stream.next()) as { readonly value: Result };
  await until(() => gates.of(runIdOf(value)).arrivals === 1);
  service.sockets.at(-1)?.terminate();
  await client.dispose();
  await until(() => watched.listeners === 0);
  return runIdOf(value);
}

async function statusOf(runId: string): Promise<unknown> {
  const query = "query ($id: ID!) { run(id: $id) { status } }";
  const { data } = await post(service.url, { query, variables: { id: runId } });
  return data?.["run"]?.["status"];
}

test("a run goes on when its subscriber goes away", async () => {
  const runId = await startAndLeave("CONTINUE");
  vi.advanceTimersByTime(60_000);
  expect(await statusOf(runId)).toBe("RUNNING");
  gates.of(runId).open();
  await until(async () => (await statusOf(runId)) === "SUCCEEDED");
});

test("with onDisconnect: CANCEL it is cancelled ten seconds later, and no sooner", async () => {
  const runId = await startAndLeave("CANCEL");
  vi.advanceTimersByTime(9_999);
  expect(await statusOf(runId)).toBe("RUNNING");
  vi.advanceTimersByTime(1);
  await until(async () => (await statusOf(runId)) === "CANCELLED");
});

test("with onDisconnect: CANCEL it is cancelled also where the subscriber's token has run out since", async () => {
  await service[Symbol.asyncDispose]();
  let expiresAt: Date | undefined = new Date(Date.now() + 3_600_000);
  service = await startService({
    workflows: { steps: steppedGraph(gates) },
    backend: watched.backend,
    authenticate: () => ({ viewer: { id: "ann" }, expiresAt }),
  });
  const runId = await startAndLeave("CANCEL");
  expiresAt.setTime(0);
  expiresAt = undefined;
  vi.advanceTimersByTime(10_000);
  await until(async () => (await statusOf(runId)) === "CANCELLED");
});

test("with onDisconnect: CANCEL it is cancelled also where the subscriber may watch it and not read it", async () => {
  await service[Symbol.asyncDispose]();
  let mayRead = false;
  service = await startService({
    workflows: { steps: steppedGraph(gates) },
    backend: watched.backend,
    authorize: (_viewer, { action }) => action !== "read" || mayRead,
  });
  const runId = await startAndLeave("CANCEL");
  vi.advanceTimersByTime(10_000);
  await until(async () => (await watched.backend.runs.get(runId))?.status === "cancelled");
  mayRead = true;
  expect(await statusOf(runId)).toBe("CANCELLED");
});

test("with onDisconnect: CANCEL it goes on if somebody follows it by then", async () => {
  const runId = await startAndLeave("CANCEL");
  const client = connect(service.wsUrl);
  const stream = watch(client, following(runId));
  const seqs: number[] = [];
  for await (const result of stream) {
    seqs.push(seqOf(result));
    if (seqs.length < 3) continue;
    vi.advanceTimersByTime(60_000);
    gates.of(runId).open();
  }
  expect(seqs).toEqual(range(1, 7));
  expect(await statusOf(runId)).toBe("SUCCEEDED");
  await client.dispose();
});

test("with onDisconnect: CANCEL a run is left alone that its server, when it stopped, left to another", async () => {
  const backend = { ...watched.backend, isDurable: true };
  const workflows = { steps: steppedGraph(gates) };
  const next = service;
  service = await startService({ workflows, backend, drainMs: 0 });
  const runId = await startAndLeave("CANCEL");
  let isStopped = false;
  void service[Symbol.asyncDispose]().then(() => (isStopped = true));
  await until(() => {
    vi.advanceTimersByTime(10);
    return isStopped;
  });
  service = next;
  vi.advanceTimersByTime(60_000);
  // What the timer may have begun is done in a few turns.
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  expect(await statusOf(runId)).not.toBe("CANCELLED");
});
