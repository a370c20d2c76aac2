import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Client } from "graphql-ws";
import { resumable } from "langgraph-graphql/client";
import { WebSocket } from "ws";
import { STOCK_CLIENTS } from "../client/stock-clients.ts";
import { openEventSource, readFrames } from "../support/http.ts";
import { eventOf, type EventFields, type Result } from "../support/result.ts";

/** Somebody who follows a run from its beginning to its end, with one kind of client. */
export interface Watcher {
  readonly name: string;
  readonly runId: string;
  /** What it has been given so far. */
  readonly events: readonly EventFields[];
  /** Resolves when it has been told that the run is over. */
  readonly done: Promise<void>;
}

/** All kinds of clients there are. */
export const KINDS = [...Object.keys(STOCK_CLIENTS), "EventSource"];

const QUERY = `subscription ($runId: ID!) {
  workflowEvents(runId: $runId) {
    __typename
    ... on RunEvent { seq attempt node taskId namespace }
    ... on WrittenEvent { payload }
    ... on RunStatusEvent { runStatus output error { __typename message } }
  }
}`;

export interface WatchOptions {
  readonly url: string;
  readonly runId: string;
  /** One of {@link KINDS}. */
  readonly kind: string;
  /** Ends its attempts to come back, when there is nothing to come back to. */
  readonly signal: AbortSignal;
  /** What those that talk over a WebSocket share. @default one of its own */
  readonly client?: Client;
}

/** Begins to watch. */
export function watchRun({ url, runId, kind, signal, client }: WatchOptions): Watcher {
  const events: EventFields[] = [];
  const follow = STOCK_CLIENTS[kind];
  const take = (event: EventFields): void => void events.push(event);
  const operation = { query: QUERY, variables: { runId } };
  const done = follow
    ? follow(client ?? connectForEver(url, signal), operation, take)
    : followAsEventSource(url, operation, take, signal);
  // Whoever waits for all of them is told of the first.
  done.catch(() => undefined);
  return { name: `${kind} on ${runId}`, runId, events, done };
}

/** A graphql-ws client that comes back at once, as often as it takes. */
export function connectForEver(url: string, signal: AbortSignal): Client {
  return resumable(
    createClient({
      url: url.replace(/^http/, "ws"),
      webSocketImpl: WebSocket,
      retryAttempts: Infinity,
      retryWait: () => sleep(RETRY_MS),
      shouldRetry: () => !signal.aborted,
    }),
  );
}

const RETRY_MS = 50;

/**
 * What a browser's `EventSource` does (HTML standard, 9.2): comes back with the last id whenever the
 * stream breaks off, and gives up on any status but 200. Its page closes it on `complete`.
 */
async function followAsEventSource(
  url: string,
  operation: Parameters<typeof openEventSource>[1],
  take: (event: EventFields) => void,
  signal: AbortSignal,
): Promise<void> {
  let lastEventId: string | undefined;
  while (!signal.aborted) {
    try {
      const response = await openEventSource(url, operation, lastEventId ? { lastEventId } : {});
      if (response.status === 204) return;
      if (response.status !== 200) throw new RefusedError(response.status, await response.text());
      for await (const { id, event, data } of readFrames(response)) {
        if (id !== "") lastEventId = id;
        if (event === "next" && data !== undefined) take(eventOf(JSON.parse(data) as Result));
        if (event === "complete") return;
      }
    } catch (error) {
      // Anything else is a connection that was cut, or a server that is not there.
      if (!(error instanceof TypeError)) throw error;
    }
    await sleep(RETRY_MS);
  }
}

class RefusedError extends Error {
  constructor(status: number, text: string) {
    super(`An EventSource gives up at ${status}: ${text}`);
  }
}
