import { Annotation, MemorySaver, START as START_NODE, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import type { Action, Authenticate, ServiceOptions } from "../../src/index.ts";
import { askBy, TRANSPORTS, type Answer, type Asked, type Transport } from "../support/ask-by.ts";
import { createGates } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { postEvents, type Operation } from "../support/http.ts";
import { questions } from "../support/questions.ts";
import { startService, type RunningService } from "../support/service.ts";
import type { Result } from "../support/result.ts";
import { following, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { connect } from "../support/web-socket.ts";

/**
 * Every rule on every transport: what a request that breaks it is answered with there, or why it cannot
 * be broken there. A number is the HTTP status or the code that the socket is closed with; `null` is a
 * socket that stays open.
 */
interface Rule {
  /** What each request gets, as `extensions.code`; `null` for an answer without errors. */
  readonly code: string | null;
  readonly at: Readonly<Record<Transport, number | null | string>>;
  /** Transports where the code is another: a socket that is closed has no error to carry it. */
  readonly silentAt?: readonly Transport[];
  readonly options?: Partial<ServiceOptions>;
  /** What has happened before, such as using up a limit. Whoever is returned is let go afterwards. */
  readonly before?: (here: Here) => Promise<(() => void) | void>;
  /** No run can be started beforehand where its documents would be refused as well. */
  readonly hasNoRuns?: true;
  readonly ask: (here: Here, transport: Transport) => Partial<Asked> | Promise<Partial<Asked>>;
  /** What the answer must say, beside its code, and what it must not. */
  readonly says?: (here: Here, answer: Answer) => void;
}

/** What a rule's requests are about. */
interface Here {
  readonly service: RunningService;
  /** Ann's, which have ended, and which waits for an answer. */
  readonly runId: string;
  readonly waitingId: string;
  readonly policy: Policy;
}

/** What `authorize` says no to, and whether it fails. */
interface Policy {
  forbidden?: Action;
  fails?: boolean;
}

const anything = new StateGraph(Annotation.Root({ value: Annotation<unknown>() }))
  .addNode("pass", () => ({}))
  .addEdge(START_NODE, "pass")
  .compile();

/** The same, with a checkpointer that has kept a thread since before it was served. */
const keeps = anything.withConfig({});
keeps.checkpointer = new MemorySaver();
await keeps.invoke({ value: "old" }, { configurable: { thread_id: "elsewhere" } });

const SECRET = "4111-1111";

const asViewer = (token: string) => ({ authorization: `Bearer ${token}` });

const authenticate: Authenticate = ({ token }) => {
  if (token === "late") return { viewer: { id: "ann" }, expiresAt: new Date(0) };
  return token === "ann" || token === "bob" ? { viewer: { id: token } } : null;
};

const ENVELOPE = { lc: 1, type: "constructor", id: ["langchain", "x"], kwargs: {} };
const POLLUTED: unknown = JSON.parse('{"__proto__": {"admin": true}}');

const isQuery = (transport: Transport): boolean => transport === "HTTP";

const START = "($input: WorkflowInput!) { startRun(input: $input) { run { id } } }";
const RUN = "($input: WorkflowInput!) { runWorkflow(input: $input) { __typename } }";

/** Starts a run, in each transport's own way. */
const starting =
  (workflow: string, input: object = {}) =>
  (_here: Here, transport: Transport): Partial<Asked> => ({
    operation: {
      query: isQuery(transport) ? `mutation ${START}` : `subscription ${RUN}`,
      variables: { input: { [workflow]: input } },
    },
    stream: { workflow, body: JSON.stringify(input) },
  });

/** The same on a thread, with what else is asked for. */
function onThread(
  transport: Transport,
  threadId: string,
  input: string,
  options = "",
): Partial<Asked> {
  const args = `(input: { ${input} }, threadId: "${threadId}" ${options})`;
  const query = isQuery(transport)
    ? `mutation { startRun${args} { isNew } }`
    : `subscription { runWorkflow${args} { __typename } }`;
  return { operation: { query } };
}

/** Asks for the same by any transport, be it a query, a mutation or a subscription. */
const asking =
  (write: (here: Here) => Operation, headers: Readonly<Record<string, string>> = {}) =>
  (here: Here): Partial<Asked> => ({ operation: write(here), headers });

const BOB = asViewer("bob");
const OWN_DOCUMENT = "its document is the service's own";
const NO_RUN = "it names no run, and starts its own";
const NO_THREAD = "it names no thread: its run gets one of its own";
const CHANGES_NOTHING = "a GET changes nothing";
const NOT_WATCHED = "a query watches nothing";
const NO_SOCKET = "it is no WebSocket; see subscriptions";
const ONE_EACH = "each is a connection of its own";
const ALIKE = { "server-sent events": 200, multipart: 200, WebSocket: null } as const;

/** Of what is refused before it is looked at what it is. */
const everywhere = (status: number, socket: number) => ({
  HTTP: status,
  "server-sent events": status,
  EventSource: status,
  multipart: status,
  WebSocket: socket,
  "POST /stream": status,
});

/** Of a document that is not executed. */
const document = (status: number) =>
  ({ HTTP: status, EventSource: status, ...ALIKE, "POST /stream": OWN_DOCUMENT }) as const;

/** Of a field of a query or a mutation, which is an answer as any other over HTTP. */
const field = (status: number) =>
  ({ HTTP: 200, EventSource: status, ...ALIKE, "POST /stream": NO_RUN }) as const;

/** Of what is refused when a run is to be started or watched. */
const starts = (status: number) =>
  ({ HTTP: 200, EventSource: status, ...ALIKE, "POST /stream": status }) as const;

const watches = (status: number) =>
  ({ HTTP: NOT_WATCHED, EventSource: status, ...ALIKE, "POST /stream": NO_RUN }) as const;

const limited = (limits: NonNullable<ServiceOptions["limits"]>) => ({ limits });

const NAMES = "workflows { name description }";

const RULES: Readonly<Record<string, Rule>> = {
  "who is not known": {
    code: "UNAUTHENTICATED",
    at: everywhere(401, 4403),
    silentAt: ["WebSocket"],
    ask: (here, transport) => ({ ...starting("work")(here, transport), headers: {} }),
  },
  "a token that has expired": {
    code: "UNAUTHENTICATED",
    at: everywhere(401, 4403),
    silentAt: ["WebSocket"],
    ask: (here, transport) => ({
      ...starting("work")(here, transport),
      headers: asViewer("late"),
    }),
  },
  "a page of another site": {
    code: "FORBIDDEN",
    at: everywhere(403, 403),
    silentAt: ["WebSocket"],
    ask: (here, transport) => ({
      ...starting("work")(here, transport),
      headers: { ...asViewer("ann"), origin: "https://evil.example.com" },
    }),
  },
  "a start that `authorize` forbids": {
    code: "FORBIDDEN",
    at: starts(403),
    before: forbid("start"),
    ask: starting("work"),
  },
  "watching what `authorize` forbids": {
    code: "FORBIDDEN",
    at: watches(403),
    before: forbid("watch"),
    ask: asking(({ runId }) => following(runId), asViewer("ann")),
  },
  "reading what `authorize` forbids": {
    code: "FORBIDDEN",
    at: { ...field(403), HTTP: 200 },
    before: forbid("read"),
    ask: asking(({ runId }) => ({ query: `{ run(id: "${runId}") { id } }` }), asViewer("ann")),
  },
  "cancelling what `authorize` forbids": {
    code: "FORBIDDEN",
    at: { ...field(403), EventSource: CHANGES_NOTHING },
    before: forbid("cancel"),
    ask: asking(({ waitingId }) => cancelling(waitingId), asViewer("ann")),
  },
  // Before it is done: else an error would hide that it was.
  "starting what `authorize` forbids to read": {
    code: "FORBIDDEN",
    at: { ...field(403), EventSource: CHANGES_NOTHING },
    before: forbid("read"),
    ask: asking(
      () => ({ query: "mutation { startRun(input: { work: {} }) { isNew } }" }),
      asViewer("ann"),
    ),
  },
  "cancelling what `authorize` forbids to read": {
    code: "FORBIDDEN",
    at: { ...field(403), EventSource: CHANGES_NOTHING },
    before: forbid("read"),
    ask: asking(({ waitingId }) => cancelling(waitingId), asViewer("ann")),
  },
  "replacing what `authorize` forbids to cancel": {
    code: "FORBIDDEN",
    at: { ...starts(403), "POST /stream": NO_THREAD },
    before: forbid("cancel"),
    ask: ({ waitingId }, transport) =>
      onThread(transport, waitingId, "asks: {}", "options: { whenBusy: REPLACE }"),
  },
  "forking what `authorize` forbids to read": {
    code: "FORBIDDEN",
    at: { ...field(403), EventSource: CHANGES_NOTHING },
    before: forbid("readThread"),
    ask: asking(
      ({ runId }) => ({
        query: `mutation { forkThread(threadId: "${runId}") { thread { id } } }`,
      }),
      asViewer("ann"),
    ),
  },
  "a start on another viewer's thread": {
    code: "NOT_FOUND",
    at: { ...starts(404), "POST /stream": NO_THREAD },
    ask: ({ runId }, transport) => ({
      ...onThread(transport, runId, "work: {}"),
      headers: BOB,
    }),
  },
  "a start on a thread that only the graph's own checkpointer knows": {
    code: "NOT_FOUND",
    at: { ...starts(404), "POST /stream": NO_THREAD },
    ask: (_here, transport) => onThread(transport, "elsewhere", 'keeps: { value: "new" }'),
  },
  "an `authorize` that fails": {
    code: "INTERNAL",
    at: starts(500),
    before: async ({ policy }) => {
      policy.fails = true;
    },
    ask: starting("work"),
    says({ service }, { text }) {
      const [, errorId = "none"] = /"errorId":"([^"]+)"/.exec(text) ?? [];
      expect(service.log.join("\n")).toContain(errorId);
      expect(service.log.join("\n")).toContain("the policy server is away");
      expect(text).not.toContain("away");
    },
  },
  "watching another viewer's run": {
    code: "NOT_FOUND",
    at: watches(404),
    ask: asking(({ runId }) => following(runId), BOB),
  },
  "replaying another viewer's run": {
    code: "NOT_FOUND",
    at: watches(404),
    ask: asking(({ runId }) => following(runId, { after: 2 }), BOB),
  },
  // Ids are everybody's: whose it is that has this one is not told.
  "a start under the id of another viewer's run": {
    code: "RUN_CONFLICT",
    at: { ...starts(409), "POST /stream": NO_RUN },
    ask: ({ runId }, transport) => ({
      operation: {
        query: isQuery(transport)
          ? `mutation { startRun(runId: "${runId}", input: { work: {} }) { isNew } }`
          : `subscription { runWorkflow(runId: "${runId}", input: { work: {} }) { __typename } }`,
      },
      headers: BOB,
    }),
  },
  "reading another viewer's run": {
    code: "NOT_FOUND",
    at: field(404),
    ask: asking(({ runId }) => ({ query: `{ run(id: "${runId}") { id } }` }), BOB),
  },
  "cancelling another viewer's run": {
    code: "NOT_FOUND",
    at: { ...field(404), EventSource: CHANGES_NOTHING },
    ask: asking(({ waitingId }) => cancelling(waitingId), BOB),
  },
  "answering another viewer's run": {
    code: "NOT_FOUND",
    at: { ...field(404), EventSource: CHANGES_NOTHING },
    ask: asking(
      ({ waitingId }) => ({
        query: `mutation { resumeRun(runId: "${waitingId}", answers: []) { run { id } } }`,
      }),
      BOB,
    ),
  },
  "the state of another viewer's thread": {
    code: "NOT_FOUND",
    at: field(404),
    ask: asking(({ runId }) => ({ query: `{ thread(id: "${runId}") { state { values } } }` }), BOB),
  },
  "the list of another viewer's runs": {
    code: null,
    at: { ...field(200), EventSource: "it subscribes only" },
    ask: asking(() => ({ query: "{ runs { nodes { id } } threads { nodes { id } } }" }), BOB),
    says: ({ runId, waitingId }, { text }) => {
      expect(text).toContain("nodes");
      expect(text).not.toContain(runId);
      expect(text).not.toContain(waitingId);
    },
  },
  "watching another run than a watch token is for": {
    code: "NOT_FOUND",
    at: watches(404),
    ask: async ({ service, runId, waitingId }) => ({
      operation: following(waitingId),
      headers: asViewer((await service.service.createWatchToken({ runId })).token),
    }),
  },
  "starting with a watch token": {
    code: "FORBIDDEN",
    at: starts(403),
    ask: async (here, transport) => ({
      ...starting("work")(here, transport),
      headers: asViewer((await here.service.service.createWatchToken({ runId: here.runId })).token),
    }),
  },
  "listing with a watch token": {
    code: "FORBIDDEN",
    at: field(403),
    ask: async ({ service, runId }) => ({
      operation: { query: "{ runs { nodes { id } } }" },
      headers: asViewer((await service.service.createWatchToken({ runId })).token),
    }),
  },
  "a document that is too deep": {
    code: "LIMIT_EXCEEDED",
    at: document(400),
    options: limited({ maxDepth: 1 }),
    hasNoRuns: true,
    ask: asking(() => ({ query: `{ ${NAMES} }` }), asViewer("ann")),
  },
  "too many aliases": {
    code: "LIMIT_EXCEEDED",
    at: document(400),
    options: limited({ maxAliases: 1 }),
    hasNoRuns: true,
    ask: asking(() => ({ query: "{ workflows { a: name b: name } }" }), asViewer("ann")),
  },
  "too many directives": {
    code: "LIMIT_EXCEEDED",
    at: document(400),
    options: limited({ maxDirectives: 1 }),
    hasNoRuns: true,
    ask: asking(
      () => ({ query: "{ workflows { name @skip(if: false) description @skip(if: false) } }" }),
      asViewer("ann"),
    ),
  },
  "too many tokens": {
    code: "LIMIT_EXCEEDED",
    at: document(400),
    options: limited({ maxTokens: 40 }),
    hasNoRuns: true,
    ask: asking(() => ({ query: `{ workflows { ${"name ".repeat(60)} } }` }), asViewer("ann")),
  },
  "an operation that costs too much": {
    code: "LIMIT_EXCEEDED",
    at: document(400),
    options: limited({ maxCost: 60 }),
    hasNoRuns: true,
    ask: asking(() => ({ query: "{ runs(first: 100) { nodes { id } } }" }), asViewer("ann")),
  },
  "introspection that is off": {
    code: "GRAPHQL_VALIDATION_FAILED",
    at: document(400),
    options: { introspection: false },
    ask: asking(() => ({ query: "{ __schema { queryType { name } } }" }), asViewer("ann")),
  },
  "suggestions that are off": {
    code: "GRAPHQL_VALIDATION_FAILED",
    at: document(400),
    options: { introspection: false },
    ask: asking(() => ({ query: "{ workflows { nam } }" }), asViewer("ann")),
    says: (_here, { text }) => expect(text).not.toContain("Did you mean"),
  },
  "a document that is not trusted": {
    code: "FORBIDDEN",
    at: { ...document(403), "server-sent events": 403 },
    options: { trustedDocuments: { documents: {} } },
    hasNoRuns: true,
    ask: asking(() => ({ query: `{ ${NAMES} }` }), asViewer("ann")),
  },
  "a body or message that is too large": {
    code: "LIMIT_EXCEEDED",
    at: { ...everywhere(413, 1009), EventSource: "a GET has no body" },
    silentAt: ["WebSocket"],
    options: limited({ maxBodyBytes: 2_000, maxMessageBytes: 2_000 }),
    ask: (here, transport) => starting("anything", { value: "x".repeat(3_000) })(here, transport),
  },
  "a subscription too many on a socket": {
    code: "LIMIT_EXCEEDED",
    at: {
      HTTP: NOT_WATCHED,
      "server-sent events": ONE_EACH,
      EventSource: ONE_EACH,
      multipart: ONE_EACH,
      WebSocket: null,
      "POST /stream": ONE_EACH,
    },
    options: limited({ maxSubscriptionsPerSocket: 1 }),
    ask: ({ runId, waitingId }) => ({ operation: following(runId), beside: following(waitingId) }),
  },
  "a socket too many of a viewer": {
    code: "LIMIT_EXCEEDED",
    at: {
      HTTP: NO_SOCKET,
      "server-sent events": NO_SOCKET,
      EventSource: NO_SOCKET,
      multipart: NO_SOCKET,
      WebSocket: 1013,
      "POST /stream": NO_SOCKET,
    },
    silentAt: ["WebSocket"],
    options: limited({ maxSocketsPerViewer: 1 }),
    before: async ({ service }) => {
      const open = connect(service.wsUrl, {
        lazy: false,
        connectionParams: asViewer("ann"),
      });
      await new Promise<void>((resolve) => void open.on("connected", () => resolve()));
      return () => void open.dispose();
    },
    ask: asking(({ runId }) => following(runId), asViewer("ann")),
  },
  "a subscription too many of a viewer": {
    code: "LIMIT_EXCEEDED",
    at: { ...starts(429), HTTP: NOT_WATCHED },
    options: limited({ maxSubscriptionsPerViewer: 1 }),
    before: async ({ service, waitingId }) => {
      const open = await postEvents(service.url, following(waitingId), asViewer("ann"));
      const reader = open.body?.getReader();
      await reader?.read();
      return () => void reader?.cancel();
    },
    ask: starting("work"),
  },
  "starts too many in a minute": {
    code: "LIMIT_EXCEEDED",
    at: { ...starts(429), HTTP: 429 },
    // Ann has started two.
    options: limited({ maxStartsPerMinutePerViewer: 2 }),
    ask: starting("work"),
    says: (_here, { text }) => expect(text).toContain("retryAfterMs"),
  },
  "queued runs too many": {
    code: "LIMIT_EXCEEDED",
    at: { ...starts(429), HTTP: 429 },
    options: limited({ maxConcurrentRunsPerViewer: 1, maxQueuedRunsPerViewer: 1 }),
    before: async ({ service }) => {
      await start(service, "steps", "RUNNING", { count: 1 });
      await start(service, "steps", "QUEUED", { count: 1 });
    },
    ask: starting("work"),
  },
  "an object that load() would construct": {
    code: "BAD_USER_INPUT",
    at: starts(400),
    ask: starting("anything", { value: ENVELOPE }),
  },
  "the key __proto__": {
    code: "BAD_USER_INPUT",
    at: starts(400),
    ask: starting("anything", { value: POLLUTED as object }),
  },
  "an input of the wrong type": {
    code: "BAD_USER_INPUT",
    at: { ...starts(400), HTTP: 400 },
    ask: starting("work", { count: "one" }),
  },
  "what `redact` takes out": {
    code: null,
    at: { ...everywhere(200, 0), WebSocket: null },
    options: {
      redact: (value) => JSON.parse(JSON.stringify(value).replaceAll(SECRET, "****")) as never,
    },
    ask: (here, transport) =>
      isQuery(transport)
        ? {
            operation: {
              query: `{ run(id: "${here.runId}") { events { nodes { ... on WrittenEvent { payload } } } } }`,
            },
          }
        : {
            operation: following(here.runId, { select: "... on WrittenEvent { payload }" }),
            stream: { workflow: "work", body: "{}" },
          },
    says: (_here, { text }) => {
      expect(text).toContain("****");
      expect(text).not.toContain(SECRET);
    },
  },
};

