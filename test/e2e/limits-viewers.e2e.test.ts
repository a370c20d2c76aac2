import { once } from "node:events";
import { createClient } from "graphql-ws";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Authenticate } from "../../src/index.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { steppedGraph } from "../support/stepped.ts";
import { startService, type RunningService } from "../support/service.ts";
import { until } from "../support/until.ts";

const authenticate: Authenticate = ({ token }) => (token ? { viewer: { id: token } } : null);

let gates: Gates;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  service = await startService({
    workflows: { steps: steppedGraph(gates) },
    authenticate,
    limits: {
      maxConcurrentRunsPerViewer: 2,
      maxQueuedRunsPerViewer: 3,
      maxStartsPerMinutePerViewer: 8,
      maxSocketsPerViewer: 2,
      maxSubscriptionsPerViewer: 3,
    },
  });
});
afterEach(() => service[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly extensions: Readonly<Record<string, unknown>> }[];
}

const HEADERS = { "content-type": "application/json" };

async function ask(viewer: string, query: string, variables: object = {}): Promise<Answer> {
  const response = await fetch(service.url, {
    method: "POST",
    headers: {
      ...HEADERS,
      accept: "application/graphql-response+json",
      authorization: `Bearer ${viewer}`,
    },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as Omit<Answer, "status" | "retryAfter">;
  return { status: response.status, retryAfter: response.headers.get("retry-after"), ...body };
}

const START = `mutation ($runId: ID, $count: Float!) {
  startRun(input: { steps: { count: $count } }, runId: $runId) { isNew run { id } }
}`;

const start = (viewer: string, runId: string, count = 1): Promise<Answer> =>
  ask(viewer, START, { runId, count });

async function statuses(viewer: string): Promise<readonly string[]> {
  const { data } = await ask(viewer, "{ runs(first: 50) { nodes { status } } }");
  const { nodes } = data?.["runs"] as { readonly nodes: readonly { readonly status: string }[] };
  return nodes.map(({ status }) => status).sort();
}

test("runs of a viewer: a viewer's limits bind nobody else", async () => {
  for (const i of [1, 2]) await start("ann", `ann-${i}`);
  await until(async () => (await statuses("ann")).every((status) => status === "RUNNING"));
  for (const i of [3, 4, 5]) expect((await start("ann", `ann-${i}`)).errors).toBeUndefined();
  expect(await statuses("ann")).toEqual(["QUEUED", "QUEUED", "QUEUED", "RUNNING", "RUNNING"]);

  const refused = await start("ann", "ann-6");
  expect(refused).toMatchObject({
    status: 429,
    retryAfter: null,
    errors: [{ extensions: { code: "LIMIT_EXCEEDED", limit: "maxQueuedRunsPerViewer", max: 3 } }],
  });
  // Neither is one that was started before ever refused, nor anybody else.
  expect((await start("ann", "ann-5")).data).toMatchObject({ startRun: { isNew: false } });
  expect((await start("bob", "bob-1")).data).toMatchObject({ startRun: { isNew: true } });
  await until(async () => (await statuses("bob"))[0] === "RUNNING");

  // As one ends the next begins, and there is room for another.
  gates.of("ann-1").open();
  await until(async () => (await statuses("ann")).filter((one) => one === "QUEUED").length === 2);
  expect((await start("ann", "ann-6")).data).toMatchObject({ startRun: { isNew: true } });
  for (const i of [2, 3, 4, 5, 6]) gates.of(`ann-${i}`).open();
  gates.of("bob-1").open();
});

test("starts within a minute: a viewer's limits bind nobody else", async () => {
  for (let i = 1; i <= 8; i++) {
    expect((await start("ann", `ann-${i}`, 0)).errors).toBeUndefined();
    await until(async () => (await statuses("ann")).every((status) => status === "SUCCEEDED"));
    // What is refused, or was started before, does not count.
    await start("ann", `ann-${i}`, 0);
    await start("ann", "not an id", 0);
  }
  const refused = await start("ann", "ann-9", 0);
  const extensions = refused.errors?.[0]?.extensions ?? {};
  expect(extensions).toMatchObject({
    code: "LIMIT_EXCEEDED",
    limit: "maxStartsPerMinutePerViewer",
    max: 8,
  });
  const { retryAfterMs } = extensions as { readonly retryAfterMs: number };
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  expect(refused.status).toBe(429);
  expect(refused.retryAfter).toBe(String(Math.ceil(retryAfterMs / 1000)));
  expect((await start("bob", "bob-1", 0)).data).toMatchObject({ startRun: { isNew: true } });

  // Over POST /stream, too, where there is nothing else to say it with.
  const stream = await fetch(new URL("/stream/steps", service.url), {
    method: "POST",
    headers: { ...HEADERS, authorization: "Bearer ann" },
    body: JSON.stringify({ count: 0 }),
  });
  expect([stream.status, stream.headers.get("retry-after") !== null]).toEqual([429, true]);
  await stream.text();
});

const WATCH =
  "subscription ($runId: ID!) { workflowEvents(runId: $runId) { ... on RunEvent { seq } } }";

/** Opens a subscription in one of the ways; resolves with how it was answered. */
type Open = (viewer: string, runId: string) => Promise<{ readonly code: unknown; leave(): void }>;

const overHttp =
  (accept: string): Open =>
  async (viewer, runId) => {
    const aborting = new AbortController();
    const response = await fetch(service.url, {
      method: "POST",
      headers: { ...HEADERS, accept, authorization: `Bearer ${viewer}` },
      body: JSON.stringify({ query: WATCH, variables: { runId } }),
      signal: aborting.signal,
    });
    const reader = response.body?.getReader();
    let text = "";
    while (!text.includes('"seq"') && !text.includes('"code"')) {
      const { value } = (await reader?.read()) ?? {};
      text += Buffer.from(value ?? new Uint8Array()).toString();
    }
    const [, code = null] = /"code":"(\w+)"/.exec(text) ?? [];
    return { code, leave: () => aborting.abort() };
  };

const overSocket: Open = async (viewer, runId) => {
  const client = createClient({
    url: service.wsUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${viewer}` },
  });
  const code = await new Promise<unknown>((resolve) => {
    client.subscribe(
      { query: WATCH, variables: { runId } },
      {
        next: () => resolve(null),
        error: (errors) =>
          resolve((errors as Answer["errors"])?.[0]?.extensions["code"] ?? String(errors)),
        complete: () => {},
      },
    );
  });
  return { code, leave: () => void client.dispose() };
};

test("subscriptions of a viewer on all transports together: a viewer's limits bind nobody else", async () => {
  await start("ann", "ann-1");
  await start("bob", "bob-1");
  const opened = [
    await overSocket("ann", "ann-1"),
    await overHttp("text/event-stream")("ann", "ann-1"),
    await overHttp("multipart/mixed;subscriptionSpec=1.0")("ann", "ann-1"),
  ];
  expect(opened.map(({ code }) => code)).toEqual([null, null, null]);
  for (const open of [
    overSocket,
    overHttp("text/event-stream"),
    overHttp("multipart/mixed;subscriptionSpec=1.0"),
  ]) {
    const refused = await open("ann", "ann-1");
    expect(refused.code).toBe("LIMIT_EXCEEDED");
    refused.leave();
  }
  const stream = await fetch(new URL("/stream/steps", service.url), {
    method: "POST",
    headers: { ...HEADERS, authorization: "Bearer ann" },
    body: JSON.stringify({ count: 0 }),
  });
  expect(stream.status).toBe(429);
  expect(await stream.json()).toMatchObject({
    errors: [{ extensions: { limit: "maxSubscriptionsPerViewer", max: 3 } }],
  });
  // It has started nothing.
  expect(await statuses("ann")).toHaveLength(1);
  const bobs = await overHttp("text/event-stream")("bob", "bob-1");
  expect(bobs.code).toBeNull();

  // Whoever leaves makes room, however it was connected.
  for (const { leave } of opened) leave();
  await until(async () => {
    const again = await overHttp("text/event-stream")("ann", "ann-1");
    again.leave();
    return again.code === null;
  });
  bobs.leave();
  for (const id of ["ann-1", "bob-1"]) gates.of(id).open();
});

test("sockets of a viewer: a viewer's limits bind nobody else", async () => {
  const opened: WebSocket[] = [];
  const connect = async (viewer: string): Promise<number> => {
    const socket = new WebSocket(service.wsUrl, "graphql-transport-ws");
    opened.push(socket);
    await once(socket, "open");
    const ended = Promise.race([
      once(socket, "close").then(([code]) => code as number),
      once(socket, "message").then(() => 0),
    ]);
    const payload = { authorization: `Bearer ${viewer}` };
    socket.send(JSON.stringify({ type: "connection_init", payload }));
    return ended;
  };
  expect([await connect("ann"), await connect("ann"), await connect("ann")]).toEqual([0, 0, 1013]);
  expect(await connect("bob")).toBe(0);

  // A stock client does not hammer: it waits longer and longer, and gets in once there is room.
  const waits: number[] = [];
  const client = createClient({
    url: service.wsUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: "Bearer ann" },
    retryWait: async (retries) => {
      waits.push(retries);
      if (retries === 2) {
        opened[0]?.close();
        await once(opened[0] as WebSocket, "close");
        await until(() => service.sockets[0]?.readyState === WebSocket.CLOSED);
      }
    },
  });
  const first = await client.iterate({ query: "{ runs { hasMore } }" }).next();
  expect(first.value).toEqual({ data: { runs: { hasMore: false } } });
  expect(waits).toEqual([0, 1, 2]);
  await client.dispose();
  for (const socket of opened) socket.terminate();
});

test("a stock client that finds no room gives up after its attempts", async () => {
  const open = () => overSocket("ann", "nothing");
  const full = await Promise.all([open(), open()]);
  const waits: number[] = [];
  const client = createClient({
    url: service.wsUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: "Bearer ann" },
    retryWait: async (retries) => void waits.push(retries),
  });
  const held = [1, 2].map(() =>
    createClient({
      url: service.wsUrl,
      webSocketImpl: WebSocket,
      lazy: false,
      connectionParams: { authorization: "Bearer ann" },
    }),
  );
  for (const { leave } of full) leave();
  await until(() => service.sockets.filter(({ readyState }) => readyState === 1).length === 2);
  await expect(client.iterate({ query: "{ runs { hasMore } }" }).next()).rejects.toMatchObject({
    code: 1013,
  });
  expect(waits).toEqual([0, 1, 2, 3, 4]);
  for (const one of held) await one.dispose();
});
