import { once } from "node:events";
import { request as askOverHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { connect as connectTcp } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createService, type Service } from "../../src/index.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { report } from "../support/graphs.ts";
import { post, postEvents } from "../support/http.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { startService, type RunningService } from "../support/service.ts";
import { EVERYTHING, following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect } from "../support/web-socket.ts";
import { seqOf } from "../support/result.ts";

const BODY = 1024 * 1024;
const MESSAGE = 256 * 1024;

let gates: Gates;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  service = await startService({ workflows: { report, steps: steppedGraph(gates) } });
});
afterEach(() => service[Symbol.asyncDispose]());

const TOO_LARGE = {
  errors: [
    {
      message: `The body has more than ${BODY} bytes: send less at a time`,
      extensions: { code: "LIMIT_EXCEEDED", limit: "maxBodyBytes", max: BODY },
    },
  ],
};

/** A query in a body of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const around = JSON.stringify({ query: "{ workflows { name } }", extensions: { fill: "" } });
  return around.replace('"fill":""', `"fill":"${"x".repeat(bytes - around.length)}"`);
}

const HEADERS = { "content-type": "application/json", accept: "application/json" };

test.each([
  ["GraphQL", "application/json", ""],
  ["server-sent events", "text/event-stream", ""],
  ["multipart", "multipart/mixed;subscriptionSpec=1.0", ""],
  ["POST /stream", "*/*", "/../stream/report"],
])(
  "a body of more than 1 MiB is answered with 413 over %s, before it is read",
  async (_what, accept, path) => {
    const response = await fetch(`${service.url}${path}`, {
      method: "POST",
      headers: { ...HEADERS, accept },
      body: bodyOf(BODY + 1),
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual(TOO_LARGE);
  },
);

test("a body of just 1 MiB passes", async () => {
  const response = await fetch(service.url, {
    method: "POST",
    headers: HEADERS,
    body: bodyOf(BODY),
  });
  expect(await response.json()).toEqual({
    data: { workflows: [{ name: "report" }, { name: "steps" }] },
  });
});

test.each(["/graphql", "/stream/report"])(
  "a body whose length is not told is answered with 413 at %s once more than 1 MiB has come",
  async (path) => {
    const asking = openChunked(path);
    const answered = once(asking, "response") as Promise<[IncomingMessage]>;
    // It never ends: what has come is enough.
    for (let i = 0; i <= 17; i++) asking.write("x".repeat(64 * 1024));
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    let text = "";
    for await (const piece of response) text += String(piece);
    expect(JSON.parse(text)).toEqual(TOO_LARGE);
    asking.destroy();
  },
);

test("one whose length is not told passes up to 1 MiB, in as many pieces as it likes", async () => {
  const asking = openChunked("/graphql");
  const body = bodyOf(BODY);
  for (let at = 0; at < body.length; at += 10_000) asking.write(body.slice(at, at + 10_000));
  asking.end();
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  let text = "";
  for await (const piece of response) text += String(piece);
  expect(JSON.parse(text)).toHaveProperty("data.workflows");
});

function openChunked(path: string): ClientRequest {
  const asking = askOverHttp(new URL(path, service.url), { method: "POST", headers: HEADERS });
  asking.on("error", () => {});
  return asking;
}

test.each(["told", "not told"])(
  "service.fetch alone holds the limit as well, whether the length is %s",
  async (length) => {
    const alone: Service = createService({
      workflows: { report },
      limits: { maxBodyBytes: 200 },
      logger: recordingLogger(),
    });
    const ask = (bytes: number): Promise<Response> =>
      alone.fetch(
        new Request("http://localhost/graphql", {
          method: "POST",
          headers: { ...HEADERS, ...(length === "told" && { "content-length": String(bytes) }) },
          body: bodyOf(bytes),
        }),
      );
    expect((await ask(201)).status).toBe(413);
    expect(await (await ask(200)).json()).toEqual({ data: { workflows: [{ name: "report" }] } });
    await alone[Symbol.asyncDispose]();
  },
);

test("a WebSocket message of more than 256 KiB closes its socket with 1009, one of just that does not", async () => {
  const raw = await openRawSocket(service.wsUrl);
  const message = (bytes: number): string => {
    const around = JSON.stringify({ type: "ping", payload: { fill: "" } });
    return around.replace('"fill":""', `"fill":"${"x".repeat(bytes - around.length)}"`);
  };
  raw.send(message(MESSAGE));
  await until(() => raw.messages.some(({ type }) => type === "pong"));
  raw.send(message(MESSAGE + 1));
  expect(await raw.closed).toBe(1009);
});

test("a WebSocket message in thousands of tiny fragments closes its socket", async () => {
  const raw = await openRawSocket(service.wsUrl);
  for (let i = 0; i < 5_000; i++) raw.socket.send("x", { fin: false });
  expect(await raw.closed).toBe(1008);
});

test("headers of more than Node's 16 KiB are answered with 431", async () => {
  const { port } = new URL(service.url);
  const socket = connectTcp(Number(port), "localhost");
  socket.write(`GET /graphql HTTP/1.1\r\nhost: localhost\r\nx-fill: ${"x".repeat(17_000)}\r\n\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1\.1 431 /);
  socket.destroy();
});

test("a neighbour's stream is exact while others break every limit of size", async () => {
  const runId = await startRun(service.url, "steps", { count: 20 });
  const client = connect(service.wsUrl);
  const neighbour = collect(client, following(runId, { select: EVERYTHING }));
  for (let i = 0; i < 20; i++) {
    const raw = await openRawSocket(service.wsUrl);
    raw.send("x".repeat(MESSAGE + 1));
    await Promise.all([
      raw.closed,
      fetch(service.url, { method: "POST", headers: HEADERS, body: bodyOf(BODY + 1) }),
    ]);
    gates.of(runId).open();
  }
  const results = await neighbour;
  expect(results.map(seqOf)).toEqual(range(1, results.length));
  expect(results.length).toBeGreaterThan(20);
  await client.dispose();
  expect(await post(service.url, { query: "{ workflows { name } }" })).toHaveProperty("data");
  await (await postEvents(service.url, following(runId))).body?.cancel();
});
