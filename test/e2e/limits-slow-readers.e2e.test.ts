import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGates, type Gates } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { openPausedEventStream } from "../support/paused-event-stream.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { seqOf } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect } from "../support/web-socket.ts";

const TEXT = "x".repeat(10_000);

/** More than what systems buffer between here and there. */
const EVENTS = 3_000;

const flood = graphOf(({ state: { count }, write }) => {
  for (let current = 1; current <= count; current++) {
    write({ type: "progress", current, status: TEXT });
  }
});

const SELECT = "... on RunEvent { seq } ... on ProgressEvent { status }";

let gates: Gates;
let service: RunningService;
let runId: string;
let logger: ReturnType<typeof recordingLogger>;

beforeEach(async () => {
  gates = createGates();
  logger = recordingLogger();
  service = await startService({
    logger,
    workflows: { flood, steps: steppedGraph(gates) },
    limits: { writeTimeoutMs: 600 },
  });
  runId = await startRun(service.url, "flood", { count: EVENTS });
});
afterEach(() => service[Symbol.asyncDispose]());

/** Opens a stream that nobody reads. */
function openPaused(path: string, accept: string, body: object): Promise<IncomingMessage> {
  const headers = { "content-type": "application/json", accept };
  const asking = request(new URL(path, service.url), { method: "POST", headers });
  asking.end(JSON.stringify(body));
  return once(asking, "response").then(([response]) => (response as IncomingMessage).pause());
}

const STREAMS: Readonly<Record<string, () => Promise<IncomingMessage>>> = {
  "an event stream": () => openPausedEventStream(service.url, following(runId, { select: SELECT })),
  multipart: () =>
    openPaused(
      "/graphql",
      "multipart/mixed;subscriptionSpec=1.0",
      following(runId, { select: SELECT }),
    ),
  "POST /stream": () => openPaused("/stream/flood", "*/*", { count: EVENTS }),
};

test.each(Object.entries(STREAMS))(
  "whoever reads nothing of %s is cut off, without an ending",
  async (_what, open) => {
    const response = await open();
    await until(() => cutOff() === 1);
    const gone = once(response, "error");
    let text = "";
    response.on("data", (piece: Buffer) => (text += String(piece)));
    response.resume();
    await gone;
    expect(text.length).toBeLessThan(EVENTS * TEXT.length);
    expect(text).not.toMatch(/event: complete|--graphql--/);
  },
);

test("whoever reads nothing of a WebSocket is cut off, and goes on where it was when it comes back", async () => {
  const raw = await openRawSocket(service.wsUrl);
  const [end] = service.sockets;
  raw.socket.pause();
  raw.send({ type: "subscribe", id: "1", payload: following(runId, { select: SELECT }) });
  await until(() => end?.readyState === end?.CLOSED);
  raw.socket.resume();
  // As when a connection is lost: graphql-ws clients connect again.
  expect(await raw.closed).toBe(1006);
  const got = raw.of("1").map(({ payload }) => seqOf(payload as never));
  expect(got).toEqual(range(1, got.length));
  const client = connect(service.wsUrl);
  const rest = await collect(client, following(runId, { after: got.length, select: SELECT }));
  expect(rest.map(seqOf)).toEqual(range(got.length + 1, EVENTS + 6));
  await client.dispose();
});

test("whoever waits for events that do not come stays, and a neighbour of one who is cut off gets all", async () => {
  const waiting = await startRun(service.url, "steps", { count: 1 });
  const client = connect(service.wsUrl);
  const idle = collect(client, following(waiting));
  const stalled = await openRawSocket(service.wsUrl);
  stalled.socket.pause();
  stalled.send({ type: "subscribe", id: "1", payload: following(runId, { select: SELECT }) });
  const neighbour = collect(client, following(runId, { select: SELECT }));
  await until(() => service.sockets.some(({ readyState }) => readyState === 3));
  expect((await neighbour).map(seqOf)).toEqual(range(1, EVENTS + 6));
  gates.of(waiting).open();
  const results = await idle;
  expect(results.map(seqOf)).toEqual(range(1, results.length));
  stalled.socket.terminate();
  await client.dispose();
});

/** How many the log says were cut off. */
function cutOff(): number {
  return logger.lines.filter(({ message }) => message.includes("was cut off")).length;
}
