import { beforeEach, afterEach, expect, test } from "vitest";
import { createRandom } from "../runs/ingest/random.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { openEventSource, post, postEvents, readFrames, readResults } from "../support/http.ts";
import { cursorOf, eventOf, runIdOf, seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import {
  EVERYTHING,
  following,
  freeGraph,
  range,
  startRun,
  steppedGraph,
} from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect, readAll, watch } from "../support/web-socket.ts";

/** What a run has beside what its node writes: queued, running, started; finished, changes, succeeded. */
const OWN_EVENTS = 6;

/** How often connections die at random. */
const ROUNDS = 20;

let gates: Gates;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  service = await startService({ workflows: { steps: steppedGraph(gates), free: freeGraph } });
});
afterEach(() => service[Symbol.asyncDispose]());

/** A run that has ended, with so many events in all. */
async function endedRun(events: number): Promise<{ runId: string; results: readonly Result[] }> {
  const runId = await startRun(service.url, "free", { count: events - OWN_EVENTS });
  const results = await readResults(await postEvents(service.url, following(runId)));
  expect(results.map(seqOf)).toEqual(range(1, events));
  return { runId, results };
}

test.each([1, 2, 3])(
  "ten subscribers that join at random moments each see exactly 1..n; so does one after the end (seed %i)",
  async (seed) => {
    const random = createRandom(seed);
    const count = 40;
    const runId = await startRun(service.url, "steps", { count });
    const gate = gates.of(runId);
    const client = connect(service.wsUrl);
    const join = async (): Promise<readonly Result[]> =>
      random.chance(0.5)
        ? collect(client, following(runId))
        : readResults(await postEvents(service.url, following(runId)));
    const moments = range(1, 10).map(() => random.int(count));
    const subscribers: Promise<readonly Result[]>[] = [];
    for (let step = 0; step < count; step++) {
      for (const moment of moments) if (moment === step) subscribers.push(join());
      gate.open();
      await until(() => gate.arrivals > step);
    }
    await Promise.all(subscribers);
    subscribers.push(join());
    const seen = await Promise.all(subscribers);
    expect(seen).toHaveLength(11);
    for (const results of seen) {
      expect(results.map(seqOf)).toEqual(range(1, count + OWN_EVENTS));
      expect(results.map(eventOf)).toEqual(seen[0]?.map(eventOf));
    }
    await client.dispose();
  },
);

test("a subscriber with `after` gets exactly the rest, whether it gives a cursor or a seq", async () => {
  const { runId, results } = await endedRun(12);
  const client = connect(service.wsUrl);
  for (const [index, result] of results.entries()) {
    for (const after of [cursorOf(result), seqOf(result)]) {
      const rest = await collect(client, following(runId, { after }));
      expect(rest).toEqual(results.slice(index + 1));
    }
  }
  expect(await collect(client, following(runId, { after: 0 }))).toEqual(results);
  await client.dispose();
});

test("a subscriber with `after` that joins a running run gets the rest, then goes on live", async () => {
  const runId = await startRun(service.url, "steps", { count: 6 });
  const gate = gates.of(runId);
  gate.open(3);
  await until(() => gate.arrivals === 4);
  const client = connect(service.wsUrl);
  const rest = watch(client, following(runId, { after: 4 }));
  const seqs: number[] = [];
  for await (const result of rest) {
    seqs.push(seqOf(result));
    if (seqs.length === 2) gate.open(3);
  }
  expect(seqs).toEqual(range(5, 12));
  await client.dispose();
});

test("a cursor resumes in `extensions.resume` as well, without touching the operation", async () => {
  const { runId, results } = await endedRun(12);
  const resume = { runId, cursor: cursorOf(results[4] as Result) };
  const client = connect(service.wsUrl);
  const operation = { ...following(runId), extensions: { resume } };
  expect(await collect(client, operation)).toEqual(results.slice(5));
  expect(await readResults(await postEvents(service.url, operation))).toEqual(results.slice(5));
  await client.dispose();
});

test("a cursor resumes as Last-Event-ID, on GET and on POST", async () => {
  const { runId, results } = await endedRun(12);
  const lastEventId = cursorOf(results[4] as Result);
  const operation = following(runId);
  const got = await openEventSource(service.url, operation, { lastEventId });
  expect(await readResults(got)).toEqual(results.slice(5));
  const posted = await postEvents(service.url, operation, { "last-event-id": lastEventId });
  expect(await readResults(posted)).toEqual(results.slice(5));
});

