import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createGates, type Gates } from "../support/gate.ts";
import { postEvents, readFrames, type Frame } from "../support/http.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { eventOf } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { watchedBackend } from "../support/watched-backend.ts";
import { collect, connect } from "../support/web-socket.ts";

/** Names nothing that comes before the end. */
const CHANGES = { select: "... on StateUpdate { changes }" };

let gates: Gates;
let service: RunningService;
let runId: string;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  gates = createGates();
  const { backend } = watchedBackend();
  service = await startService({ workflows: { steps: steppedGraph(gates) }, backend });
  runId = await startRun(service.url, "steps", { count: 1 });
});
afterEach(async () => {
  vi.useRealTimers();
  await service[Symbol.asyncDispose]();
});

/** Lets time pass, second by second, until `isTrue`. */
const passTimeUntil = (isTrue: () => boolean): Promise<void> =>
  until(() => {
    vi.advanceTimersByTime(1_000);
    return isTrue();
  });

test("on a WebSocket a quiet, filtered stream tells its cursor in a ping, which stock clients answer", async () => {
  const raw = await openRawSocket(service.wsUrl);
  raw.send({ type: "subscribe", id: "1", payload: following(runId, CHANGES) });
  const stock = connect(service.wsUrl);
  const results = collect(stock, following(runId, CHANGES));
  const pings = () => raw.messages.filter(({ type }) => type === "ping");
  await passTimeUntil(() => pings().length > 0);
  const cursor = expect.stringMatching(/^3\.1\./) as unknown;
  expect(pings()[0]?.payload).toEqual({ id: "1", runId, seq: 3, cursor });
  // Once told, there is nothing to tell before the end: what comes in between has results.
  vi.advanceTimersByTime(60_000);
  gates.of(runId).open();
  await raw.message("1", "complete");
  const seqs = pings().map(({ payload }) => (payload as { readonly seq: number }).seq);
  expect(seqs).toEqual([3, 7]);
  expect((await results).map(eventOf)).toEqual([{ changes: { done: true } }]);
  raw.socket.terminate();
  await stock.dispose();
});

test("an event stream tells it as an id without data, which an EventSource keeps to itself", async () => {
  const frames: Frame[] = [];
  const response = await postEvents(service.url, following(runId, CHANGES));
  const reading = (async () => {
    for await (const frame of readFrames(response)) frames.push(frame);
  })();
  await passTimeUntil(() => frames.length > 0);
  expect(frames).toEqual([
    { id: expect.stringMatching(/^3\.1\./), event: "message", data: undefined },
  ]);
  gates.of(runId).open();
  await reading;
  expect(frames.map(({ event }) => event)).toEqual(["message", "next", "message", "complete"]);
});
