import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { memory } from "../../src/index.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { intercept } from "../support/intercept.ts";
import { openEventSource, post, postEvents, readResults } from "../support/http.ts";
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
import { collect, connect, watch } from "../support/web-socket.ts";

/** A run of `free` with `count: 1`: what it writes, and what every run has. */
const EVENTS_OF_ONE = 7;

let gates: Gates;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  service = await startService({ workflows: { steps: steppedGraph(gates), free: freeGraph } });
});
afterEach(() => service[Symbol.asyncDispose]());

const START = `mutation ($input: WorkflowInput!, $runId: ID, $threadId: ID) {
  startRun(input: $input, runId: $runId, threadId: $threadId) { isNew run { id threadId status } }
}`;

const RUN = `subscription ($input: WorkflowInput!, $runId: ID, $after: Cursor) {
  runWorkflow(input: $input, runId: $runId, after: $after) { ${EVERYTHING} }
}`;

const ONE = { free: { count: 1 } };

async function runIds(): Promise<readonly string[]> {
  const { data } = await post(service.url, { query: "{ runs { nodes { id } } }" });
  const { nodes } = data?.["runs"] as { readonly nodes: readonly { readonly id: string }[] };
  return nodes.map(({ id }) => id);
}

const codeOf = (error: unknown): unknown => {
  const [first] = error as NonNullable<Result["errors"]>;
  return first?.extensions?.["code"];
};

test("starting a run again under its id finds it, and says that it is not new", async () => {
  const variables = { input: ONE, runId: "my-run" };
  const first = await post(service.url, { query: START, variables });
  const again = await post(service.url, { query: START, variables });
  expect(first.data).toMatchObject({ startRun: { isNew: true, run: { id: "my-run" } } });
  expect(again.data).toMatchObject({ startRun: { isNew: false, run: { id: "my-run" } } });
  expect(await runIds()).toEqual(["my-run"]);
});

test("runWorkflow under the id of a run that was started before follows that run", async () => {
  const runId = randomUUID();
  await post(service.url, { query: START, variables: { input: ONE, runId } });
  const client = connect(service.wsUrl);
  const results = await collect(client, { query: RUN, variables: { input: ONE, runId } });
  expect(results.map(seqOf)).toEqual(range(1, EVENTS_OF_ONE));
  expect(await runIds()).toEqual([runId]);
  await client.dispose();
});

test("two clients that start the same run at the same time share one", async () => {
  const operation = { query: RUN, variables: { input: ONE, runId: "shared" } };
  const clients = range(1, 5).map(() => connect(service.wsUrl));
  const all = await Promise.all(clients.map((client) => collect(client, operation)));
  for (const results of all) expect(results).toEqual(all[0]);
  expect(await runIds()).toEqual(["shared"]);
  for (const client of clients) await client.dispose();
});

test("the order of an input's fields does not make it another input", async () => {
  const [one, two] = ["{ count: 1, done: false }", "{ done: false, count: 1 }"].map(
    (input) => `mutation { startRun(input: { free: ${input} }, runId: "same") { isNew } }`,
  );
  await post(service.url, { query: one ?? "" });
  const again = await post(service.url, { query: two ?? "" });
  expect(again.data).toMatchObject({ startRun: { isNew: false } });
});

test.each([
  ["another input", { input: { free: { count: 2 } }, runId: "mine" }],
  ["another workflow", { input: { steps: { count: 1 } }, runId: "mine" }],
  ["another thread", { input: ONE, runId: "mine", threadId: "elsewhere" }],
])("the same id with %s is RUN_CONFLICT", async (_name, variables) => {
  await post(service.url, { query: START, variables: { input: ONE, runId: "mine" } });
  const { data, errors } = await post(service.url, { query: START, variables });
  expect(data).toEqual({ startRun: null });
  expect(errors).toMatchObject([{ extensions: { code: "RUN_CONFLICT", runId: "mine" } }]);
});

test("RUN_CONFLICT reaches a subscription as an error of that operation, and EventSource as 409", async () => {
  await post(service.url, { query: START, variables: { input: ONE, runId: "mine" } });
  const operation = { query: RUN, variables: { input: { free: { count: 2 } }, runId: "mine" } };
  const client = connect(service.wsUrl);
  expect(codeOf(await collect(client, operation).catch((error: unknown) => error))).toBe(
    "RUN_CONFLICT",
  );
  await client.dispose();
  const headers = { "apollo-require-preflight": "1" };
  expect((await openEventSource(service.url, operation, { headers })).status).toBe(409);
});