describe.each(Object.entries(RULES))("%s", (_name, rule) => {
  const cells = TRANSPORTS.map((transport) => [transport, rule.at[transport]] as const);
  const applies = cells.filter(([, cell]) => typeof cell !== "string");

  test.each(applies)("is answered as everywhere by %s (%s)", async (transport, status) => {
    const policy: Policy = {};
    await using service = await startService({
      workflows: {
        work: graphOf(({ write }) => write(SECRET)),
        asks: questions(["why"]),
        steps: steppedGraph(createGates()),
        anything,
        keeps,
      },
      authenticate,
      authorize: (_viewer, { action }) => {
        if (policy.fails) throw new Error("the policy server is away");
        return action !== policy.forbidden;
      },
      drainMs: 0,
      ...rule.options,
    });
    const runId = rule.hasNoRuns ? "" : await start(service, "work", "SUCCEEDED");
    const waitingId = rule.hasNoRuns ? "" : await start(service, "asks", "INTERRUPTED");
    const here: Here = { service, runId, waitingId, policy };
    const letGo = await rule.before?.(here);
    const answer = await askBy(transport, service, {
      operation: { query: "{ __typename }" },
      stream: { workflow: "work", body: "{}" },
      headers: asViewer("ann"),
      ...(await rule.ask(here, transport)),
    });
    letGo?.();
    const code = rule.silentAt?.includes(transport) ? null : rule.code;
    expect({ code: answer.code, status: answer.status }, answer.text).toEqual({ code, status });
    rule.says?.(here, answer);
  });
});

/** Starts a run of Ann's without GraphQL's transports, and waits until it is in that status. */
async function start(
  service: RunningService,
  workflow: string,
  status: string,
  input = {},
): Promise<string> {
  const ask = async (query: string, variables: object): Promise<Result> => {
    const headers = { ...asViewer("ann"), "content-type": "application/json" };
    // No rule on documents is broken by them.
    const body = JSON.stringify({ query, variables });
    return (await (await fetch(service.url, { method: "POST", headers, body })).json()) as Result;
  };
  const { data } = await ask(`mutation ${START}`, { input: { [workflow]: input } });
  const { id } = data?.["startRun"]?.["run"] as { readonly id: string };
  await until(async () => {
    const answer = await ask("query ($id: ID!) { run(id: $id) { status } }", { id });
    return answer.data?.["run"]?.["status"] === status;
  });
  return id;
}

function forbid(action: Action): NonNullable<Rule["before"]> {
  return async ({ policy }) => {
    policy.forbidden = action;
  };
}

function cancelling(runId: string): Operation {
  return { query: `mutation { cancelRun(runId: "${runId}") { run { id } } }` };
}
