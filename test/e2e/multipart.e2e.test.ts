import {
  ApolloClient,
  CombinedGraphQLErrors,
  CombinedProtocolErrors,
  gql,
  HttpLink,
  InMemoryCache,
} from "@apollo/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { graphOf, report } from "../support/graphs.ts";
import { createGates, type Gates } from "../support/gate.ts";
import type { Operation } from "../support/http.ts";
import type { ResultExtensions } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { watchedBackend, type WatchedBackend } from "../support/watched-backend.ts";

let gates: Gates;
let watched: WatchedBackend;
let isDown: boolean;
let service: RunningService;
let apollo: ApolloClient;

beforeEach(async () => {
  gates = createGates();
  watched = watchedBackend();
  isDown = false;
  const { events } = watched.backend;
  const read = events.read.bind(events);
  events.read = async (runId, page) => {
    if (isDown) throw new Error("connect ECONNREFUSED postgres://admin:hunter2@db");
    return read(runId, page);
  };
  service = await startService({
    workflows: {
      report,
      steps: steppedGraph(gates),
      broken: graphOf(() => {
        throw new Error("No such customer");
      }),
    },
    backend: watched.backend,
  });
  apollo = new ApolloClient({
    link: new HttpLink({ uri: service.url }),
    cache: new InMemoryCache(),
  });
});
afterEach(async () => {
  apollo.stop();
  await service[Symbol.asyncDispose]();
});

/** What a stock Apollo Client reports of a subscription. */
interface Seen {
  readonly events: unknown[];
  readonly extensions: ResultExtensions[];
  error?: unknown;
  isComplete: boolean;
  readonly unsubscribe: () => void;
}

function subscribe({ query, variables }: Operation): Seen {
  const seen = { events: [] as unknown[], extensions: [] as ResultExtensions[], isComplete: false };
  const subscription = apollo
    .subscribe({ query: gql(query), variables: variables ?? {}, fetchPolicy: "no-cache" })
    .subscribe({
      next({ data, error, extensions }) {
        if (error) Object.assign(seen, { error });
        else seen.events.push(Object.values(data as object)[0]);
        seen.extensions.push(extensions as unknown as ResultExtensions);
      },
      complete: () => (seen.isComplete = true),
    });
  return Object.assign(seen, { unsubscribe: () => subscription.unsubscribe() });
}

async function subscribeToEnd(operation: Operation): Promise<Seen> {
  const seen = subscribe(operation);
  await until(() => seen.isComplete);
  return seen;
}

const REPORT = {
  query:
    'subscription { runWorkflow(input: { report: { items: ["a","b","c"] } }) { __typename ... on ProgressEvent { current total status } ... on CompleteEvent { message } ... on StateUpdate { node changes } } }',
};

const EVENTS = [
  { __typename: "ProgressEvent", current: 1, total: 3, status: "Processing a" },
  { __typename: "ProgressEvent", current: 2, total: 3, status: "Processing b" },
  { __typename: "ProgressEvent", current: 3, total: 3, status: "Processing c" },
  { __typename: "CompleteEvent", message: "All items processed" },
  { __typename: "StateUpdate", node: "work", changes: { results: ["A", "B", "C"] } },
];

test("Apollo Client subscribes through a plain HttpLink, with nothing to configure", async () => {
  const { events, extensions, error } = await subscribeToEnd(REPORT);
  expect(error).toBeUndefined();
  expect(events).toEqual(EVENTS);
  expect(new Set(extensions.map(({ cursor }) => cursor)).size).toBe(EVENTS.length);
});

test("it comes back with `after`, misses nothing and repeats nothing", async () => {
  const runId = await startRun(service.url, "steps", { count: 3 });
  gates.of(runId).open(2);
  const select = "... on ProgressEvent { current }";
  const first = subscribe(following(runId, { select }));
  await until(() => first.events.length === 2);
  first.unsubscribe();
  gates.of(runId).open();
  const after = first.extensions.at(-1)?.cursor ?? "";
  const { events } = await subscribeToEnd(following(runId, { after, select }));
  expect([...first.events, ...events]).toEqual(
    [1, 2, 3].map((current) => ({ __typename: "ProgressEvent", current })),
  );
});

test("behind the end of an ended run there is nothing, and it completes", async () => {
  const runId = await startRun(service.url, "report", { items: [] });
  const { extensions } = await subscribeToEnd(following(runId));
  const after = extensions.at(-1)?.cursor ?? "";
  const { events, error } = await subscribeToEnd(following(runId, { after }));
  expect([events, error]).toEqual([[], undefined]);
});

test("unsubscribing ends what follows the run on the server", async () => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  const { events, unsubscribe } = subscribe(following(runId));
  await until(() => events.length > 0 && watched.listeners === 1);
  unsubscribe();
  await until(() => watched.listeners === 0);
});