test.each(["", "a b", "../x", "x".repeat(129), "é"])("%j is no id for a run", async (runId) => {
  const { errors } = await post(service.url, { query: START, variables: { input: ONE, runId } });
  expect(errors).toMatchObject([
    { extensions: { code: "BAD_USER_INPUT", problems: [{ path: ["runId"] }] } },
  ]);
});

test("a thread with a run that has not ended refuses a second one as THREAD_BUSY", async () => {
  const variables = { input: { steps: { count: 1 } }, threadId: "talk" };
  const first = await post(service.url, { query: START, variables });
  const { run } = first.data?.["startRun"] as { readonly run: { readonly id: string } };
  const { errors } = await post(service.url, { query: START, variables });
  expect(errors).toMatchObject([
    { extensions: { code: "THREAD_BUSY", threadId: "talk", runId: run.id } },
  ]);
});

test("a graphql-ws client whose socket dies finds its run again, with no cursor and no runId", async () => {
  const client = connect(service.wsUrl, { shouldRetry: () => true });
  const query = `subscription { runWorkflow(input: { steps: { count: 3 } }) { ${EVERYTHING} } }`;
  const results: Result[] = [];
  for await (const result of watch(client, { query })) {
    results.push(result);
    if (results.length === 3) service.sockets.at(-1)?.terminate();
    if (results.length === 6) gates.of(runIdOf(result)).open(3);
  }
  // A client without a cursor gets the run from its beginning.
  expect(results.map(seqOf)).toEqual([1, 2, 3, ...range(1, 9)]);
  expect(service.sockets).toHaveLength(2);
  expect(await runIds()).toEqual([runIdOf(results[0] as Result)]);
  await client.dispose();
});

