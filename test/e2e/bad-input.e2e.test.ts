import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createService } from "../../src/index.ts";
import { serve } from "../../src/server/index.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { report } from "../support/graphs.ts";
import { post } from "../support/http.ts";
import { handshake, openRawSocket, type Message } from "../support/raw-socket.ts";
import { eventOf, seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect } from "../support/web-socket.ts";

const ALLOWED = "https://app.example.com";
const PROTOCOL = "graphql-transport-ws";

let gates: Gates;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  service = await startService({
    workflows: { report, steps: steppedGraph(gates) },
    allowedOrigins: [ALLOWED],
  });
});
afterEach(() => service[Symbol.asyncDispose]());

const START = "mutation ($input: WorkflowInput!) { startRun(input: $input) { isNew } }";

test.each<readonly [string, object, readonly unknown[]]>([
  ["a list that is a number", { items: 1.5 }, [["items"]]],
  ["an item that is a number", { items: ["a", 2] }, [["items", "1"]]],
  ["two wrong fields", { items: [1], results: 5 }, [["items", "0"], ["results"]]],
  ["a list, and not an object", [1, 2], [[]]],
])(
  "an input of the wrong shape (%s) is BAD_USER_INPUT, and says where",
  async (_name, input, paths) => {
    const operation = { query: START, variables: { input: { report: input } } };
    const { data, errors } = await post(service.url, operation);
    expect(data).toBeUndefined();
    const problems = paths.map((path) => ({ path: ["input", "report", ...(path as string[])] }));
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", problems } }]);
    const { data: after } = await post(service.url, { query: "{ runs { nodes { id } } }" });
    expect(after).toEqual({ runs: { nodes: [] } });
  },
);

test.each<readonly [string, object]>([
  ["an unknown workflow", { nothing: {} }],
  ["two workflows", { report: { items: [] }, steps: { count: 1 } }],
  ["no workflow", {}],
  ["null for an input", { report: null }],
])("%s in WorkflowInput is refused before anything starts", async (_name, input) => {
  const { errors } = await post(service.url, { query: START, variables: { input } });
  expect(errors?.length).toBeGreaterThan(0);
  const { data } = await post(service.url, { query: "{ runs { nodes { id } } }" });
  expect(data).toEqual({ runs: { nodes: [] } });
});

test.each([
  ['{ run(id: "nothing") { id } }', "NOT_FOUND"],
  ['{ workflow(name: "nothing") { name } }', "NOT_FOUND"],
  ["{ runs(first: 0) { hasMore } }", "BAD_USER_INPUT"],
  ["{ runs(first: 101) { hasMore } }", "BAD_USER_INPUT"],
])("%s answers null with the code %s", async (query, code) => {
  const { data, errors } = await post(service.url, { query });
  expect(Object.values(data ?? {})).toEqual([null]);
  expect(errors).toMatchObject([{ extensions: { code } }]);
});

test("an argument out of its range, or no cursor, is BAD_USER_INPUT at its path", async () => {
  const runId = await startRun(service.url, "report", { items: [] });
  const start = (timeoutMs: number): string =>
    `mutation { startRun(input: { report: { items: [] } }, options: { timeoutMs: ${timeoutMs} }) { isNew } }`;
  for (const [query, path] of [
    ["{ runs(first: 0) { hasMore } }", ["first"]],
    ['{ runs(after: "nothing") { hasMore } }', ["after"]],
    [`{ run(id: "${runId}") { events(first: 1001) { hasMore } } }`, ["first"]],
    [`{ run(id: "${runId}") { events(after: "x") { hasMore } } }`, ["after"]],
    [start(0), ["options", "timeoutMs"]],
    [start(2 ** 31 - 1), ["options", "timeoutMs"]],
  ] as const) {
    const { errors } = await post(service.url, { query });
    expect(errors, query).toMatchObject([
      { extensions: { code: "BAD_USER_INPUT", problems: [{ path }] } },
    ]);
  }
});

test("a list of runs goes on behind the last one of a page", async () => {
  for (let i = 0; i < 3; i++) await startRun(service.url, "report", { items: [] });
  const page = async (after: string | null) => {
    const { data } = await post(service.url, {
      query:
        "query ($after: String) { runs(first: 2, after: $after) { nodes { id } endCursor hasMore } }",
      variables: { after },
    });
    return data?.["runs"] as { readonly nodes: object[]; endCursor: string; hasMore: boolean };
  };
  const first = await page(null);
  expect([first.nodes.length, first.hasMore]).toEqual([2, true]);
  const second = await page(first.endCursor);
  expect([second.nodes.length, second.hasMore]).toEqual([1, false]);
});

test("following an unknown run is NOT_FOUND", async () => {
  const client = connect(service.wsUrl);
  await expect(collect(client, following("nothing"))).rejects.toMatchObject([
    { extensions: { code: "NOT_FOUND" } },
  ]);
  await client.dispose();
});

const REPORT = "runWorkflow(input: { report: { items: [] } }) { __typename }";

