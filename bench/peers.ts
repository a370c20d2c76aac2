import type { Work } from "./graph.ts";
import { whyNot, type BackendKind } from "./support/engines.ts";
import type { Child } from "./support/processes.ts";
import { openEvents } from "./support/sse-stream.ts";
import type { OnEvent, Operation, Stream } from "./support/stream.ts";
import { openSocket, subscribe } from "./support/websocket-stream.ts";

/** Somebody who serves the graph. To add one: a file in `servers/`, and an entry here. */
export interface Peer {
  readonly name: string;
  /** In `servers/`. */
  readonly file: string;
  readonly options?: {
    /** Of ours: where runs and events live. */
    readonly backend?: BackendKind;
    /** Of ours: a gateway is asked, and a process beside it executes runs. */
    readonly isCluster?: boolean;
    readonly [name: string]: unknown;
  };
  /** Runs the graph and follows what it writes. */
  readonly run: (child: Child, work: Work, onEvent?: OnEvent) => Promise<Stream>;
}

const SELECTION = "{ __typename ... on ProgressEvent { current total status } }";

/** Starts a run and follows it. */
export const runOperation = (work: Work): Operation => ({
  query: `subscription ($input: WorkflowInput!) { runWorkflow(input: $input) ${SELECTION} }`,
  variables: { input: { write: work } },
});

/** Follows a run. */
export const followOperation = (runId: string): Operation => ({
  query: `subscription ($runId: ID!) { workflowEvents(runId: $runId) ${SELECTION} }`,
  variables: { runId },
});

/** Follows a run of the workflow `steps`. */
export const stepsOperation = (runId: string): Operation => ({
  query: `subscription ($runId: ID!) {
    workflowEvents(runId: $runId) { ... on ProgressEvent { attempt current status } }
  }`,
  variables: { runId },
});

/** Follows a run of ours from where somebody lost it. */
export const resumeOperation = (runId: string, after: string): Operation => ({
  query: `subscription ($runId: ID!, $after: Cursor!) {
    workflowEvents(runId: $runId, after: $after) ${SELECTION}
  }`,
  variables: { runId, after },
});

export async function overWebSocket(
  { url }: Child,
  operation: Operation,
  onEvent?: OnEvent,
): Promise<Stream> {
  return subscribe(await openSocket(url), operation, onEvent);
}

export async function overSse(
  { url }: Child,
  operation: Operation,
  onEvent?: OnEvent,
): Promise<Stream> {
  return openEvents({ url, body: operation, marker: "event: next" }, onEvent);
}

const onWebSocket: Pick<Peer, "run"> = {
  run: (child, work, onEvent) => overWebSocket(child, runOperation(work), onEvent),
};

const onSse: Pick<Peer, "run"> = {
  run: (child, work, onEvent) => overSse(child, runOperation(work), onEvent),
};

const NAME = "langgraph-graphql";
const INTERPRETED = { compile: false };

export const OURS: Peer = { name: NAME, file: "ours.ts", ...onWebSocket };
export const OURS_INTERPRETED: Peer = {
  name: `${NAME}, graphql-js`,
  file: "ours.ts",
  options: INTERPRETED,
  ...onWebSocket,
};
export const OURS_ON_SQLITE: Peer = {
  name: `${NAME}, SQLite`,
  file: "ours.ts",
  options: { backend: "sqlite" },
  ...onWebSocket,
};
export const OURS_ON_POSTGRES: Peer = {
  name: `${NAME}, Postgres`,
  file: "ours.ts",
  options: { backend: "postgres" },
  ...onWebSocket,
};
export const OURS_ON_REDIS: Peer = {
  name: `${NAME}, Redis`,
  file: "ours.ts",
  options: { backend: "redis" },
  ...onWebSocket,
};

/** The same with a gateway and a worker, each a process of its own. */
export const asCluster = (peer: Peer): Peer => ({
  ...peer,
  name: `${peer.name}, gateway and worker`,
  options: { ...peer.options, isCluster: true },
});

/** Leaves out whose database cannot be reached, and says why in a line each. */
export async function reachable(
  peers: readonly Peer[],
): Promise<{ readonly peers: readonly Peer[]; readonly notes: readonly string[] }> {
  const reasons = await Promise.all(
    peers.map(({ options }) => whyNot(options?.backend ?? "memory")),
  );
  return {
    peers: peers.filter((_, i) => reasons[i] === undefined),
    notes: peers.flatMap(({ name }, i) =>
      reasons[i] === undefined ? [] : [`– ${name} is left out: ${reasons[i]}`],
    ),
  };
}

export const YOGA: Peer = { name: "Yoga + graphql-ws", file: "plain-yoga.ts", ...onWebSocket };
export const GRAPHQL_WS: Peer = { name: "graphql-ws alone", file: "graphql-ws.ts", ...onWebSocket };
export const MERCURIUS: Peer = { name: "Mercurius", file: "mercurius.ts", ...onWebSocket };

export const OURS_SSE: Peer = { name: NAME, file: "ours.ts", ...onSse };
export const OURS_SSE_INTERPRETED: Peer = { ...OURS_INTERPRETED, ...onSse };
export const YOGA_SSE: Peer = { name: "Yoga", file: "plain-yoga.ts", ...onSse };
export const GRAPHQL_SSE: Peer = { name: "graphql-sse", file: "graphql-sse.ts", ...onSse };

export const LANGGRAPH_SERVER: Peer = {
  name: "LangGraph's dev server",
  file: "langgraph-server.ts",
  run: ({ url }, work, onEvent) => {
    const body = { assistant_id: "write", input: work, stream_mode: ["custom"] };
    return openEvents({ url, body, marker: "event: custom" }, onEvent);
  },
};

/** Sends what ours sent, one by one or together, without any graph. */
export const rawWebSocket = (text: string, batched: boolean): Peer => ({
  name: `raw ws, ${batched ? "batched" : "one by one"}`,
  file: "raw-websocket.ts",
  options: { text, batched },
  ...onWebSocket,
});

/** `response.write` for each event; Node itself puts together what is written in one turn. */
export const rawSse = (text: string): Peer => ({
  name: "raw SSE",
  file: "raw-sse.ts",
  options: { text },
  ...onSse,
});
