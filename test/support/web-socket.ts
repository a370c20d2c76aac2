import { createClient, type Client, type ClientOptions, type SubscribePayload } from "graphql-ws";
import { WebSocket } from "ws";
import type { Result } from "./result.ts";

/** A stock graphql-ws client, without its pauses between retries. */
export function connect(url: string, options: Partial<ClientOptions> = {}): Client {
  return createClient({
    url,
    webSocketImpl: WebSocket,
    retryWait: async () => {},
    ...options,
  });
}

/** All results of an operation, in order, until it completes. Rejects with its errors. */
export async function collect(
  client: Client,
  payload: string | SubscribePayload,
): Promise<readonly Result[]> {
  return readAll(watch(client, payload));
}

/** The results of an operation as they come; `return()` unsubscribes. */
export function watch(client: Client, payload: string | SubscribePayload) {
  return client.iterate<Result["data"], Result["extensions"]>(
    typeof payload === "string" ? { query: payload } : payload,
  ) as AsyncIterableIterator<Result>;
}

export async function readAll<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
