import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { interrupt } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sqlite } from "../../src/backends/sqlite/index.ts";
import { createService, type Backend, type Service } from "../../src/index.ts";
import { serve, type ServerHandle } from "../../src/server/index.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { postEvents, readResults } from "../support/http.ts";
import { handshake, openRawSocket, type RawSocket } from "../support/raw-socket.ts";
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

test("so are those that wait with a run for an answer, and are not told that it is complete", async () => {
  const { service, server, wsUrl } = await start();
  const raw = await openRawSocket(wsUrl);
  await follow(raw, ASK, "INTERRUPTED");
  await service[Symbol.asyncDispose]();
  expect(await raw.closed).toBe(1001);
  expect(raw.of("1").map(({ type }) => type)).toEqual(["next", "next", "next"]);
  expect(statuses(raw).at(-1)).toBe("INTERRUPTED");
  await server[Symbol.asyncDispose]();
});

test("on one socket, operations whose runs end are told so, and the others are not", async () => {
  const { service, server, wsUrl } = await start();
  const raw = await openRawSocket(wsUrl);
  raw.send({ type: "subscribe", id: "2", payload: WAIT });
  await follow(raw, ASK, "INTERRUPTED");
  await until(() => raw.of("2").length === 2);
  await service[Symbol.asyncDispose]();
  expect(await raw.closed).toBe(1001);
  expect(raw.of("1").map(({ type }) => type)).toEqual(["next", "next", "next"]);
  expect(raw.of("2").map(({ type }) => type)).toEqual(["next", "next", "next", "complete"]);
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

test.each(["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"])(
  "a stream of %s breaks off while its run goes on, so that its client comes back",
  async (accept) => {
    const { service, server } = await start();
    const response = await postEvents(server.url, ASK, { accept });
    let text = "";
    const reading = (async () => {
      const body = response.body?.pipeThrough(new TextDecoderStream());
      for await (const piece of body as unknown as AsyncIterable<string>) text += piece;
    })();
    const broken = expect(reading).rejects.toThrow("terminated");
    await until(() => text.includes("INTERRUPTED"));
    // Nothing is waited for: these are not slow, they have all that there is.
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    await service[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    vi.useRealTimers();
    await broken;
    expect(text).not.toContain("event: complete");
    expect(text).not.toContain("--graphql--");
    expect(text).not.toContain("SERVICE_STOPPING");
  },
);

test("a service that has stopped answers 503, and sends sockets away", async () => {
  const { service, server, wsUrl } = await start();
  await service[Symbol.asyncDispose]();
  const response = await fetch(`${server.url}?query={__typename}`);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await handshake(wsUrl, "graphql-transport-ws")).toBe("open, then 1001");
  await server[Symbol.asyncDispose]();
});

test("a server that has stopped listening lets nobody in, and goes on with who is there", async () => {
  const { service, server, wsUrl } = await start();
  const raw = await openRawSocket(wsUrl);
  await server.stopListening();
  await expect(fetch(`${server.url}?query={__typename}`)).rejects.toThrow("fetch failed");
  await follow(raw, ASK, "INTERRUPTED");
  await service[Symbol.asyncDispose]();
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

describe("where runs outlive the process", () => {
  let folder: string;
  let backend: Backend;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "shutdown-"));
    backend = await sqlite({ path: join(folder, "data.sqlite") });
  });
  afterEach(async () => {
    await backend[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** A workflow whose node waits at a gate, without an ear for its signal. */
  async function startWith(drainMs: number) {
    const gate = createGate();
    const service = createService({
      workflows: { wait: graphOf(() => gate.pass()) },
      backend,
      drainMs,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    const server = await serve({ service, port: 0, graphiql: false });
    return { gate, service, server, wsUrl: server.url.replace("http", "ws") };
  }

  test("a run that ends while the service waits for it is told as ever", async () => {
    const { gate, service, server, wsUrl } = await startWith(600_000);
    const raw = await openRawSocket(wsUrl);
    await follow(raw, WAIT, "RUNNING");
    const results = readResults(await postEvents(server.url, WAIT));
    await until(() => gate.arrivals === 2);
    const stopped = service[Symbol.asyncDispose]();
    gate.open(Infinity);
    await stopped;
    expect(await raw.closed).toBe(1001);
    expect(statuses(raw)).toEqual(["QUEUED", "RUNNING", "SUCCEEDED"]);
    expect(raw.messages.at(-1)).toMatchObject({ type: "complete", id: "1" });
    expect(eventOf((await results).at(-1) ?? {})).toEqual({ runStatus: "SUCCEEDED" });
    await server[Symbol.asyncDispose]();
  });

  test("a run that does not is not told as ended, and goes on with the next service", async () => {
    const first = await startWith(0);
    const raw = await openRawSocket(first.wsUrl);
    await follow(raw, WAIT, "RUNNING");
    await first.service[Symbol.asyncDispose]();
    expect(await raw.closed).toBe(1001);
    expect(raw.of("1").map(({ type }) => type)).toEqual(["next", "next"]);
    await first.server[Symbol.asyncDispose]();

    const second = await startWith(0);
    second.gate.open(Infinity);
    const again = await openRawSocket(second.wsUrl);
    const { cursor, runId } = (raw.of("1").at(-1)?.payload as Result).extensions ?? {};
    const query = `subscription { workflowEvents(runId: "${runId}", after: "${cursor}") { ${SELECT} } }`;
    await follow(again, { query }, "SUCCEEDED");
    expect(statuses(again)).toEqual(["RUNNING", "SUCCEEDED"]);
    await second.service[Symbol.asyncDispose]();
    await second.server[Symbol.asyncDispose]();
  });
});