test("of several cursors the furthest wins, wherever it stands", async () => {
  const { runId, results } = await endedRun(12);
  const cursors = [2, 5, 8].map((index) => cursorOf(results[index] as Result));
  for (const shift of [0, 1, 2]) {
    const [after, cursor, lastEventId] = range(0, 2).map((i) => cursors[(i + shift) % 3] ?? "");
    const operation = {
      ...following(runId, { after: after ?? "" }),
      extensions: { resume: { runId, cursor } },
    };
    const posted = await postEvents(service.url, operation, { "last-event-id": lastEventId ?? "" });
    expect((await readResults(posted)).map(seqOf)).toEqual(range(10, 12));
  }
});

test.each([
  ["a cursor of another run", (other: string) => other, 400],
  ["a text that is no cursor", () => "yesterday", 400],
])("%s is refused as BAD_USER_INPUT", async (_name, toCursor, status) => {
  const other = await endedRun(9);
  const { runId } = await endedRun(9);
  const after = toCursor(cursorOf(other.results[3] as Result));
  const client = connect(service.wsUrl);
  await expect(collect(client, following(runId, { after }))).rejects.toMatchObject([
    { extensions: { code: "BAD_USER_INPUT" } },
  ]);
  await client.dispose();
  const response = await openEventSource(service.url, following(runId), { lastEventId: after });
  expect(response.status).toBe(status);
});

test.each([{}, "yesterday", { cursor: 5.5 }, { cursor: ["1"] }])(
  "`extensions.resume: %j` is refused as BAD_USER_INPUT, instead of starting from the beginning",
  async (resume) => {
    const { runId } = await endedRun(9);
    const client = connect(service.wsUrl);
    const operation = { ...following(runId), extensions: { resume } };
    await expect(collect(client, operation)).rejects.toMatchObject([
      { extensions: { code: "BAD_USER_INPUT" } },
    ]);
    await client.dispose();
  },
);

test("cursors of two runs in one request are refused", async () => {
  const [one, two] = [await endedRun(9), await endedRun(9)];
  const operation = following(one.runId, { after: cursorOf(one.results[3] as Result) });
  const lastEventId = cursorOf(two.results[3] as Result);
  const response = await openEventSource(service.url, operation, { lastEventId });
  expect(response.status).toBe(400);
  const { errors } = (await response.json()) as Result;
  expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
});

test("a cursor beyond the end is CURSOR_EXPIRED, and says where the log stands", async () => {
  const { runId } = await endedRun(9);
  const extensions = { code: "CURSOR_EXPIRED", reason: "REWOUND", oldestSeq: 1, lastSeq: 9 };
  const client = connect(service.wsUrl);
  await expect(collect(client, following(runId, { after: 10 }))).rejects.toMatchObject([
    { extensions },
  ]);
  await client.dispose();
  const polled = await post(service.url, {
    query: "query ($id: ID!) { run(id: $id) { events(after: 10) { hasMore } } }",
    variables: { id: runId },
  });
  expect(polled.errors).toMatchObject([{ extensions }]);
});

test("a cursor of an event that was lost, and whose number another has now, is CURSOR_EXPIRED", async () => {
  const { runId, results } = await endedRun(9);
  // As a failover leaves it: what this client saw was recorded by an execution that is lost.
  const lost = cursorOf(results[3] as Result).replace(/^4\.1\./, "4.2.");
  const extensions = { code: "CURSOR_EXPIRED", reason: "REWOUND", oldestSeq: 1, lastSeq: 9 };
  const client = connect(service.wsUrl);
  await expect(collect(client, following(runId, { after: lost }))).rejects.toMatchObject([
    { extensions },
  ]);
  await client.dispose();
  const ask = async (after: string | number) =>
    post(service.url, {
      query:
        "query ($id: ID!, $after: Cursor) { run(id: $id) { events(after: $after, first: 1) { endCursor } } }",
      variables: { id: runId, after },
    });
  expect((await ask(lost)).errors).toMatchObject([{ extensions }]);
  expect((await ask(4)).errors).toBeUndefined();
});

test("an EventSource with a cursor beyond the end gets 410, which stops it, instead of a stream", async () => {
  const { runId } = await endedRun(9);
  const response = await openEventSource(service.url, following(runId), { lastEventId: "10" });
  expect(response.status).toBe(410);
  const { errors } = (await response.json()) as Result;
  expect(errors).toMatchObject([{ extensions: { code: "CURSOR_EXPIRED", reason: "REWOUND" } }]);
});

