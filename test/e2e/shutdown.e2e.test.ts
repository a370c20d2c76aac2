import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { interrupt } from "@langchain/langgraph";
import { expect, test, vi } from "vitest";
import { createService, type Service } from "../../src/index.ts";
import { serve, type ServerHandle } from "../../src/server/index.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { postEvents, readResults } from "../support/http.ts";
import { openRawSocket, type RawSocket } from "../support/raw-socket.ts";
import { eventOf, type Result } from "../support/result.ts";
import { until } from "../support/until.ts";

const SELECT = "... on RunStatusEvent { runStatus }";
const WAIT = { query: `subscription { runWorkflow(input: { wait: {} }) { ${SELECT} } }` };
const ASK = { query: `subscription { runWorkflow(input: { ask: {} }) { ${SELECT} } }` };

/** A service with a workflow that never ends by itself, and one that asks a question. */
async function start(): Promise<{ service: Service; server: ServerHandle; wsUrl: string }> {
  const gate = createGate();
  const service = createService({
    workflows: {
      wait: graphOf(({ config }) => gate.pass(config.signal)),
      ask: graphOf(() => {
        interrupt("Why?");
      }),
    },
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const server = await serve({ service, port: 0, graphiql: false });
  return { service, server, wsUrl: server.url.replace("http", "ws") };
}

async function follow(raw: RawSocket, payload: object, status: string): Promise<void> {
  raw.send({ type: "subscribe", id: "1", payload });
  await until(() => statuses(raw).at(-1) === status);
}

function statuses(raw: RawSocket): readonly unknown[] {
  const results = raw.of("1").filter(({ type }) => type === "next");
  return results.map(({ payload }) => eventOf(payload as Result)["runStatus"]);
}

test("a service that is disposed of tells its watchers how their runs end, then closes their sockets", async () => {
  const { service, server, wsUrl } = await start();
  const raw = await openRawSocket(wsUrl);
  await follow(raw, WAIT, "RUNNING");
  await service[Symbol.asyncDispose]();
  expect(await raw.closed).toBe(1001);
  expect(statuses(raw)).toEqual(["QUEUED", "RUNNING", "CANCELLED"]);
  expect(raw.messages.at(-1)).toMatchObject({ type: "complete", id: "1" });
  await server[Symbol.asyncDispose]();
});

test("sockets that have nothing to do are closed too, with the code that tells clients to come back", async () => {
  const { service, server, wsUrl } = await start();
  const raw = await openRawSocket(wsUrl);
  await service[Symbol.asyncDispose]();
  expect(await raw.closed).toBe(1001);
  await server[Symbol.asyncDispose]();
});

test("so are those that wait with a run for an answer", async () => {
  const { service, server, wsUrl } = await start();
  const raw = await openRawSocket(wsUrl);
  await follow(raw, ASK, "INTERRUPTED");
  await service[Symbol.asyncDispose]();
  expect(await raw.closed).toBe(1001);
  expect(statuses(raw).at(-1)).toBe("INTERRUPTED");
  await server[Symbol.asyncDispose]();
});

test("event streams end with the end of their runs", async () => {
  const { service, server } = await start();
  const response = await postEvents(server.url, WAIT);
  const results = readResults(response);
  await service[Symbol.asyncDispose]();
  expect(eventOf((await results).at(-1) ?? {})).toEqual({ runStatus: "CANCELLED" });
  await server[Symbol.asyncDispose]();
});

test("a server can be stopped before its service, with sockets open; runs go on", async () => {
  const { service, server, wsUrl } = await start();
  const raw = await openRawSocket(wsUrl);
  await follow(raw, WAIT, "RUNNING");
  await server[Symbol.asyncDispose]();
  expect(await raw.closed).toBe(1001);
  const query = "{ runs { nodes { status } } }";
  const response = await service.fetch(new Request(`${server.url}?query=${query}`));
  expect(await response.json()).toEqual({ data: { runs: { nodes: [{ status: "RUNNING" }] } } });
  await service[Symbol.asyncDispose]();
});

test("a server does not wait for connections on which nothing is asked, as browsers open in advance", async () => {
  const { service, server } = await start();
  const { hostname, port } = new URL(server.url);
  const unused = connectTcp(Number(port), hostname);
  await once(unused, "connect");
  // Such a connection is seen when the one that came after it is answered.
  expect((await fetch(`${server.url}?query={__typename}`)).status).toBe(200);
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const closed = once(unused, "close");
  await server[Symbol.asyncDispose]();
  await closed;
  vi.useRealTimers();
  await service[Symbol.asyncDispose]();
});
