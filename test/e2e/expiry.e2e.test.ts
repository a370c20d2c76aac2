import { once } from "node:events";
import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL } from "graphql-ws";
import { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  OperationRefusedError,
  resumable,
  subscribeByFetch,
  type OperationResult,
} from "../../src/client/index.ts";
import type { Authenticate } from "../../src/index.ts";
import { createGate, createGates } from "../support/gate.ts";
import { post, postEvents } from "../support/http.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { eventOf } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { connect } from "../support/web-socket.ts";

/** How long tokens are good. The machine may be busy: a stream must have begun by then. */
const TOKEN_MS = 2_000;

const gates = createGates();

/** A token says when it expires, in milliseconds since 1970. */
const authenticate: Authenticate = ({ token }) => {
  const at = Number(token);
  if (token === null || Number.isNaN(at)) return null;
  return { viewer: { id: "ann" }, expiresAt: new Date(at) };
};

const fresh = (): string => `Bearer ${Date.now() + TOKEN_MS}`;

let service: RunningService;
beforeAll(async () => {
  service = await startService({
    workflows: { work: steppedGraph(gates) },
    authenticate,
    // Those that wait at their gates are Ann's as well.
    limits: { maxConcurrentRunsPerViewer: false },
  });
});
afterAll(() => service[Symbol.asyncDispose]());

async function start(count: number): Promise<string> {
  const query = `mutation { startRun(input: { work: { count: ${count} } }) { run { id } } }`;
  const { data } = await post(service.url, { query }, fresh());
  return (data?.["startRun"]?.["run"] as { readonly id: string }).id;
}

describe("when a token expires", () => {
  test.each<[what: string, open: (runId: string) => Promise<Response>, ending: string]>([
    [
      "server-sent events",
      (runId) => postEvents(service.url, following(runId), { authorization: fresh() }),
      "event: complete",
    ],
    [
      "multipart parts",
      (runId) =>
        fetch(service.url, {
          method: "POST",
          headers: {
            authorization: fresh(),
            "content-type": "application/json",
            accept: "multipart/mixed;subscriptionSpec=1.0",
          },
          body: JSON.stringify(following(runId)),
        }),
      "--graphql--",
    ],
    [
      "POST /stream",
      () =>
        fetch(new URL("/stream/work", service.url), {
          method: "POST",
          headers: { authorization: fresh(), "content-type": "application/json" },
          body: JSON.stringify({ count: 1 }),
        }),
      "event: complete",
    ],
  ])("%s break off without their ending", async (_what, open, ending) => {
    const response = await open(await start(1));
    expect(response.status).toBe(200);
    let text = "";
    const reading = (async () => {
      for await (const bytes of response.body ?? []) text += Buffer.from(bytes).toString();
    })();
    await expect(reading).rejects.toThrow();
    expect(text).not.toContain(ending);
  });

  test("a socket is closed with 4403, and what it says after that is not heard", async () => {
    const runId = await start(1);
    const expiresAt = Date.now() + TOKEN_MS;
    const { socket, send, closed, messages } = await openRawSocket(
      service.wsUrl,
      {},
      { authorization: `Bearer ${expiresAt}` },
    );
    send({ type: "subscribe", id: "1", payload: following(runId) });
    await until(() => messages.some(({ type }) => type === "next"));
    // A client that does not hear the goodbye, and goes on.
    const connection = (socket as unknown as { readonly _socket: Socket })._socket;
    connection.pause();
    const [served] = service.sockets.slice(-1) as [WebSocket];
    await until(() => served.readyState !== WebSocket.OPEN);
    const query = `mutation { startRun(runId: "late", input: { work: { count: 0 } }) { isNew } }`;
    send({ type: "subscribe", id: "2", payload: { query } });
    await once(served, "message");
    connection.resume();
    expect(await closed).toBe(CloseCode.Forbidden);
    expect(messages.some(({ id }) => id === "2")).toBe(false);
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt - 50);
    const { errors } = await post(service.url, { query: '{ run(id: "late") { id } }' }, fresh());
    expect(errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  });

  test("an old one opens nothing", async () => {
    const old = `Bearer ${Date.now() - 1}`;
    const response = await postEvents(service.url, following("any"), { authorization: old });
    expect(response.status).toBe(401);
    const codes: unknown[] = [];
    const client = connect(service.wsUrl, {
      connectionParams: { authorization: old },
      retryAttempts: 1,
    });
    client.on("closed", (event) => codes.push((event as { readonly code: number }).code));
    await new Promise<void>((resolve) => {
      client.subscribe(following("any"), { next() {}, error: () => resolve(), complete() {} });
    });
    expect(codes).toEqual([CloseCode.Forbidden, CloseCode.Forbidden]);
    await client.dispose();
  });
});

