import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { Client as UrqlClient, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient as createSseClient } from "graphql-sse";
import { afterAll, beforeAll, expect, test } from "vitest";
import { report } from "../support/graphs.ts";
import { openEventSource, postEvents, readFrames, readResults } from "../support/http.ts";
import { eventOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { collect, connect, readAll } from "../support/web-socket.ts";

// The operation of the acceptance, word for word.
const QUERY =
  'subscription { runWorkflow(input: { report: { items: ["a","b","c"] } }) { __typename ... on ProgressEvent { current total status } ... on CompleteEvent { message } ... on StateUpdate { node changes } } }';

const EVENTS = [
  { __typename: "ProgressEvent", current: 1, total: 3, status: "Processing a" },
  { __typename: "ProgressEvent", current: 2, total: 3, status: "Processing b" },
  { __typename: "ProgressEvent", current: 3, total: 3, status: "Processing c" },
  { __typename: "CompleteEvent", message: "All items processed" },
  { __typename: "StateUpdate", node: "work", changes: { results: ["A", "B", "C"] } },
];

let service: RunningService;

beforeAll(async () => {
  service = await startService({ workflows: { report } });
});
afterAll(() => service[Symbol.asyncDispose]());

test("graphql-ws gets three events of progress, the node's end and its changes, then completes", async () => {
  const client = connect(service.wsUrl);
  const results = await collect(client, QUERY);
  expect(results.map(eventOf)).toEqual(EVENTS);
  await client.dispose();
});

test("graphql-sse gets the same", async () => {
  const client = createSseClient({ url: service.url, retryAttempts: 0 });
  const results = await readAll(client.iterate({ query: QUERY }) as AsyncIterable<Result>);
  expect(results.map(eventOf)).toEqual(EVENTS);
  client.dispose();
});

test("urql gets the same through its subscriptionExchange", async () => {
  const client = connect(service.wsUrl);
  const urql = new UrqlClient({
    url: service.url,
    preferGetMethod: false,
    exchanges: [
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: client.subscribe({ query, variables: variables as never }, sink as never),
          }),
        }),
      }),
    ],
  });
  expect(await urqlEvents(urql)).toEqual(EVENTS);
  await client.dispose();
});

test("urql gets the same over HTTP with fetchSubscriptions", async () => {
  const urql = new UrqlClient({
    url: service.url,
    preferGetMethod: false,
    fetchSubscriptions: true,
    exchanges: [fetchExchange],
  });
  expect(await urqlEvents(urql)).toEqual(EVENTS);
});

test("Apollo Client gets the same through GraphQLWsLink", async () => {
  const client = connect(service.wsUrl);
  const apollo = new ApolloClient({ link: new GraphQLWsLink(client), cache: new InMemoryCache() });
  const events = await new Promise<unknown[]>((resolve, reject) => {
    const seen: unknown[] = [];
    apollo.subscribe({ query: gql(QUERY), fetchPolicy: "no-cache" }).subscribe({
      next: ({ data, error }) => seen.push(error ?? (data as { runWorkflow: unknown }).runWorkflow),
      error: reject,
      complete: () => resolve(seen),
    });
  });
  expect(events).toEqual(EVENTS);
  apollo.stop();
  await client.dispose();
});

test("a POST that asks for an event stream gets the same as frames with ids, then `complete`", async () => {
  const frames = await readAll(readFrames(await postEvents(service.url, { query: QUERY })));
  const next = frames.filter(({ event }) => event === "next");
  const results = next.map(({ data = "" }) => JSON.parse(data) as Result);
  expect(results.map(eventOf)).toEqual(EVENTS);
  expect(next.map(({ id }) => id)).toEqual(results.map(({ extensions }) => extensions?.cursor));
  expect(frames.at(-1)).toMatchObject({ event: "complete", data: "" });
});

test("a GET with a header that needs a preflight gets the same", async () => {
  const headers = { "x-requested-with": "test" };
  const response = await openEventSource(service.url, { query: QUERY }, { headers });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect((await readResults(response)).map(eventOf)).toEqual(EVENTS);
});

test("every result says in its extensions which run it is of, and where to go on", async () => {
  const results = await readResults(await postEvents(service.url, { query: QUERY }));
  const runId = results[0]?.extensions?.runId;
  const seqs = results.map(({ extensions }) => extensions?.seq ?? 0);
  expect(results.every(({ extensions }) => extensions?.runId === runId)).toBe(true);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(results.map(({ extensions }) => extensions?.cursor)).size).toBe(EVENTS.length);
});

const inputs = (items: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ items }),
});

test("POST /stream/report gives LangGraph's { mode, data } frames, each with an id", async () => {
  const response = await fetch(new URL("/stream/report", service.url), inputs(["a", "b"]));
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const frames = await readAll(readFrames(response));
  const messages = frames.filter(({ event, data }) => event === "message" && data !== undefined);
  expect(messages.map(({ data = "" }) => JSON.parse(data) as unknown)).toEqual([
    { mode: "custom", data: { type: "progress", current: 1, total: 2, status: "Processing a" } },
    { mode: "custom", data: { type: "progress", current: 2, total: 2, status: "Processing b" } },
    { mode: "custom", data: { type: "complete", message: "All items processed" } },
    { mode: "updates", data: { work: { results: ["A", "B"] } } },
  ]);
  expect(new Set(messages.map(({ id }) => id)).size).toBe(4);
});

test("POST /stream resumes behind a Last-Event-ID instead of starting again", async () => {
  const url = new URL("/stream/report", service.url);
  const [first, ...rest] = await readAll(readFrames(await fetch(url, inputs(["a", "b"]))));
  const again = await fetch(url, {
    ...inputs(["a", "b"]),
    headers: { "content-type": "application/json", "last-event-id": first?.id ?? "" },
  });
  expect(await readAll(readFrames(again))).toEqual(rest);
});

test.each([
  ["an unknown workflow", "/stream/nothing", inputs(["a"]), 404, "NOT_FOUND"],
  ["inputs of another shape", "/stream/report", inputs([1]), 400, "BAD_USER_INPUT"],
  [
    "a body that is not JSON",
    "/stream/report",
    { method: "POST", body: "{" },
    400,
    "BAD_USER_INPUT",
  ],
])(
  "POST /stream refuses %s with a status and a code",
  async (_name, path, request, status, code) => {
    const response = await fetch(new URL(path, service.url), request);
    expect(response.status).toBe(status);
    const { errors } = (await response.json()) as Result;
    expect(errors?.[0]?.extensions?.["code"]).toBe(code);
  },
);

test("/stream answers only POST", async () => {
  const response = await fetch(new URL("/stream/report", service.url));
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("POST");
});

/** The events that urql reports. It reports the last one once more when the subscription completes. */
function urqlEvents(urql: UrqlClient): Promise<readonly unknown[]> {
  return new Promise((resolve) => {
    const seen: unknown[] = [];
    const { unsubscribe } = urql.subscription(QUERY, {}).subscribe(({ data, error, hasNext }) => {
      if (hasNext) seen.push(error ?? (data as { runWorkflow: unknown }).runWorkflow);
      else {
        resolve(seen);
        queueMicrotask(() => unsubscribe());
      }
    });
  });
}
