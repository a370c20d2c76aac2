import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createRandom } from "../runs/ingest/random.ts";
import { usedBytes } from "../support/collect-garbage.ts";
import { exchange, upgradeTo } from "../support/exchange.ts";
import { Garbage } from "../support/garbage.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { report } from "../support/graphs.ts";
import { openEventSource, post, postEvents, readResults } from "../support/http.ts";
import { partsOf, postMultipart } from "../support/multipart.ts";
import { readOperations } from "../support/operations.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { seqOf, type Result } from "../support/result.ts";
import { parseScrape } from "../support/scrape.ts";
import { startService, type RunningService } from "../support/service.ts";
import { EVERYTHING, following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { watchedBackend, type WatchedBackend } from "../support/watched-backend.ts";
import { collect, connect } from "../support/web-socket.ts";

/** How much is sent: a round is one connection. More for a longer look: `FUZZ_ROUNDS=100000`. */
const ROUNDS = Number(process.env["FUZZ_ROUNDS"] ?? 1_500);
const SEED = Number(process.env["FUZZ_SEED"] ?? 1);

/** So many connections at a time. */
const AT_ONCE = 10;

const MB = 1_000_000;

/** What may be left of thousands of rounds: what ran by mistake, and is kept as any run is. */
const TOLERANCE = 8 * MB;

/** How a client may be sent away: it has broken the protocol. Not 4500, 1011 or 1013, which are our faults. */
const CLOSE_CODES = [1002, 1003, 1007, 1008, 1009, 4400, 4409, 4429];

let gates: Gates;
let watched: WatchedBackend;
let service: RunningService;
const rejections: unknown[] = [];
const onRejection = (reason: unknown): void => void rejections.push(reason);

beforeEach(async () => {
  process.on("unhandledRejection", onRejection);
  gates = createGates();
  watched = watchedBackend();
  service = await startService({
    workflows: { report, steps: steppedGraph(gates) },
    backend: watched.backend,
  });
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await watched.backend[Symbol.asyncDispose]();
  process.off("unhandledRejection", onRejection);
});

test(
  "nothing that clients send stops the server, stays in its memory, or changes what others get",
  { timeout: 60_000 + 100 * ROUNDS },
  async () => {
    const batches = Math.ceil(ROUNDS / AT_ONCE);
    const runId = await startRun(service.url, "steps", { count: batches });
    const watching = watchInEveryWay(runId);
    const documents = await documentsToSpoil();
    const round = async (i: number): Promise<void> => {
      const random = createRandom(SEED * 1_000_003 + i);
      const attack = random.pick(ATTACKS);
      await attack(new Garbage(random, documents, runId), i);
    };

    let inTheMiddle = 0;
    for (let batch = 0; batch < batches; batch++) {
      await Promise.all(range(batch * AT_ONCE, (batch + 1) * AT_ONCE - 1).map(round));
      gates.of(runId).open();
      if (batch === Math.floor(batches / 2)) {
        inTheMiddle = await bytesOfTheServer();
      }
    }
    for (const seqs of await Promise.all(watching)) {
      expect(seqs).toEqual(range(1, batches + 6));
    }
    await untilNobodyIsLeft();
    const end = await bytesOfTheServer();
    expect(end - inTheMiddle).toBeLessThan(TOLERANCE);

    expect(rejections).toEqual([]);
    // Beside pages of other sites, of which it tells once each, it has nothing to tell.
    expect(service.log.filter((line) => !/^(?:refused a page|a node blocked)/.test(line))).toEqual(
      [],
    );
    expect(await post(service.url, { query: "{ workflows { name } }" })).toHaveProperty("data");
  },
);

/** Well-behaved clients, one of each kind: the events that each got, when the run has ended. */
function watchInEveryWay(runId: string): readonly Promise<readonly number[]>[] {
  const { url, wsUrl } = service;
  const operation = following(runId, { select: EVERYTHING });
  const overSocket = async (): Promise<readonly Result[]> => {
    const client = connect(wsUrl, { retryAttempts: 0 });
    try {
      return await collect(client, operation);
    } finally {
      await client.dispose();
    }
  };
  const inParts = async (): Promise<readonly Result[]> => {
    const parts = partsOf(await (await postMultipart(url, operation)).text());
    return (parts as readonly { readonly payload: Result }[]).map(({ payload }) => payload);
  };
  return [
    overSocket(),
    overSocket(),
    postEvents(url, operation).then(readResults),
    openEventSource(url, operation).then(readResults),
    inParts(),
  ].map(async (results) => (await results).map(seqOf));
}

/** Without its ends of the sockets, which are kept for tests to look at. */
async function bytesOfTheServer(): Promise<number> {
  (service.sockets as WebSocket[]).length = 0;
  return usedBytes();
}

async function untilNobodyIsLeft(): Promise<void> {
  await until(() => watched.listeners === 0);
  const left = async () =>
    Object.entries(parseScrape(await service.service.metrics())).filter(
      ([name, value]) => /^(subscribers|sockets_open)\b/.test(name) && value !== 0,
    );
  await until(async () => (await left()).length === 0);
}

/** What starts a run starts the same one, lest runs that are kept be taken for a leak. */
async function documentsToSpoil(): Promise<readonly [string, ...string[]]> {
  const examples = await readOperations();
  return [
    following("").query,
    `subscription ($input: WorkflowInput!) { runWorkflow(runId: "fuzz", input: $input) { ${EVERYTHING} } }`,
    'mutation ($input: WorkflowInput!) { startRun(runId: "fuzz", input: $input) { run { id } isNew } }',
    "query ($runId: ID!) { run(id: $runId) { id status events(first: 10) { nodes { __typename } } } }",
    "{ workflows { name } threads(first: 2) { nodes { id state { values } } } }",
    'mutation { resumeRun(runId: "none", answers: [{ interruptId: "a", value: { b: [1] } }]) { run { id } } }',
    ...examples.map(({ text }) =>
      text.replaceAll(/(runWorkflow|startRun)\(/g, '$1(runId: "fuzz", '),
    ),
  ];
}

type Attack = (garbage: Garbage, round: number) => Promise<void>;

const ATTACKS: readonly [Attack, ...Attack[]] = [
  sendMessages,
  sendMessages,
  sendFrames,
  sendRequest,
  sendRequest,
  sendBrokenRequest,
];

/** Wrong messages on a socket that was let in, which then answers still, or has been closed. */
async function sendMessages(garbage: Garbage, round: number): Promise<void> {
  const socket = new WebSocket(service.wsUrl, "graphql-transport-ws");
  const received: string[] = [];
  socket.on("message", (data: Buffer) => received.push(data.toString()));
  const closed = once(socket, "close") as Promise<[number]>;
  await once(socket, "open");
  socket.send('{"type":"connection_init"}');
  for (let i = 0; i < 6; i++) socket.send(garbage.message());
  socket.send('{"type":"ping","payload":{"end":true}}');
  const isAnswered = (): boolean => received.some((text) => text.includes('{"end":true}'));
  const code = await Promise.race([closed.then(([given]) => given), until(isAnswered)]);
  socket.terminate();
  expectNoFault(received.join("\n"), round);
  if (code !== undefined) expect(CLOSE_CODES, `round ${round}`).toContain(code);
}

async function sendFrames(garbage: Garbage, round: number): Promise<void> {
  const bytes = Buffer.concat([upgradeTo(service.url), garbage.frames()]);
  expectNoFault(await exchange(service.url, bytes, true), round);
}

async function sendRequest(garbage: Garbage, round: number): Promise<void> {
  const answer = await exchange(service.url, garbage.request());
  expect(answer, `round ${round}`).toMatch(/^HTTP\/1\.1 [2-4]\d\d /);
  expectNoFault(answer, round);
}

async function sendBrokenRequest(garbage: Garbage, round: number): Promise<void> {
  expectNoFault(await exchange(service.url, garbage.brokenRequest(), true), round);
}

/** An answer says nothing of what is inside the server, and that nothing unexpected happened there. */
function expectNoFault(answer: string, round: number): void {
  expect(answer, `round ${round}`).not.toMatch(/"INTERNAL"|node_modules|"stack"|HTTP\/1\.1 5/);
}

test("a client that asks and asks, and reads no answer, costs the server next to nothing", async () => {
  const raw = await openRawSocket(service.wsUrl);
  const [end] = service.sockets;
  raw.socket.pause();
  const fill = "x".repeat(200 * 1024);
  for (let i = 0; i < 200; i++) raw.send({ type: "ping", payload: { fill } });
  // All that the server and the system between them take.
  let most = 0;
  for (let turn = 0; turn < 500; turn++) {
    most = Math.max(most, end?.bufferedAmount ?? 0);
    await setImmediate();
  }
  expect(most).toBeLessThan(2 * MB);
  raw.socket.resume();
  await until(() => raw.messages.filter(({ type }) => type === "pong").length === 200);
  raw.socket.terminate();
});