test("a graphql-ws client whose socket dies before it learns what it has started starts nothing twice", async () => {
  const backend = memory();
  let cuts = 0;
  await using other = await startService({
    workflows: { free: freeGraph },
    backend: {
      ...backend,
      [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
      runs: intercept(backend.runs, ["create"], async (_name, create) => {
        const created = await create();
        if (++cuts <= 2) other.sockets.at(-1)?.terminate();
        return created;
      }),
    },
  });
  const client = connect(other.wsUrl, { shouldRetry: () => true });
  const start = "startRun(input: { free: { count: 1 } }) { isNew run { id } }";
  // Two starts of one operation are two runs.
  const [result] = await collect(client, { query: `mutation { a: ${start} b: ${start} }` });
  const { data } = await post(other.url, { query: "{ runs { nodes { id } } }" });
  const { nodes } = data?.["runs"] as { readonly nodes: readonly { readonly id: string }[] };
  const [b, a] = nodes;
  expect(nodes).toHaveLength(2);
  expect(result?.data).toEqual({ a: { isNew: false, run: a }, b: { isNew: false, run: b } });
  expect(other.sockets.length).toBeGreaterThan(1);
  await client.dispose();
});

test("an operation id that is no UUID, such as a counter, starts a new run each time", async () => {
  const query = `subscription { runWorkflow(input: { free: { count: 1 } }) { ${EVERYTHING} } }`;
  for (let round = 0; round < 3; round++) {
    const client = connect(service.wsUrl, { generateID: () => "1" });
    expect((await collect(client, { query })).length).toBe(EVENTS_OF_ONE);
    await client.dispose();
  }
  expect(new Set(await runIds()).size).toBe(3);
});

test("two operations of one client are two runs", async () => {
  const client = connect(service.wsUrl);
  const query = `subscription { runWorkflow(input: { free: { count: 1 } }) { ${EVERYTHING} } }`;
  await Promise.all([collect(client, { query }), collect(client, { query })]);
  expect(await runIds()).toHaveLength(2);
  await client.dispose();
});

test("runWorkflow with a cursor follows the cursor's run and starts none", async () => {
  const runId = await startRun(service.url, "free", { count: 1 });
  const all = await readResults(await postEvents(service.url, following(runId)));
  const after = cursorOf(all[2] as Result);
  const operation = { query: RUN, variables: { input: ONE, after } };
  const rest = await readResults(await postEvents(service.url, operation));
  expect(rest.map(eventOf)).toEqual(all.slice(3).map(eventOf));
  expect(await runIds()).toEqual([runId]);
});

test.each([
  ["of a run that does not exist", { after: "3.1.nothing" }, "NOT_FOUND"],
  ["of another run than runId says", { after: "3.1.nothing", runId: "mine" }, "BAD_USER_INPUT"],
  ["that is a bare seq, without a runId", { after: "3" }, "BAD_USER_INPUT"],
])("runWorkflow with a cursor %s fails, and starts none", async (_name, given, code) => {
  const wasThere = "runId" in given;
  if (wasThere) await post(service.url, { query: START, variables: { input: ONE, runId: "mine" } });
  const client = connect(service.wsUrl);
  const variables = { input: ONE, ...given };
  const error: unknown = await collect(client, { query: RUN, variables }).catch((e: unknown) => e);
  expect(codeOf(error)).toBe(code);
  expect(await runIds()).toHaveLength(wasThere ? 1 : 0);
  await client.dispose();
});

const QUERY = `subscription { runWorkflow(input: { free: { count: 1 } }) { ${EVERYTHING} } }`;

test("a GET that would start a run is refused: any page on the web could make it", async () => {
  const response = await openEventSource(service.url, { query: QUERY });
  expect(response.status).toBe(403);
  const { errors } = (await response.json()) as Result;
  expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
  expect(await runIds()).toEqual([]);
});

test.each(["apollo-require-preflight", "x-requested-with", "x-graphql-yoga-csrf"])(
  "a GET that carries %s may start a run: no page can send it without being asked",
  async (name) => {
    const response = await openEventSource(
      service.url,
      { query: QUERY },
      { headers: { [name]: "1" } },
    );
    expect((await readResults(response)).map(seqOf)).toEqual(range(1, EVENTS_OF_ONE));
  },
);

test("a GET from an allowed site may start a run", async () => {
  const origin = "https://app.example.com";
  await using other = await startService({
    workflows: { free: freeGraph },
    allowedOrigins: [origin],
  });
  const response = await openEventSource(other.url, { query: QUERY }, { headers: { origin } });
  expect((await readResults(response)).map(seqOf)).toEqual(range(1, EVENTS_OF_ONE));
  const elsewhere = { headers: { origin: "https://evil.example.com" } };
  expect((await openEventSource(other.url, { query: QUERY }, elsewhere)).status).toBe(403);
});

const MUTATION = "mutation { startRun(input: { free: { count: 1 } }) { isNew } }";

/** What a form can send, by content type. */
const FORMS = [
  ["/graphql", "application/x-www-form-urlencoded", `query=${encodeURIComponent(MUTATION)}`],
  ["/stream/free", "text/plain", "{}"],
  ["/stream/free", "application/x-www-form-urlencoded", "{}"],
] as const;

test.each(FORMS)(
  "a form of another site that is posted to %s as %s starts nothing",
  async (path, type, body) => {
    const url = new URL(path, service.url);
    for (const origin of ["https://evil.example.com", "null"]) {
      const headers = { "content-type": type, origin };
      const response = await fetch(url, { method: "POST", headers, body });
      expect(await response.text()).toContain('"code":"FORBIDDEN"');
      expect(await runIds()).toEqual([]);
    }
  },
);

test.each(FORMS)(
  "the same posted to %s as %s by no browser, or from the own site, starts a run",
  async (path, type, body) => {
    const url = new URL(path, service.url);
    for (const headers of [{}, { origin: url.origin }]) {
      const method = "POST";
      const response = await fetch(url, {
        method,
        headers: { "content-type": type, ...headers },
        body,
      });
      expect(await response.text()).not.toContain("FORBIDDEN");
    }
    expect(await runIds()).toHaveLength(2);
  },
);

test("a GET follows a run, and goes on with one that it has a cursor of", async () => {
  const runId = await startRun(service.url, "free", { count: 1 });
  const results = await readResults(await openEventSource(service.url, following(runId)));
  expect(results.map(seqOf)).toEqual(range(1, EVENTS_OF_ONE));
  const lastEventId = cursorOf(results[3] as Result);
  const rest = await openEventSource(service.url, { query: QUERY }, { lastEventId });
  expect((await readResults(rest)).map(seqOf)).toEqual(range(5, EVENTS_OF_ONE));
  expect(await runIds()).toEqual([runId]);
});

test("a GET never runs a mutation", async () => {
  const headers = { "x-requested-with": "test" };
  const response = await openEventSource(service.url, { query: MUTATION }, { headers });
  expect(response.ok).toBe(false);
  expect(await runIds()).toEqual([]);
});

test("a subscription that accepts no events is refused with 406, and starts nothing", async () => {
  for (const accept of ["application/json", "multipart/mixed"]) {
    const response = await fetch(service.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify({ query: QUERY }),
    });
    expect(response.status).toBe(406);
  }
  expect(await runIds()).toEqual([]);
});