test("a failed run is a last result with its error and its place", async () => {
  const query =
    "subscription { runWorkflow(input: { broken: {} }) { ... on ProgressEvent { seq } } }";
  const { error, extensions } = await subscribeToEnd({ query });
  expect(CombinedGraphQLErrors.is(error) && error.errors).toMatchObject([
    { message: "No such customer", extensions: { code: "RUN_FAILED" } },
  ]);
  expect(extensions.at(-1)).toEqual({
    runId: expect.any(String) as string,
    seq: expect.any(Number) as number,
    cursor: expect.any(String) as string,
  });
});

test.each<readonly [string, Operation, string]>([
  ["an unknown run", following("nothing"), "NOT_FOUND"],
  ["a cursor that is none", following("nothing", { after: "x" }), "BAD_USER_INPUT"],
  ["an unknown field", { query: "subscription { nothing }" }, "GRAPHQL_VALIDATION_FAILED"],
  [
    "a variable of the wrong type",
    { ...following("a"), variables: { runId: {} } },
    "BAD_USER_INPUT",
  ],
])("%s is refused in JSON, with its code", async (_name, operation, code) => {
  const { error, events } = await subscribeToEnd(operation);
  expect(events).toEqual([]);
  expect(CombinedGraphQLErrors.is(error) && error.errors).toMatchObject([{ extensions: { code } }]);
});

test("an error on the way ends the stream as one of the protocol's own, and tells no secrets", async () => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  const seen = subscribe(following(runId));
  await until(() => seen.events.length === 3);
  isDown = true;
  gates.of(runId).open();
  await until(() => seen.isComplete);
  expect(CombinedProtocolErrors.is(seen.error) && seen.error.errors).toMatchObject([
    { extensions: { code: "INTERNAL", errorId: expect.any(String) as string } },
  ]);
  expect(service.log.join()).toContain("hunter2");
  isDown = false;
});

test("a service that is disposed of tells how the run ends, and completes", async () => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  const seen = subscribe(following(runId, { select: "... on RunStatusEvent { runStatus }" }));
  await until(() => seen.events.length === 2);
  await service[Symbol.asyncDispose]();
  await until(() => seen.isComplete);
  expect(seen.error).toBeUndefined();
  expect(seen.events.at(-1)).toMatchObject({ runStatus: "CANCELLED" });
});

const ACCEPT = 'multipart/mixed; boundary=graphql; subscriptionSpec="1.0"';

function ask(operation: Operation, accept = ACCEPT): Promise<Response> {
  return fetch(service.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept },
    body: JSON.stringify(operation),
  });
}

/** One part of an answer, with the delimiter behind it. */
const part = (content: string): string =>
  `\r\ncontent-type: application/json\r\n\r\n${content}\r\n--graphql`;

test("on the wire it begins with a heartbeat, closes each part at once, and says when it ends", async () => {
  const query =
    'subscription { runWorkflow(input: { report: { items: ["a"] } }, runId: "r") { ... on ProgressEvent { current } } }';
  const response = await ask({ query });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
  );
  const payload = `{"data":{"runWorkflow":{"current":1}},"extensions":{"runId":"r","seq":4,"cursor":"4.1.r"}}`;
  expect(await response.text()).toBe(
    // What passed unnamed at the end is a heartbeat.
    `\r\n--graphql${part("{}")}${part(`{"payload":${payload}}`)}${part("{}")}--\r\n`,
  );
});

test("a quiet stream has a heartbeat every five seconds", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const runId = await startRun(service.url, "steps", { count: 1 });
    const response = await ask(following(runId, { select: "... on ProgressEvent { current }" }));
    let text = "";
    const reading = (async () => {
      for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += new TextDecoder().decode(bytes);
      }
    })();
    const heartbeats = (): number => text.split("{}").length - 1;
    await until(() => heartbeats() === 1);
    for (const count of [2, 3]) {
      vi.advanceTimersByTime(5_000);
      await until(() => heartbeats() === count);
    }
    gates.of(runId).open();
    await reading;
  } finally {
    vi.useRealTimers();
  }
});

test("a client that reads nothing else gets its refusal in a part, without the server's inside", async () => {
  const text = await (await ask({ query: "subscription { nothing }" })).text();
  expect(text).toContain('{"payload":null,"errors":[{"message":"Cannot query field');
  expect(text).not.toContain('"http"');
});

test("queries of the same client are answered in JSON", async () => {
  const response = await ask({ query: "{ workflows { name } }" }, `${ACCEPT},application/json`);
  expect(response.headers.get("content-type")).toContain("application/json");
  const { data } = await apollo.query({ query: gql("{ workflows { name } }") });
  expect(data).toMatchObject({ workflows: [{ name: "report" }, {}, {}] });
});

test.each(["application/json", "multipart/mixed", "multipart/mixed;deferSpec=20220824"])(
  "a subscription that accepts only %s is refused with 406, before it starts a run",
  async (accept) => {
    expect((await ask(REPORT, accept)).status).toBe(406);
    const { data } = await apollo.query({ query: gql("{ runs { nodes { id } } }") });
    expect(data).toMatchObject({ runs: { nodes: [] } });
  },
);