/** Malformed operations, as the payload of `subscribe`. */
const MALFORMED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "a syntax error": { query: "subscription {" },
  "an empty query": { query: "" },
  "an unknown field": { query: "subscription { nothing { __typename } }" },
  "an unknown type": {
    query: "subscription { workflowEvents(runId: 1) { ... on Nothing { a } } }",
  },
  "two root fields": { query: `subscription { a: ${REPORT} b: ${REPORT} }` },
  "a fragment that spreads itself": {
    query: `subscription { ${REPORT} } fragment A on ProgressEvent { ...A }`,
  },
  "an argument of the wrong type": {
    query: "subscription { workflowEvents(runId: {}) { __typename } }",
  },
  "an unknown value of `only`": {
    query: 'subscription { workflowEvents(runId: "a", only: [NOTHING]) { __typename } }',
  },
  "a missing variable": {
    query: "subscription ($id: ID!) { workflowEvents(runId: $id) { __typename } }",
  },
  "a variable of the wrong type": {
    query: "subscription ($input: WorkflowInput!) { runWorkflow(input: $input) { __typename } }",
    variables: { input: 5 },
  },
  "an operationName that nothing has": {
    query: `subscription A { ${REPORT} }`,
    operationName: "B",
  },
  "a cursor that is none": {
    query: 'subscription { workflowEvents(runId: "a", after: "x") { __typename } }',
  },
  "an unknown run": { query: 'subscription { workflowEvents(runId: "a") { __typename } }' },
};

test("a malformed operation ends as its own error; its socket and the operations beside it go on", async () => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  const raw = await openRawSocket(service.wsUrl);
  raw.send({ type: "subscribe", id: "sibling", payload: following(runId) });
  await until(() => raw.of("sibling").length === 3);
  for (const [id, payload] of Object.entries(MALFORMED)) {
    raw.send({ type: "subscribe", id, payload });
    const { payload: errors } = await raw.message(id, "error");
    expect(errors, id).toContainEqual(expect.objectContaining({ message: expect.any(String) }));
    expect(raw.of(id), id).toHaveLength(1);
  }
  gates.of(runId).open();
  await raw.message("sibling", "complete");
  expect(seqsOf(raw.of("sibling"))).toEqual(range(1, 7));
  // Nothing of the server's inside in any of the answers.
  expect(JSON.stringify(raw.messages)).not.toMatch(/node_modules|"http"|"stack"/);
  raw.socket.close();
});

test("a query and a mutation work on a socket as well", async () => {
  const client = connect(service.wsUrl);
  const [query] = await collect(client, "{ workflows { name } }");
  expect(query?.data).toEqual({ workflows: [{ name: "report" }, { name: "steps" }] });
  const [mutation] = await collect(client, {
    query: START,
    variables: { input: { report: { items: [] } } },
  });
  expect(mutation?.data).toEqual({ startRun: { isNew: true } });
  await client.dispose();
});

test("an error in a query's field comes with its data, and not as a failed operation", async () => {
  const client = connect(service.wsUrl);
  const [result] = await collect(client, '{ run(id: "nothing") { id } workflows { name } }');
  expect(result?.data).toMatchObject({
    run: null,
    workflows: [{ name: "report" }, { name: "steps" }],
  });
  expect(result?.errors).toMatchObject([{ path: ["run"], extensions: { code: "NOT_FOUND" } }]);
  await client.dispose();
});

test.each([
  ["text that is not JSON", "hello", 4400],
  ["JSON that is no message", "[1, 2]", 4400],
  ["a message of an unknown type", '{"type":"hello"}', 4400],
  ["a subscribe without a query", '{"type":"subscribe","id":"1","payload":{}}', 4400],
  ["a subscribe without an id", '{"type":"subscribe","payload":{"query":"{ a }"}}', 4400],
  ["a second connection_init", '{"type":"connection_init"}', 4429],
  [
    "a message of 2 MB",
    JSON.stringify({ type: "ping", payload: { text: "x".repeat(2 ** 21) } }),
    1009,
  ],
])("%s closes that socket alone", async (_name, garbage, code) => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  const client = connect(service.wsUrl);
  const sibling = collect(client, following(runId));
  const raw = await openRawSocket(service.wsUrl);
  raw.send(garbage);
  expect(await raw.closed).toBe(code);
  gates.of(runId).open();
  expect((await sibling).map(seqOf)).toEqual(range(1, 7));
  await client.dispose();
});

test("an id that is in use already closes the socket, as the protocol wants", async () => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  const raw = await openRawSocket(service.wsUrl);
  for (let i = 0; i < 2; i++) raw.send({ type: "subscribe", id: "1", payload: following(runId) });
  expect(await raw.closed).toBe(4409);
});

test("an id may be used again once its operation has ended", async () => {
  const raw = await openRawSocket(service.wsUrl);
  const payload = following(await startRun(service.url, "report", { items: [] }));
  for (let round = 1; round <= 3; round++) {
    raw.send({ type: "subscribe", id: "1", payload });
    await until(() => raw.of("1").filter(({ type }) => type === "complete").length === round);
  }
  expect(seqsOf(raw.of("1"))).toEqual([...range(1, 7), ...range(1, 7), ...range(1, 7)]);
  raw.socket.close();
});

