import { setTimeout } from "node:timers/promises";
import { v5 as uuidV5, validate as isUuid } from "uuid";
import type { Graph } from "../../workflows/graph.ts";
import type { Ingest } from "./ingest.ts";
import { ingestByStream } from "./stream.ts";
import { INTERRUPT, type StreamChunk } from "./values-and-updates.ts";

/** Under which LangGraph's servers know our threads whose ids are no UUIDs, which they insist on. */
const THREADS = "5c1a6f3e-2f0c-4d0b-9a52-0a6a54c9d4f1";

/** When to ask again for the status of a run whose stream has ended: it may lag behind. */
const STATUS_DELAYS_MS = [50, 100, 200, 400, 800, 1_600];

/** The part of LangGraph's `RemoteGraph` that is used. */
interface RemoteGraph extends Graph {
  readonly graphId: string;
  readonly client: Client;
  /** Given by whoever knows its schemas. */
  readonly outputChannels?: readonly string[] | undefined;
  withConfig(config: object): RemoteGraph;
}

/** Of LangGraph's SDK. */
interface Client {
  readonly runs: {
    stream(threadId: string, graphId: string, payload: Abortable): AsyncIterable<Part>;
    get(threadId: string, runId: string, options: Abortable): Promise<{ readonly status: string }>;
  };
}

interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

/** An event of the server's stream: `updates|agent:1a2b`, and its data. */
interface Part {
  readonly event: string;
  readonly data: unknown;
}

/** Whether `graph` is a `RemoteGraph`, of whatever copy of the package. */
export function isRemote(graph: Graph): boolean {
  return "client" in graph && "graphId" in graph && "withConfig" in graph;
}

/**
 * Ingest of a graph that runs on a LangGraph server. The remote run lives as long as this one: when
 * the connection ends, cancelled or not, the server cancels it.
 */
export const ingestByRemote: Ingest = (request) => {
  const { context, configurable, ...config } = request.config as {
    readonly context?: unknown;
    readonly configurable?: { readonly thread_id?: string };
  };
  const threadId = configurable?.thread_id ?? "";
  const remote = request.graph as RemoteGraph;
  const graph = {
    outputChannels: remote.outputChannels,
    stream: (input: unknown, options: object) => stream(remote, input, options),
  };
  return ingestByStream({
    ...request,
    graph,
    config: {
      ...config,
      ...(context !== undefined && { context }),
      // Nothing else: the server fills in its own ids, and takes no context beside other entries.
      configurable: { thread_id: isUuid(threadId) ? threadId : uuidV5(threadId, THREADS) },
    },
  });
};

/** As `graph.stream`, with what {@link RemoteGraph} leaves to be desired. */
async function stream(
  graph: RemoteGraph,
  input: unknown,
  options: object,
): Promise<AsyncIterable<unknown>> {
  const interrupts: StreamChunk[] = [];
  const copy = graph.withConfig({}) as { client: Client } & Graph;
  const { runs } = graph.client;
  copy.client = Object.create(graph.client, {
    runs: {
      value: {
        stream: (...[threadId, graphId, payload]: Parameters<Client["runs"]["stream"]>) =>
          read(runs, threadId, graphId, payload, interrupts),
      },
    },
  }) as Client;
  const chunks = await copy.stream(input, options);
  return (async function* () {
    yield* chunks;
    yield* interrupts;
  })();
}

/** Reads a run's stream to its end, which it tells from the end of the connection. */
async function* read(
  runs: Client["runs"],
  threadId: string,
  graphId: string,
  payload: Abortable,
  interrupts: StreamChunk[],
): AsyncIterable<Part> {
  let runId: string | undefined;
  const request = { ...payload, onDisconnect: "cancel" };
  const parts = runs.stream(threadId, graphId, request);
  for await (const part of withReason(parts)) {
    if (part.event === "metadata") runId = (part.data as { readonly run_id?: string }).run_id;
    if (part.event.split("|")[0] === "error") throw toError(part.data);
    // At the first one, RemoteGraph throws and reads no further.
    if (isInterrupt(part)) interrupts.push([part.event.split("|").slice(1), "updates", part.data]);
    else yield part;
  }
  if (runId === undefined) return;
  const status = await finalStatus(runs, threadId, runId, payload.signal);
  if (status === "success" || (status === "interrupted" && interrupts.length > 0)) return;
  throw new Error(`The run on the LangGraph server ended early: its status there is "${status}"`);
}

async function finalStatus(
  runs: Client["runs"],
  threadId: string,
  runId: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const ask = async (): Promise<string> => (await runs.get(threadId, runId, { signal })).status;
  let status = await ask();
  for (const delayMs of STATUS_DELAYS_MS) {
    if (status !== "pending" && status !== "running") break;
    await setTimeout(delayMs, undefined, { signal });
    status = await ask();
  }
  return status;
}

function isInterrupt({ event, data }: Part): boolean {
  return (
    event.split("|")[0] === "updates" &&
    typeof data === "object" &&
    data !== null &&
    INTERRUPT in data
  );
}

async function* withReason(parts: AsyncIterable<Part>): AsyncIterable<Part> {
  try {
    yield* parts;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // `fetch` says nothing but that it failed.
    throw new Error("The connection to the LangGraph server failed", { cause: error });
  }
}

/** What a node threw there, with LangGraph's code, which only a link in its message tells. */
function toError(data: unknown): Error {
  const { error, message } = data as { readonly error?: string; readonly message?: string };
  const text = message ?? error ?? JSON.stringify(data);
  const [, code] = /Troubleshooting URL: \S+\/([A-Z_]+)\/?\s*$/.exec(text) ?? [];
  return Object.assign(new Error(text), {
    ...(error !== undefined && { name: error }),
    ...(code !== undefined && { lc_error_code: code }),
  });
}
