import { GraphQLScalarType } from "graphql";
import { GraphQLJSON } from "graphql-scalars";
import { afterEach, beforeEach, expect, test } from "vitest";
import { collectGarbage, usedBytes } from "../support/collect-garbage.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { postEvents, readFrames, type Operation } from "../support/http.ts";
import { partsOf, postMultipart } from "../support/multipart.ts";
import { seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { openWatchSocket, type Watcher, type WatchSocket } from "../support/watch-socket.ts";
import { watchedBackend, type WatchedBackend } from "../support/watched-backend.ts";

const SELECT = "... on RunEvent { seq } ... on ProgressEvent { current payload }";

/** The events of a run before its node's first. */
const BEFORE = 3;

let gates: Gates;
let watched: WatchedBackend;
let service: RunningService;
let sockets: WatchSocket[];
/** `current` of each payload that a resolver's value was made text of, in that order. */
let serialized: number[];
/** The payload that cannot be. */
let odd: number | undefined;

/** The host's own scalar, which all payloads go through. */
const JSONScalar = new GraphQLScalarType<unknown>({
  ...GraphQLJSON.toConfig(),
  serialize(value) {
    const { current } = value as { readonly current: number };
    serialized.push(current);
    if (current === odd) throw new Error("hunter2");
    return value;
  },
});

beforeEach(async () => {
  gates = createGates();
  watched = watchedBackend();
  sockets = [];
  serialized = [];
  odd = undefined;
  service = await startService({
    workflows: { steps: steppedGraph(gates) },
    backend: watched.backend,
    schema: { scalars: { JSON: JSONScalar } },
    limits: { maxSubscriptionsPerSocket: false },
  });
});
afterEach(async () => {
  for (const { socket } of sockets) socket.terminate();
  await service[Symbol.asyncDispose]();
  await watched.backend[Symbol.asyncDispose]();
});

async function openSocket(): Promise<WatchSocket> {
  const opened = await openWatchSocket(service.wsUrl);
  sockets.push(opened);
  return opened;
}

/** Watchers that have come to where the run waits, ten to a socket. */
async function watchAll(operations: readonly Operation[]): Promise<readonly Watcher[]> {
  const watchers: Watcher[] = [];
  let socket = await openSocket();
  for (const [i, operation] of operations.entries()) {
    if (i > 0 && i % 10 === 0) socket = await openSocket();
    watchers.push(socket.watch(operation));
  }
  await until(() => watchers.every((watcher) => watcher.results.length === BEFORE));
  return watchers;
}

const repeated = <T>(count: number, value: T): readonly T[] => range(1, count).map(() => value);

test("an event is executed once for all who watch its run with the same operation", async () => {
  const runId = await startRun(service.url, "steps", { count: 20 });
  const watchers = await watchAll(repeated(50, following(runId, { select: SELECT })));
  for (const current of range(1, 20)) {
    gates.of(runId).open();
    await until(() => watchers.every((one) => one.results.length >= BEFORE + current));
  }
  await until(() => watchers.every((one) => one.isComplete));
  expect(serialized).toEqual(range(1, 20));
  const [first] = watchers;
  expect(first?.results.map(seqOf)).toEqual(range(1, 20 + 6));
  for (const watcher of watchers) expect(watcher.results).toEqual(first?.results);
});

test("so is each of many that are written at once", async () => {
  const runId = await startRun(service.url, "steps", { count: 500 });
  const watchers = await watchAll(repeated(50, following(runId, { select: SELECT })));
  gates.of(runId).open(Infinity);
  await until(() => watchers.every((one) => one.isComplete));
  expect(serialized).toEqual(range(1, 500));
  for (const watcher of watchers) {
    expect(watcher.results.map(seqOf)).toEqual(range(1, 506));
  }
});

test("watchers share from wherever they resume", async () => {
  const runId = await startRun(service.url, "steps", { count: 20 });
  gates.of(runId).open(10);
  const leader = (await openSocket()).watch(following(runId, { select: SELECT }));
  await until(() => leader.results.length === BEFORE + 10);
  const socket = await openSocket();
  const others = range(0, BEFORE + 9).map((after) =>
    socket.watch(following(runId, { select: SELECT, after })),
  );
  await until(() => others.every((one, after) => one.results.length === BEFORE + 10 - after));
  const before = serialized.length;
  gates.of(runId).open(10);
  await until(() => [leader, ...others].every((one) => one.isComplete));
  expect(serialized.slice(before)).toEqual(range(11, 20));
  for (const [after, other] of others.entries()) {
    expect(other.results).toEqual(leader.results.slice(after));
  }
});

const TWO_OPERATIONS = `
  subscription A($runId: ID!) { workflowEvents(runId: $runId) { ${SELECT} } }
  subscription B($runId: ID!) { workflowEvents(runId: $runId) { ${SELECT} ... on ProgressEvent { total } } }
`;

const withStep = (runId: string, variables: object): Operation => ({
  query: `subscription ($runId: ID!, $step: Boolean = true) {
    workflowEvents(runId: $runId) { ${SELECT} ... on ProgressEvent { step @include(if: $step) } }
  }`,
  variables: { runId, ...variables },
});

/** Two groups of watchers whose results differ, or may. */
const APART: Readonly<Record<string, (runId: string) => readonly [Operation, Operation]>> = {
  "the value of a variable in the selection": (runId) => [
    withStep(runId, { step: true }),
    withStep(runId, { step: false }),
  ],
  "whether a variable is given, or has its default value": (runId) => [
    withStep(runId, {}),
    withStep(runId, { step: false }),
  ],
  "the document": (runId) => [
    following(runId, { select: SELECT }),
    following(runId, { select: `${SELECT} ... on ProgressEvent { total }` }),
  ],
  "the operation of one document": (runId) => [
    { query: TWO_OPERATIONS, operationName: "A", variables: { runId } },
    { query: TWO_OPERATIONS, operationName: "B", variables: { runId } },
  ],
};

test.each(Object.keys(APART))("nothing is shared by operations that differ in %s", async (what) => {
  const runId = await startRun(service.url, "steps", { count: 5 });
  const [one, other] = APART[what]?.(runId) ?? [];
  if (!one || !other) throw new Error("There is no such case");
  const watchers = await watchAll([...repeated(5, one), ...repeated(5, other)]);
  gates.of(runId).open(5);
  await until(() => watchers.every((watcher) => watcher.isComplete));
  expect(serialized.toSorted((a, b) => a - b)).toEqual(range(1, 5).flatMap((n) => [n, n]));
  const [first, , , , , sixth] = watchers.map((watcher) => watcher.results);
  expect(first).not.toEqual(sixth);
  for (const watcher of watchers.slice(0, 5)) expect(watcher.results).toEqual(first);
  for (const watcher of watchers.slice(5)) expect(watcher.results).toEqual(sixth);
});

test("a variable of the selection that is left out has its default value in every event", async () => {
  const runId = await startRun(service.url, "steps", { count: 3 });
  const watchers = await watchAll([
    withStep(runId, {}),
    withStep(runId, { step: false }),
    withStep(runId, { step: true }),
  ]);
  gates.of(runId).open(3);
  await until(() => watchers.every((watcher) => watcher.isComplete));
  const steps = watchers.map((watcher) =>
    watcher.results
      .slice(BEFORE, BEFORE + 3)
      .map(({ data, errors }) => errors ?? data?.["workflowEvents"]?.["step"]),
  );
  expect(steps).toEqual([repeated(3, 1), repeated(3, undefined), repeated(3, 1)]);
});

test("runs do not share, and neither do transports, whose texts differ", async () => {
  const runs = await Promise.all(
    range(1, 2).map(() => startRun(service.url, "steps", { count: 5 })),
  );
  const operations = runs.map((runId) => following(runId, { select: SELECT }));
  const watchers = await watchAll([...operations, ...operations]);
  // Two of each over HTTP: whoever watches alone shares with nobody.
  const answers = await Promise.all(
    [...operations, ...operations].flatMap((operation) => [
      postEvents(service.url, operation).then(readingEvents),
      postMultipart(service.url, operation).then(readingParts),
    ]),
  );
  await until(() => answers.every(({ results }) => results().length === BEFORE));
  for (const runId of runs) gates.of(runId).open(5);
  await until(() => watchers.every((watcher) => watcher.isComplete));
  await Promise.all(answers.map(({ done }) => done));
  const [first, second] = watchers.map((watcher) => watcher.results);
  expect(first?.map(seqOf)).toEqual(range(1, 11));
  expect(first).not.toEqual(second);
  for (const [i, { results }] of answers.entries()) {
    expect(results()).toEqual(i % 4 < 2 ? first : second);
  }
  // Two runs in three formats.
  expect(serialized.toSorted((a, b) => a - b)).toEqual(range(1, 5).flatMap((n) => repeated(6, n)));
});

/** An answer while it is read. */
interface Reading {
  readonly results: () => readonly Result[];
  readonly done: Promise<void>;
}

function readingEvents(response: Response): Reading {
  const results: Result[] = [];
  const read = async (): Promise<void> => {
    for await (const { event, data } of readFrames(response)) {
      if (event === "next" && data !== undefined) results.push(JSON.parse(data) as Result);
    }
  };
  return { results: () => results, done: read() };
}

function readingParts(response: Response): Reading {
  const decoder = new TextDecoder();
  let text = "";
  const read = async (): Promise<void> => {
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(bytes, { stream: true });
    }
  };
  const results = () => partsOf(text).map((part) => (part as { readonly payload: Result }).payload);
  return { results, done: read() };
}

