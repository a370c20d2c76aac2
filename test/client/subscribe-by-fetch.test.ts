import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from "@apollo/client";
import { Client as UrqlClient, subscriptionExchange } from "@urql/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  OperationRefusedError,
  subscribeByFetch,
  type FetchSubscriptionOptions,
} from "../../src/client/index.ts";
import { createService } from "../../src/index.ts";
import { startProxy, type TcpProxy } from "../cli/run/tcp-proxy.ts";
import { createRandom } from "../runs/ingest/random.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { post } from "../support/http.ts";
import { eventOf, runIdOf, seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { EVERYTHING, following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { readAll } from "../support/web-socket.ts";

/** What a run has beside what its node writes: queued, running, started; finished, changes, succeeded. */
const OWN_EVENTS = 6;

/** A seed of its own in every run of the tests, unless one is given to repeat a failure. */
const SEED = Number(process.env["SEED"] ?? 1);

const START = `subscription { runWorkflow(input: { steps: { count: 4 } }) { ${EVERYTHING} } }`;

let gates: Gates;
let service: RunningService;
let proxy: TcpProxy;

beforeEach(async () => {
  gates = createGates();
  service = await startService({ workflows: { steps: steppedGraph(gates) } });
  proxy = await startProxy(service.url);
});
afterEach(async () => {
  vi.useRealTimers();
  await proxy[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

/** The results of a subscription, by way of the proxy. */
function subscribe(options: Omit<FetchSubscriptionOptions, "url">): AsyncIterableIterator<Result> {
  return subscribeByFetch({ url: proxy.url, ...options }) as AsyncIterableIterator<Result>;
}

/** `fetch` that notes what it is asked for. */
function recordingFetch() {
  const requests: Request[] = [];
  const record = async (...asked: Parameters<typeof fetch>): Promise<Response> => {
    requests.push(new Request(...asked));
    return fetch(...asked);
  };
  return { requests, fetch: record };
}

test(`several subscriptions whose connections die at random moments each see exactly 1..n (seed ${SEED})`, async () => {
  const random = createRandom(SEED);
  const watching = range(1, 5).map(async () => {
    const count = 10 + random.int(10);
    const runId = await startRun(service.url, "steps", { count });
    const gate = gates.of(runId);
    const seqs: number[] = [];
    for await (const result of subscribe(following(runId))) {
      seqs.push(seqOf(result));
      gate.open(random.int(3));
      if (random.chance(0.1)) proxy.cut();
      gate.open();
    }
    expect(seqs, `seed ${SEED}`).toEqual(range(1, count + OWN_EVENTS));
  });
  await Promise.all(watching);
  expect(proxy.connections).toBeGreaterThan(5);
});

test("runWorkflow starts one run, even when its connection dies before the first event", async () => {
  let isFirst = true;
  const losing: typeof fetch = async (...asked) => {
    const response = await fetch(...asked);
    if (!isFirst) return response;
    isFirst = false;
    await response.body?.cancel();
    throw new TypeError("The connection was lost");
  };
  const runIds = new Set<string>();
  for await (const result of subscribe({ query: START, fetch: losing })) {
    runIds.add(runIdOf(result));
    gates.of(runIdOf(result)).open(Infinity);
  }
  const { data } = await post(service.url, { query: "{ runs { nodes { id } } }" });
  expect(data?.["runs"]?.["nodes"]).toEqual([...runIds].map((id) => ({ id })));
});

test("on a quiet, filtered stream it comes back with the last id", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const { requests, fetch: recording } = recordingFetch();
  const runId = await startRun(service.url, "steps", { count: 1 });
  const select = "... on StateUpdate { changes }";
  const reading = readAll(subscribe({ ...following(runId, { select }), fetch: recording }));
  await until(() => gates.of(runId).arrivals === 1 && requests.length === 1);
  let turns = 0;
  let isOver = false;
  reading.finally(() => (isOver = true)).catch(() => undefined);
  await until(() => {
    turns += 1;
    if (turns % 20 === 0) vi.advanceTimersByTime(1_000);
    // The tick is due after ten seconds, long before the silence is too long.
    if (turns === 20 * 15) proxy.cut();
    if (turns === 20 * 25) gates.of(runId).open();
    return isOver;
  });
  expect((await reading).map(eventOf)).toEqual([{ changes: { done: true } }]);
  expect(requests.map(({ headers }) => headers.get("last-event-id"))).toEqual([
    null,
    expect.stringMatching(/^3\./),
  ]);
});

test("a connection that says nothing for 30 s is made again, and misses nothing", async () => {
  const runId = await startRun(service.url, "steps", { count: 2 });
  const seqs: number[] = [];
  for await (const result of subscribe(following(runId))) {
    seqs.push(seqOf(result));
    if (seqs.length !== 3) continue;
    proxy.freeze();
    gates.of(runId).open(Infinity);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    void until(() => {
      vi.advanceTimersByTime(500);
      return proxy.connections === 2;
    }).then(() => vi.useRealTimers());
  }
  expect(seqs).toEqual(range(1, 2 + OWN_EVENTS));
});

test("what passes, such as a proxy's 502, is tried again", async () => {
  const answers = [
    new Response("Bad gateway", { status: 502 }),
    new Response(null, { status: 429 }),
    undefined,
  ];
  const connections: string[] = [];
  const runId = await startRun(service.url, "steps", { count: 1 });
  gates.of(runId).open();
  const results = await readAll(
    subscribe({
      ...following(runId),
      fetch: async (...asked) => answers.shift() ?? fetch(...asked),
      onConnection: (connection) => connections.push(connection),
    }),
  );
  expect(results.map(seqOf)).toEqual(range(1, 1 + OWN_EVENTS));
  expect(connections).toEqual(["connecting", "reconnecting", "reconnecting", "live"]);
});

test("a server that says that it stops is asked again", async () => {
  const stopped = createService({ workflows: { steps: steppedGraph(gates) } });
  await stopped[Symbol.asyncDispose]();
  const answers = [(request: Request) => stopped.fetch(request)];
  const connections: string[] = [];
  const runId = await startRun(service.url, "steps", { count: 1 });
  gates.of(runId).open();
  const results = await readAll(
    subscribe({
      ...following(runId),
      fetch: (...asked) => answers.shift()?.(new Request(...asked)) ?? fetch(...asked),
      onConnection: (connection) => connections.push(connection),
    }),
  );
  expect(results.map(seqOf)).toEqual(range(1, 1 + OWN_EVENTS));
  expect(connections).toEqual(["connecting", "reconnecting", "live"]);
});

test("what the server refuses is thrown with its code, and not tried again", async () => {
  const { requests, fetch: recording } = recordingFetch();
  const runId = await startRun(service.url, "steps", { count: 1 });
  const refused = [following("gone"), following(runId, { after: 50 }), { query: "{ nothing }" }];
  const errors: unknown[] = [];
  for (const operation of refused) {
    await readAll(subscribe({ ...operation, fetch: recording })).catch((error: unknown) =>
      errors.push(error),
    );
  }
  expect(errors.every((error) => error instanceof OperationRefusedError)).toBe(true);
  expect(errors).toMatchObject([
    { code: "NOT_FOUND" },
    { code: "CURSOR_EXPIRED", errors: [{ extensions: { reason: "REWOUND", lastSeq: 3 } }] },
    { code: "GRAPHQL_VALIDATION_FAILED" },
  ]);
  expect(requests.length).toBe(3);
});

test("an address where there is no GraphQL is refused with its status", async () => {
  const elsewhere = new URL("/nowhere", proxy.url);
  await expect(readAll(subscribeByFetch({ url: elsewhere, query: START }))).rejects.toMatchObject({
    name: "OperationRefusedError",
    status: 404,
    errors: [],
  });
});

test("a run whose end was seen already has nothing more to say", async () => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  gates.of(runId).open();
  await readAll(subscribe(following(runId)));
  expect(await readAll(subscribe(following(runId, { after: 1 + OWN_EVENTS })))).toEqual([]);
});

test("a query has one result", async () => {
  const results = await readAll(subscribe({ query: "{ workflows { name } }" }));
  expect(results).toEqual([{ data: { workflows: [{ name: "steps" }] } }]);
});

test("headers are asked for before each request", async () => {
  const { requests, fetch: recording } = recordingFetch();
  const runId = await startRun(service.url, "steps", { count: 1 });
  let tokens = 0;
  const headers = async (): Promise<HeadersInit> => ({ authorization: `Bearer ${++tokens}` });
  for await (const result of subscribe({ ...following(runId), headers, fetch: recording })) {
    if (seqOf(result) !== 3) continue;
    proxy.cut();
    gates.of(runId).open();
  }
  expect(requests.map((request) => request.headers.get("authorization"))).toEqual([
    "Bearer 1",
    "Bearer 2",
  ]);
});

describe("it ends without an error, while it waits and while it is away", () => {
  test.each(["live", "reconnecting"])("when its signal is aborted (%s)", async (moment) => {
    const abort = new AbortController();
    const { signal } = abort;
    const runId = await startRun(service.url, "steps", { count: 1 });
    const onConnection = (connection: string): void => {
      if (connection === moment) abort.abort();
    };
    const seqs: number[] = [];
    for await (const result of subscribe({ ...following(runId), signal, onConnection })) {
      seqs.push(seqOf(result));
      if (seqs.length === 3) proxy.cut();
    }
    expect(seqs).toEqual(moment === "live" ? [] : [1, 2, 3]);
  });

  test("when its consumer returns", async () => {
    const runId = await startRun(service.url, "steps", { count: 1 });
    const results = subscribe(following(runId));
    for (const seq of range(1, 3)) expect(seqOf((await results.next()).value as Result)).toBe(seq);
    const waiting = results.next();
    await results.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});

describe("after a reload", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  };

  test.each([
    ["replay", 1],
    ["continue", 5],
  ] as const)("it goes on with its run (%s from %i)", async (afterReload, from) => {
    const options = { query: START, storage, key: "run", afterReload };
    let runId = "";
    for await (const result of subscribe(options)) {
      runId = runIdOf(result);
      gates.of(runId).open(Infinity);
      if (seqOf(result) === 5) break;
    }
    const results = await readAll(subscribe(options));
    expect(new Set(results.map(runIdOf))).toEqual(new Set([runId]));
    expect(results.map(seqOf)).toEqual(range(from, 4 + OWN_EVENTS));
    expect(kept).toEqual(new Map());
  });
});

describe("it takes the place of a client's own transport, and resumes", () => {
  const QUERY =
    "subscription ($runId: ID!) { workflowEvents(runId: $runId) { __typename ... on RunEvent { seq } } }";

  /** What both clients take: results pushed to a sink. */
  function push(
    operation: { readonly query: string; readonly variables: Record<string, unknown> },
    sink: { next(result: Result): void; error(error: unknown): void; complete(): void },
  ): () => void {
    const results = subscribe(operation);
    void (async () => {
      try {
        for await (const result of results) sink.next(result);
        sink.complete();
      } catch (error) {
        sink.error(error);
      }
    })();
    return () => void results.return?.();
  }

  function disturb(runId: string, seqs: readonly unknown[]): void {
    if (seqs.length === 4) proxy.cut();
    gates.of(runId).open();
  }

  test("of Apollo Client, as a link", async () => {
    const runId = await startRun(service.url, "steps", { count: 4 });
    const link = new ApolloLink(
      ({ variables }) => new Observable((sink) => push({ query: QUERY, variables }, sink as never)),
    );
    const apollo = new ApolloClient({ link, cache: new InMemoryCache() });
    const seqs: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      apollo
        .subscribe<Record<string, { seq: number }>>({
          query: gql(QUERY),
          variables: { runId },
          fetchPolicy: "no-cache",
        })
        .subscribe({
          next: ({ data }) => {
            seqs.push(data?.["workflowEvents"]?.seq);
            disturb(runId, seqs);
          },
          error: reject,
          complete: resolve,
        });
    });
    expect(seqs).toEqual(range(1, 4 + OWN_EVENTS));
  });

  test("of urql, in its subscriptionExchange", async () => {
    const runId = await startRun(service.url, "steps", { count: 4 });
    const exchange = subscriptionExchange({
      forwardSubscription: ({ query = "", variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: push({ query, variables: { ...(variables as object) } }, sink as never),
        }),
      }),
    });
    const urql = new UrqlClient({ url: "unused", exchanges: [exchange], preferGetMethod: false });
    const seqs: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      urql
        .subscription<Record<string, { seq: number }>>(QUERY, { runId })
        .subscribe(({ data, error, hasNext }) => {
          if (error) return reject(error);
          if (!hasNext) return resolve();
          seqs.push(data?.["workflowEvents"]?.seq);
          disturb(runId, seqs);
        });
    });
    expect(seqs).toEqual(range(1, 4 + OWN_EVENTS));
  });
});
