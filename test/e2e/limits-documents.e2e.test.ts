import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from "graphql";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as approval from "../../src/demo/approval.ts";
import * as demoReport from "../../src/demo/report.ts";
import * as research from "../../src/demo/research.ts";
import { defineWorkflow } from "../../src/index.ts";
import { report } from "../support/graphs.ts";
import {
  readFrames,
  openEventSource,
  post,
  postEvents,
  readResults,
  type Operation,
} from "../support/http.ts";
import { partsOf, postMultipart } from "../support/multipart.ts";
import { readOperations } from "../support/operations.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import type { ResultError } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";

let service: RunningService;

beforeEach(async () => {
  service = await startService({ workflows: { report } });
});
afterEach(() => service[Symbol.asyncDispose]());

/** What a transport answers, and with which status where it has one. */
interface Refusal {
  readonly status?: number;
  readonly errors?: readonly ResultError[] | undefined;
}

type Send = (operation: Operation) => Promise<Refusal>;

const overHttp =
  (accept: string): Send =>
  async (operation) => {
    const response = await fetch(service.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify(operation),
    });
    return { status: response.status, ...((await response.json()) as Refusal) };
  };

/** Every way to send an operation to `/graphql`, and the status that a refused document has there. */
const TRANSPORTS: Readonly<Record<string, readonly [status: number | undefined, Send]>> = {
  "HTTP, as application/graphql-response+json": [
    400,
    overHttp("application/graphql-response+json"),
  ],
  "HTTP, as application/json": [200, overHttp("application/json")],
  "server-sent events": [
    undefined,
    async (operation) => {
      const [result] = await readResults(await postEvents(service.url, operation));
      return { errors: result?.errors };
    },
  ],
  "an EventSource": [
    400,
    async (operation) => {
      const response = await openEventSource(service.url, operation);
      return { status: response.status, ...((await response.json()) as Refusal) };
    },
  ],
  multipart: [
    undefined,
    async (operation) => {
      const response = await postMultipart(service.url, operation);
      const [part] = partsOf(await response.text());
      return { errors: (part as Refusal).errors };
    },
  ],
  "a WebSocket": [
    undefined,
    async (operation) => {
      const raw = await openRawSocket(service.wsUrl);
      raw.send({ type: "subscribe", id: "1", payload: operation });
      const { payload } = await raw.message("1", "error");
      // It is the operation's end, and not the socket's.
      raw.send({ type: "subscribe", id: "2", payload: { query: "{ workflows { name } }" } });
      await raw.message("2", "complete");
      raw.socket.terminate();
      return { errors: payload as readonly ResultError[] };
    },
  ],
};

const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(" ");

/** Subscriptions that begin nothing, each with one thing too many. */
const EXCESSES: Readonly<Record<string, readonly [max: number, query: string]>> = {
  maxDepth: [
    8,
    `subscription { workflowEvents(runId: "1") { ... on RunStatusEvent { run ${times(7, () => "{ thread { activeRun")} { id }${times(7, () => "}}")} } } }`,
  ],
  maxAliases: [
    15,
    `subscription { workflowEvents(runId: "1") { ... on RunEvent { ${times(16, (i) => `a${i}: seq`)} } } }`,
  ],
  maxDirectives: [
    20,
    `subscription { workflowEvents(runId: "1") { ... on RunEvent { ${times(21, () => "seq @include(if: true)")} } } }`,
  ],
  maxTokens: [
    1_000,
    `subscription { workflowEvents(runId: "1") { ${times(1_000, () => "seq")} } }`,
  ],
  maxCost: [
    10_000,
    `subscription { workflowEvents(runId: "1") { ... on RunStatusEvent { run { events(first: 1000) {
      nodes { ... on RunEvent { seq node taskId step attempt nodeAttempt } } } } } } }`,
  ],
};

test.each(
  Object.keys(EXCESSES).flatMap((limit) =>
    Object.keys(TRANSPORTS).map((transport) => [limit, transport] as const),
  ),
)("an operation beyond %s is LIMIT_EXCEEDED over %s", async (limit, transport) => {
  const [max, query] = EXCESSES[limit] ?? [];
  const [status, send] = TRANSPORTS[transport] ?? [];
  const refusal = await send?.({ query: query ?? "" });
  expect(refusal?.errors).toEqual([
    expect.objectContaining({ extensions: { code: "LIMIT_EXCEEDED", limit, max } }),
  ]);
  expect(refusal?.status).toBe(status);
  expect(JSON.stringify(refusal)).not.toMatch(/Syntax Error|armor|node_modules/);
});