test.each([
  ["no JSON", "{"],
  ["a list of operations", JSON.stringify([{ query: "{ workflows { name } }" }])],
  ["no query", "{}"],
  ["a query that is a number", '{"query": 7}'],
  ["variables that are text", '{"query": "{ workflows { name } }", "variables": "a"}'],
  ["extensions that are text", '{"query": "{ workflows { name } }", "extensions": "a"}'],
])("a POST of %s is answered with an error of the client's", async (_name, body) => {
  const headers = {
    "content-type": "application/json",
    accept: "application/graphql-response+json",
  };
  const response = await fetch(service.url, { method: "POST", headers, body });
  expect(response.status).toBe(400);
  const { errors } = (await response.json()) as Result;
  expect(errors).toHaveLength(1);
});

test.each([
  ["an address", "GET", "variables"],
  ["an address", "GET", "extensions"],
  ["a form", "POST", "variables"],
])(
  "%s (%s) whose %s are not JSON is answered with an error of the client's",
  async (_name, method, part) => {
    const parameters = new URLSearchParams({ query: "{ workflows { name } }", [part]: "{" });
    const accept = { accept: "application/graphql-response+json" };
    const response =
      method === "GET"
        ? await fetch(`${service.url}?${parameters}`, { headers: accept })
        : await fetch(service.url, { method: "POST", headers: accept, body: parameters });
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as Result;
    expect(errors).toMatchObject([{ extensions: { code: "BAD_REQUEST" } }]);
    expect(service.log).toEqual([]);
  },
);

test.each<readonly [string, string, string | undefined, string | undefined, number | string]>([
  ["the server's own site may open a socket", "", PROTOCOL, "own", "open, then 1000"],
  ["an allowed site may open a socket", "", PROTOCOL, ALLOWED, "open, then 1000"],
  ["a client that is no browser may open a socket", "", PROTOCOL, undefined, "open, then 1000"],
  ["another site is refused with 403", "", PROTOCOL, "https://evil.example.com", 403],
  ["a page without an origin is refused with 403", "", PROTOCOL, "null", 403],
  ["another path is refused with 404", "x", PROTOCOL, undefined, 404],
  ["another subprotocol is closed with 4406", "", "graphql-ws", undefined, "open, then 4406"],
  [
    "a socket without a subprotocol is closed with 4406",
    "",
    undefined,
    undefined,
    "open, then 4406",
  ],
])("%s", async (_name, path, protocol, origin, expected) => {
  const own = new URL(service.url).origin;
  const options = origin === undefined ? {} : { origin: origin === "own" ? own : origin };
  expect(await handshake(service.wsUrl + path, protocol, options)).toBe(expected);
});

test("a subscribe before connection_init closes the socket with 4401", async () => {
  const socket = new WebSocket(service.wsUrl, PROTOCOL);
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query: "{ __typename }" } }));
  const [code] = (await once(socket, "close")) as [number];
  expect(code).toBe(4401);
});

test.each([
  ["//", "upgrade"],
  ["http://[", "upgrade"],
  ["/graphql", "upgrade with a wrong key"],
  ["//", "GET"],
  ["http://[", "GET"],
  ["/stream/%", "POST"],
])(
  "the address %s in a request (%s) is refused, and the server lives on",
  async (address, kind) => {
    const method = kind === "POST" ? "POST" : "GET";
    const upgrade = kind.startsWith("upgrade")
      ? `connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${
          kind === "upgrade" ? "dGhlIHNhbXBsZSBub25jZQ==" : "x"
        }\r\n`
      : "connection: close\r\ncontent-length: 0\r\n";
    const { hostname, port } = new URL(service.url);
    const socket = connectTcp(Number(port), hostname);
    socket.write(`${method} ${address} HTTP/1.1\r\nhost: localhost\r\n${upgrade}\r\n`);
    let answer = "";
    socket.on("data", (data: Buffer) => (answer += data.toString()));
    await once(socket, "close");
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await fetch(`${service.url}?query={__typename}`)).status).toBe(200);
  },
);

test("a port that is in use is said so, with what to do", async () => {
  await using other = createService({ workflows: { report } });
  const port = Number(new URL(service.url).port);
  await expect(serve({ service: other, port })).rejects.toMatchObject({
    code: "CONFIG",
    message: `Port ${port} is in use: stop what uses it, or choose another port`,
  });
});

test("a host that is not this machine's is said so", async () => {
  await using other = createService({ workflows: { report } });
  await expect(
    serve({ service: other, port: 0, host: "192.0.2.1", allowUnauthenticated: true }),
  ).rejects.toMatchObject({
    code: "CONFIG",
    message: "192.0.2.1 is not an address of this machine: choose another host",
  });
});

function seqsOf(messages: readonly Message[]): readonly number[] {
  return messages
    .filter(({ type }) => type === "next")
    .map(({ payload }) => Number(eventOf(payload as Result)["seq"]));
}