test("an EventSource that has seen the end gets 204, which stops it", async () => {
  const { runId, results } = await endedRun(9);
  const lastEventId = cursorOf(results.at(-1) as Result);
  const got = await openEventSource(service.url, following(runId), { lastEventId });
  expect(got.status).toBe(204);
  const posted = await postEvents(service.url, following(runId), { "last-event-id": lastEventId });
  expect(posted.status).toBe(204);
});

test("over a WebSocket an operation that has seen the end just completes", async () => {
  const { runId, results } = await endedRun(9);
  const client = connect(service.wsUrl);
  const after = cursorOf(results.at(-1) as Result);
  expect(await collect(client, following(runId, { after }))).toEqual([]);
  await client.dispose();
});

test("a filtered stream tells the cursor of the run's last event in its end, so it gets 204 as well", async () => {
  const { runId } = await endedRun(9);
  const operation = following(runId, { select: "... on ProgressEvent { current }" });
  const frames = await readAll(readFrames(await openEventSource(service.url, operation)));
  expect(frames.filter(({ event }) => event === "next").length).toBe(9 - OWN_EVENTS);
  const last = frames.at(-1);
  expect(last).toMatchObject({ event: "complete", id: expect.stringMatching(/^9\./) });
  const again = await openEventSource(service.url, operation, { lastEventId: last?.id ?? "" });
  expect(again.status).toBe(204);
});

test("graphql-ws clients whose sockets die at random see each event exactly once", async () => {
  for (const seed of range(1, ROUNDS)) {
    const random = createRandom(seed);
    const count = 12 + random.int(20);
    const runId = await startRun(service.url, "steps", { count });
    const gate = gates.of(runId);
    const client = connect(service.wsUrl, { retryAttempts: Infinity, shouldRetry: () => true });
    let cursor: string | undefined;
    const seqs: number[] = [];
    // A getter: the client sends the same payload again, as it then is.
    const operation = {
      ...following(runId),
      get extensions() {
        return cursor === undefined ? {} : { resume: { runId, cursor } };
      },
    };
    for await (const result of watch(client, operation)) {
      seqs.push(seqOf(result));
      cursor = cursorOf(result);
      gate.open(random.int(4));
      if (random.chance(0.3)) service.sockets.at(-1)?.terminate();
      gate.open();
    }
    expect(seqs, `seed ${seed}`).toEqual(range(1, count + OWN_EVENTS));
    await client.dispose();
  }
  expect(service.sockets.length).toBeGreaterThan(ROUNDS * 2);
});

test("an EventSource whose connection dies at random sees each event exactly once, and stops", async () => {
  let connections = 0;
  for (const seed of range(1, ROUNDS)) {
    const random = createRandom(seed);
    const count = 12 + random.int(20);
    const runId = await startRun(service.url, "steps", { count });
    const operation = following(runId);
    const gate = gates.of(runId);
    let lastEventId: string | undefined;
    const seqs: number[] = [];
    for (;;) {
      connections += 1;
      const killed = new AbortController();
      const { signal } = killed;
      const response = await openEventSource(service.url, operation, {
        signal,
        ...(lastEventId !== undefined && { lastEventId }),
      });
      if (response.status === 204) break;
      try {
        for await (const { id, event, data = "" } of readFrames(response)) {
          lastEventId = id;
          if (event === "next") seqs.push(seqOf(JSON.parse(data) as Result));
          gate.open(1 + random.int(3));
          if (random.chance(0.2)) killed.abort();
          signal.throwIfAborted();
        }
      } catch {
        // The connection died; an EventSource comes back.
      }
    }
    expect(seqs, `seed ${seed}`).toEqual(range(1, count + OWN_EVENTS));
  }
  expect(connections).toBeGreaterThan(ROUNDS * 2);
});

test("runWorkflow goes on with the same run when its sockets die, without a runId", async () => {
  const client = connect(service.wsUrl, { retryAttempts: Infinity, shouldRetry: () => true });
  let resume: object | undefined;
  const seqs: number[] = [];
  const operation = {
    query: `subscription { runWorkflow(input: { steps: { count: 8 } }) { ${EVERYTHING} } }`,
    get extensions() {
      return { resume };
    },
  };
  for await (const result of watch(client, operation)) {
    seqs.push(seqOf(result));
    resume = result.extensions;
    if (seqs.length % 3 === 0) service.sockets.at(-1)?.terminate();
    gates.of(runIdOf(result)).open();
  }
  expect(seqs).toEqual(range(1, 8 + OWN_EVENTS));
  await client.dispose();
});
