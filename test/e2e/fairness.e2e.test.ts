import { afterEach, beforeEach, expect, test } from "vitest";
import { memory, type Backend } from "../../src/index.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { postEvents, readFrames } from "../support/http.ts";
import { openPausedEventStream, readSeqs } from "../support/paused-event-stream.ts";
import { seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { openWatchSocket, type WatchSocket } from "../support/watch-socket.ts";

const FLOOD = 50_000;

/** What a run has beside what its node writes. */
const OWN_EVENTS = 6;

const TEXT = "x".repeat(500);

/** Writes without a pause. */
const flood = graphOf(({ state: { count }, write }) => {
  for (let current = 1; current <= count; current++) {
    write({ type: "progress", current, status: TEXT });
  }
});

const SELECT = "... on RunEvent { seq } ... on ProgressEvent { status }";

let gates: Gates;
let service: RunningService;
let sockets: WatchSocket[];
let backend: Backend;
/** The newest seq in the log of each run. */
let logged: Map<string, number>;
/** The newest seq that was read from the log of each run. */
let readFromLog: Map<string, number>;

beforeEach(async () => {
  gates = createGates();
  sockets = [];
  logged = new Map();
  readFromLog = new Map();
  backend = memory();
  const { events } = backend;
  service = await startService({
    workflows: { flood, steps: steppedGraph(gates) },
    backend: {
      ...backend,
      events: {
        async read(runId, page) {
          const found = await events.read(runId, page);
          readFromLog.set(runId, page.after + found.events.length);
          return found;
        },
        trim: (runId, before) => events.trim(runId, before),
        async append(runId, batch, at) {
          await events.append(runId, batch, at);
          logged.set(runId, at.after + batch.length);
        },
      },
    },
  });
});
afterEach(async () => {
  for (const { socket } of sockets) socket.terminate();
  await service[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
});

async function openSocket(): Promise<WatchSocket> {
  const opened = await openWatchSocket(service.wsUrl);
  sockets.push(opened);
  return opened;
}

/** What has come of a run, by seq, and its end. */
interface Reading {
  readonly results: readonly number[];
  readonly done: Promise<void>;
}

/** A run that writes an event each time the one before has arrived, as long as `goesOn`. */
async function quietRun(goesOn: () => boolean, onEvent: (seq: number) => void): Promise<Reading> {
  const runId = await startRun(service.url, "steps", { count: 1_000_000 });
  const results: number[] = [];
  const response = await postEvents(service.url, following(runId, { select: SELECT }));
  gates.of(runId).open();
  const done = (async () => {
    for await (const { event, data } of readFrames(response)) {
      if (event !== "next" || data === undefined) continue;
      const seq = seqOf(JSON.parse(data) as Result);
      results.push(seq);
      onEvent(seq);
      if (!goesOn()) return;
      // The first come before the node's.
      if (seq > 3) gates.of(runId).open();
    }
  })();
  return { results, done };
}

test("while a run floods, and some who watch it read nothing, another run's events get through in between", async () => {
  let isOver = false;
  let runId = "";
  let readSoFar = (): number => 0;
  /** How far the flood had got, in its log and at its reader, when each of the quiet run's events arrived. */
  const places: (readonly [logged: number, read: number])[] = [];
  const quiet = await quietRun(
    () => !isOver,
    () => places.push([logged.get(runId) ?? 0, readSoFar()]),
  );

  const stalled = await openSocket();
  runId = await startRun(service.url, "flood", { count: FLOOD });
  stalled.socket.pause();
  const operation = following(runId, { select: SELECT });
  const slow = range(1, 5).map(() => stalled.watch(operation));
  const stream = await openPausedEventStream(service.url, operation);
  const reading = (await openSocket()).watch(operation);
  readSoFar = () => reading.results.length;
  await until(() => reading.isComplete);
  isOver = true;
  await quiet.done;
  expect(reading.results.map(seqOf)).toEqual(range(1, FLOOD + OWN_EVENTS));
  expect(quiet.results).toEqual(range(1, quiet.results.length));

  // At many places inside the flood, and never left out for a tenth of it.
  const whileWritten = insideOf(places.map(([written]) => written));
  const whileRead = insideOf(places.map(([, read]) => read));
  for (const inside of [whileWritten, whileRead]) {
    expect(inside.length).toBeGreaterThan(50);
    expect(Math.max(...gapsOf(inside))).toBeLessThan(FLOOD / 10);
  }

  // And those who stalled miss nothing.
  stalled.socket.resume();
  const seqs = readSeqs(stream);
  await until(() => slow.every((watcher) => watcher.isComplete));
  for (const watcher of slow) {
    expect(watcher.results.map(seqOf)).toEqual(range(1, FLOOD + OWN_EVENTS));
  }
  expect(await seqs).toEqual(range(1, FLOOD + OWN_EVENTS));
});

test("while a long log is read of which nothing is sent, another run's events get through in between", async () => {
  const runId = await startRun(service.url, "flood", { count: FLOOD });
  await until(() => logged.get(runId) === FLOOD + OWN_EVENTS);
  let isOver = false;
  const places: number[] = [];
  const quiet = await quietRun(
    () => !isOver,
    () => places.push(readFromLog.get(runId) ?? 0),
  );
  await until(() => quiet.results.length > 3);
  const select = "... on RunStatusEvent { runStatus }";
  const reading = (await openSocket()).watch(following(runId, { after: 3, select }));
  await until(() => reading.isComplete);
  isOver = true;
  await quiet.done;
  expect(reading.results.map(seqOf)).toEqual([FLOOD + OWN_EVENTS]);
  const inside = insideOf(places);
  expect(inside.length).toBeGreaterThan(20);
  expect(Math.max(...gapsOf(inside))).toBeLessThan(FLOOD / 10);
});

/** The different places between the first of the flood's events and the last. */
function insideOf(places: readonly number[]): readonly number[] {
  return [...new Set(places)].filter((place) => place > 0 && place < FLOOD);
}

/** How much of the flood passed between one place and the next, from the first to the end. */
function gapsOf(inside: readonly number[]): readonly number[] {
  return [...inside, FLOOD].map((place, i) => place - (inside[i - 1] ?? 0));
}