test("whoever comes late or falls behind gets exactly the same as all others", async () => {
  const count = 3_000;
  const runId = await startRun(service.url, "steps", { count });
  const text = "x".repeat(500);
  // An alias as long as that, so that all of it is much more than is kept, or a connection takes.
  const operation = following(runId, { select: `seq_${text}: __typename ${SELECT}` });
  const leader = (await openSocket()).watch(operation);
  const slow = await openSocket();
  const lagging = slow.watch(operation);
  await until(() => lagging.results.length === BEFORE);
  slow.socket.pause();
  const late: Watcher[] = [];
  for (const hundred of range(1, count / 100)) {
    gates.of(runId).open(100);
    await until(() => leader.results.length >= BEFORE + hundred * 100);
    if (hundred % 5 === 0) late.push((await openSocket()).watch(operation));
    if (hundred === 20) slow.socket.resume();
  }
  const all = [lagging, ...late];
  await until(() => leader.isComplete && all.every((watcher) => watcher.isComplete));
  expect(leader.results.map(seqOf)).toEqual(range(1, count + 6));
  const whole = JSON.stringify(leader.results);
  for (const watcher of all) expect(JSON.stringify(watcher.results) === whole).toBe(true);
});

test("what goes wrong with a field is told to all who share it, masked, under one id", async () => {
  odd = 3;
  const runId = await startRun(service.url, "steps", { count: 5 });
  const watchers = await watchAll(repeated(50, following(runId, { select: SELECT })));
  gates.of(runId).open(5);
  await until(() => watchers.every((watcher) => watcher.isComplete));
  const [first] = watchers;
  const wrong = first?.results.filter(({ errors }) => errors);
  expect(wrong).toMatchObject([
    {
      data: { workflowEvents: { current: 3, payload: null } },
      errors: [
        { message: expect.not.stringContaining("hunter2"), extensions: { code: "INTERNAL" } },
      ],
      extensions: { seq: BEFORE + 3 },
    },
  ]);
  for (const watcher of watchers) expect(watcher.results).toEqual(first?.results);
  const errorId = wrong?.[0]?.errors?.[0]?.extensions?.["errorId"];
  expect(service.log.filter((line) => line.includes("hunter2"))).toEqual([
    expect.stringContaining(String(errorId)),
  ]);
});