describe("a client that brings a fresh token each time", () => {
  const COUNT = 8;

  /** The run's progress as a client receives it, each step once three quarters of a token have passed. */
  async function expectEachOnce(
    runId: string,
    received: () => readonly unknown[],
    connections: () => number,
  ): Promise<void> {
    const gate = gates.of(runId);
    for (const step of range(1, COUNT)) {
      // Half of the steps come after another reconnection.
      const seen = connections();
      if (step % 3 === 0) await until(() => connections() > seen);
      gate.open();
      await until(() => received().length >= step);
    }
    expect(received()).toEqual(range(1, COUNT));
  }

  const select = "... on ProgressEvent { current }";

  test("gets every event once over a WebSocket that is closed again and again", async () => {
    const runId = await start(COUNT);
    let connections = 0;
    const codes: unknown[] = [];
    const client = resumable(
      connect(service.wsUrl, {
        connectionParams: async () => {
          // A token is fetched from somewhere.
          await setImmediate();
          connections += 1;
          return { authorization: fresh() };
        },
        retryAttempts: Infinity,
        on: { closed: (event) => void codes.push((event as { readonly code: number }).code) },
      }),
    );
    const seen: unknown[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      client.subscribe(following(runId, { select }), {
        next: (result) => void seen.push(eventOf(result as never)["current"]),
        error: reject,
        complete: resolve,
      });
    });
    await expectEachOnce(
      runId,
      () => seen,
      () => connections,
    );
    await ended;
    expect(connections).toBeGreaterThan(2);
    // Nothing else had it come back.
    const lost = codes.slice(0, connections - 1);
    expect(lost).toEqual(lost.map(() => CloseCode.Forbidden));
    await client.dispose();
  });

  test("gets every event once over server-sent events", async () => {
    const runId = await start(COUNT);
    let connections = 0;
    const results = subscribeByFetch({
      url: service.url,
      ...following(runId, { select }),
      headers: () => {
        connections += 1;
        return { authorization: fresh() };
      },
    });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const result of results) seen.push(eventOf(result as never)["current"]);
    })();
    await expectEachOnce(
      runId,
      () => seen,
      () => connections,
    );
    await reading;
    expect(connections).toBeGreaterThan(2);
  });
});

test("a client that keeps its old token is told so, after what it has got", async () => {
  const results = subscribeByFetch({
    url: service.url,
    ...following(await start(1)),
    headers: { authorization: fresh() },
  });
  const seen: OperationResult[] = [];
  const reading = (async () => {
    for await (const result of results) seen.push(result);
  })();
  const error: unknown = await reading.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OperationRefusedError);
  expect(error).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
  expect(seen.length).toBeGreaterThan(0);
});

test("nothing waits for the end of a token whose socket closed while it was found out who it is", async () => {
  const found = createGate();
  await using slow = await startService({
    workflows: { work: steppedGraph(gates) },
    authenticate: async () => {
      await found.pass();
      return { viewer: { id: "ann" }, expiresAt: new Date(Date.now() + 3_600_000) };
    },
  });
  const socket = new WebSocket(slow.wsUrl, GRAPHQL_TRANSPORT_WS_PROTOCOL);
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init" }));
  await until(() => found.arrivals === 1);
  socket.terminate();
  await until(() => slow.sockets.at(-1)?.readyState === WebSocket.CLOSED);
  const set = vi.spyOn(globalThis, "setTimeout");
  const clear = vi.spyOn(globalThis, "clearTimeout");
  try {
    found.open();
    // No other waits for so long.
    const place = (): number => set.mock.calls.findIndex(([, ms = 0]) => ms > 3_000_000);
    await until(() => place() >= 0);
    await setImmediate();
    expect(clear).toHaveBeenCalledWith(set.mock.results[place()]?.value);
  } finally {
    set.mockRestore();
    clear.mockRestore();
  }
});
