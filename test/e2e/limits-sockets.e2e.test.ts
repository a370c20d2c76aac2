import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createGates, type Gates } from "../support/gate.ts";
import { openRawSocket, type RawSocket } from "../support/raw-socket.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";

let gates: Gates;
let service: RunningService;
let runId: string;

beforeEach(async () => {
  gates = createGates();
  service = await startService({ workflows: { steps: steppedGraph(gates) } });
  runId = await startRun(service.url, "steps", { count: 1 });
});
afterEach(() => service[Symbol.asyncDispose]());

const MAX = 20;

function subscribe(raw: RawSocket, id: number): void {
  raw.send({ type: "subscribe", id: String(id), payload: following(runId) });
}

/** A socket with as many subscriptions as there may be, all of which have begun. */
async function fullSocket(): Promise<RawSocket> {
  const raw = await openRawSocket(service.wsUrl);
  for (let id = 1; id <= MAX; id++) subscribe(raw, id);
  for (let id = 1; id <= MAX; id++) await raw.message(String(id), "next");
  return raw;
}

const REFUSED = [
  {
    message: "20 subscriptions are open on the socket already: end one before you begin another",
    extensions: { code: "LIMIT_EXCEEDED", limit: "maxSubscriptionsPerSocket", max: MAX },
  },
];

test("a subscription too many on a socket is refused; the others, and the socket, go on", async () => {
  const raw = await fullSocket();
  subscribe(raw, 21);
  expect((await raw.message("21", "error")).payload).toEqual(REFUSED);
  // Queries are not subscriptions, and other sockets are others.
  raw.send({ type: "subscribe", id: "22", payload: { query: "{ workflows { name } }" } });
  await raw.message("22", "next");
  const other = await openRawSocket(service.wsUrl);
  subscribe(other, 1);
  await other.message("1", "next");
  gates.of(runId).open();
  for (let id = 1; id <= MAX; id++) await raw.message(String(id), "complete");
  raw.socket.terminate();
  other.socket.terminate();
});

test("a refused subscription starts no run", async () => {
  const raw = await fullSocket();
  const query =
    'subscription { runWorkflow(input: { steps: { count: 0 } }, runId: "mine") { __typename } }';
  raw.send({ type: "subscribe", id: "21", payload: { query } });
  await raw.message("21", "error");
  raw.send({ type: "subscribe", id: "22", payload: { query: '{ run(id: "mine") { id } }' } });
  const { payload } = await raw.message("22", "next");
  expect(payload).toMatchObject({ errors: [{ extensions: { code: "NOT_FOUND" } }] });
  raw.socket.terminate();
});

test.each(["completed", "ended with its run"])(
  "a subscription that was %s makes room for another",
  async (how) => {
    const raw = await fullSocket();
    if (how === "completed") {
      raw.send({ type: "complete", id: "1" });
    } else {
      gates.of(runId).open();
      for (let id = 1; id <= MAX; id++) await raw.message(String(id), "complete");
    }
    subscribe(raw, 21);
    await raw.message("21", "next");
    expect(raw.of("21").some(({ type }) => type === "error")).toBe(false);
    raw.socket.terminate();
  },
);

test("refused subscriptions do not count: there is room again as soon as one ends", async () => {
  const raw = await fullSocket();
  for (let id = 21; id <= 60; id++) {
    subscribe(raw, id);
    await raw.message(String(id), "error");
  }
  // Neither do those that are refused for another reason.
  raw.send({ type: "complete", id: "1" });
  for (let id = 61; id <= 90; id++) {
    raw.send({ type: "subscribe", id: String(id), payload: following("nothing") });
    await raw.message(String(id), "error");
  }
  subscribe(raw, 91);
  await raw.message("91", "next");
  raw.socket.terminate();
});

test("a socket that does not say connection_init in time is closed with 4408", async () => {
  await using quick = await startService({
    workflows: { steps: steppedGraph(gates) },
    limits: { connectionInitTimeoutMs: 50 },
  });
  const socket = new WebSocket(quick.wsUrl, "graphql-transport-ws");
  const [code] = (await once(socket, "close")) as [number];
  expect(code).toBe(4408);
  // One that does stays.
  const raw = await openRawSocket(quick.wsUrl);
  const late = new WebSocket(quick.wsUrl, "graphql-transport-ws");
  await once(late, "close");
  expect(raw.socket.readyState).toBe(WebSocket.OPEN);
  raw.socket.terminate();
  await until(() => quick.sockets.every(({ readyState }) => readyState === WebSocket.CLOSED));
});