test("the most that is allowed passes", async () => {
  const aliases = times(15, (i) => `a${i}: name`);
  expect(await post(service.url, { query: `{ workflows { ${aliases} } }` })).toHaveProperty("data");
  const deep = "{ runs { nodes { thread { runs { nodes { thread { activeRun { id } } } } } } } }";
  const fields = { query: deep.replaceAll("runs {", "runs(first: 1) {") };
  expect(await post(service.url, fields)).toEqual({ data: { runs: { nodes: [] } } });
});

test.each([
  ["in the document", "{ runs(first: 100) { nodes { events(first: 100) { endCursor } } } }", {}],
  [
    "in variables",
    "query ($n: Int!) { runs(first: $n) { nodes { events(first: $n) { endCursor } } } }",
    { n: 100 },
  ],
  [
    "as a variable's default",
    "query ($n: Int! = 100) { runs(first: $n) { nodes { events(first: $n) { endCursor } } } }",
    {},
  ],
  ["by default", "{ runs(first: 100) { nodes { events { endCursor } } } }", {}],
  [
    "in a fragment",
    "query { runs(first: 100) { nodes { ...Events } } } fragment Events on Run { events { endCursor } }",
    {},
  ],
])(
  "a page costs what it selects times its size, which may stand %s",
  async (_where, query, variables) => {
    const { errors } = await post(service.url, { query, variables });
    expect(errors).toMatchObject([{ extensions: { code: "LIMIT_EXCEEDED", limit: "maxCost" } }]);
  },
);

test("the same document passes with smaller pages, and is refused again with large ones", async () => {
  const query =
    "query ($n: Int!) { runs(first: $n) { nodes { events(first: $n) { endCursor } } } }";
  for (const n of [10, 100, 10]) {
    const { errors } = await post(service.url, { query, variables: { n } });
    expect(errors === undefined).toBe(n === 10);
  }
});

test("introspection passes, whole", async () => {
  const query = getIntrospectionQuery({
    descriptions: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    directiveIsRepeatable: true,
    specifiedByUrl: true,
    oneOf: true,
  });
  const { data, errors } = await post(service.url, { query });
  expect(errors).toBeUndefined();
  const schema = buildClientSchema(data as unknown as IntrospectionQuery);
  expect(schema.getSubscriptionType()?.getFields()).toHaveProperty("runWorkflow");
});

test("every example operation is within the limits", async () => {
  const graphs = { report: demoReport, research, approval };
  const workflows = Object.fromEntries(
    Object.entries(graphs).map(([name, module]) => [name, defineWorkflow(module)]),
  );
  await using demo = await startService({ workflows });
  const variables = { runId: "1", interruptId: "1" };
  for (const { text } of await readOperations()) {
    for (const [, operationName = ""] of text.matchAll(/^(?:query|mutation) (\w+)/gm)) {
      const { errors = [] } = await post(demo.url, { query: text, operationName, variables });
      expect(errors.map(({ extensions }) => extensions?.["code"])).toEqual(
        operationName === "Answer" ? ["NOT_FOUND"] : [],
      );
    }
    if (!text.includes("subscription ")) continue;
    const response = await postEvents(demo.url, { query: text });
    for await (const { data = "" } of readFrames(response)) {
      expect(data).not.toContain('"errors"');
      break;
    }
  }
});

test("limits are the service's own, and false switches one off", async () => {
  const query = `{ workflows { ${times(200, (i) => `a${i}: name`)} } }`;
  await using other = await startService({
    workflows: { report },
    limits: { maxAliases: false, maxDepth: 1 },
  });
  const [deep, wide] = await Promise.all([
    post(other.url, { query: "{ workflows { name } }" }),
    post(service.url, { query }),
  ]);
  expect(deep.errors).toMatchObject([{ extensions: { limit: "maxDepth", max: 1 } }]);
  expect(wide.errors).toMatchObject([{ extensions: { limit: "maxAliases", max: 15 } }]);
  await using open = await startService({ workflows: { report }, limits: { maxAliases: false } });
  expect(await post(open.url, { query })).toHaveProperty("data");
});