test("an event whose resolvers wait for a store keeps its place", async () => {
  const runs = await Promise.all(
    range(1, 3).map(() => startRun(service.url, "steps", { count: 50 })),
  );
  const select = `${SELECT} ... on RunStatusEvent { runStatus run { id lastSeq } }`;
  const watchers = await watchAll(
    runs.flatMap((runId) => repeated(20, following(runId, { select }))),
  );
  for (const runId of runs) gates.of(runId).open(50);
  await until(() => watchers.every((watcher) => watcher.isComplete));
  for (const [i, watcher] of watchers.entries()) {
    expect(watcher.results.map(seqOf)).toEqual(range(1, 56));
    expect(watcher.results.at(-1)?.data?.["workflowEvents"]).toMatchObject({
      runStatus: "SUCCEEDED",
      run: { id: runs[Math.floor(i / 20)], lastSeq: 56 },
    });
  }
});

test("fifty operations on one socket give no cause for a warning", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  const runId = await startRun(service.url, "steps", { count: 2_000 });
  const client = await openSocket();
  const operation = following(runId, { select: SELECT });
  const watchers = range(1, 50).map(() => client.watch(operation));
  await until(() => watchers.every((watcher) => watcher.results.length === BEFORE));
  client.socket.pause();
  gates.of(runId).open(Infinity);
  const [socket] = service.sockets;
  await until(() => (socket?.bufferedAmount ?? 0) > 0);
  // All of them wait.
  await until(readsNothing);
  client.socket.resume();
  await until(() => watchers.every((watcher) => watcher.isComplete));
  for (const watcher of watchers) expect(watcher.results.map(seqOf)).toEqual(range(1, 2_006));
  expect(warnings).toEqual([]);
  process.off("warning", onWarning);
});

