import { createClient } from "graphql-ws";
import {
  OperationRefusedError,
  reconnectOptions,
  resumable,
  subscribeByFetch,
  watchConnection,
  type ConnectionState,
  type OperationResult,
} from "langgraph-graphql/client";
import type { SubscriptionForwarder } from "urql";

export type Transport = "websocket" | "sse";

type Listener = (state: Extract<ConnectionState, "connecting" | "live" | "reconnecting">) => void;

/** A way to the server: for urql's `subscriptionExchange`, and to hear what becomes of it. */
export interface Connection {
  readonly forward: SubscriptionForwarder;
  /** Returns how to stop. */
  readonly watch: (listener: Listener) => () => void;
}

/** One socket for all subscriptions. */
export function overWebSocket(url: URL): Connection {
  const socket = resumable(
    createClient({ url: url.href.replace(/^http/, "ws"), ...reconnectOptions }),
  );
  return {
    forward: ({ query = "", variables }) => ({
      subscribe: (sink) => ({
        unsubscribe: socket.subscribe({ query, variables: { ...variables } }, sink),
      }),
    }),
    watch: (listener) => watchConnection(socket, listener),
  };
}

/**
 * A request for each subscription. urql can do this by itself (`fetchSubscriptions`), but does not
 * come back when the connection is lost; `subscribeByFetch` does, and goes on where it was.
 */
export function overServerSentEvents(url: URL): Connection {
  const listeners = new Set<Listener>();
  const onConnection: Listener = (state) => listeners.forEach((listener) => listener(state));
  return {
    forward: ({ query = "", variables }) => ({
      subscribe(sink) {
        const results = subscribeByFetch({ url, query, variables: { ...variables }, onConnection });
        void deliver(results, sink);
        return { unsubscribe: () => void results.return?.() };
      },
    }),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

type Sink = Parameters<ReturnType<SubscriptionForwarder>["subscribe"]>[0];

/** Pushes what is pulled. */
async function deliver(results: AsyncIterable<OperationResult>, sink: Sink): Promise<void> {
  try {
    for await (const result of results) sink.next(result);
  } catch (error) {
    return sink.error(error instanceof OperationRefusedError ? error.errors : error);
  }
  sink.complete();
}