/** Whether nobody has read the log for some turns of the event loop. */
async function readsNothing(): Promise<boolean> {
  const before = watched.eventsRead;
  await collectGarbage();
  return watched.eventsRead === before;
}

test("ten thousand subscriptions that come and go leave nothing behind", async () => {
  const runs = await Promise.all(
    range(1, 10).map(() => startRun(service.url, "steps", { count: 1 })),
  );
  const clients = await Promise.all(range(1, 10).map(() => openSocket()));
  // Twenty on each socket, of all runs, and a few of another operation.
  const comeAndGo = async (): Promise<void> => {
    const open = clients.flatMap((client, i) =>
      range(1, 20).map((n) => {
        const select = n % 4 === 0 ? `${SELECT} ... on ProgressEvent { total }` : SELECT;
        const runId = runs[(i + n) % runs.length] ?? "";
        return { client, watcher: client.watch(following(runId, { select })) };
      }),
    );
    await until(() => open.every(({ watcher }) => watcher.results.length === BEFORE));
    for (const { client, watcher } of open) client.leave(watcher);
    await until(() => watched.listeners === 0);
  };
  const listeners = (): unknown =>
    service.sockets.map((socket) =>
      socket.eventNames().map((name) => [name, socket.listenerCount(name)]),
    );
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  // What is made once, compiled code among it, takes a megabyte, most of it in the first rounds.
  for (const _round of range(1, 25)) await comeAndGo();
  const before = { listeners: listeners(), timers: timers(), bytes: await usedBytes() };
  for (const _round of range(1, 50)) await comeAndGo();
  expect(listeners()).toEqual(before.listeners);
  // graphql-ws has one for a while after a socket has opened.
  expect(timers()).toBeLessThanOrEqual(before.timers);
  // A hundred bytes for each of them would be seen.
  expect((await usedBytes()) - before.bytes).toBeLessThan(1_000_000);
});
