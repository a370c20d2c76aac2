import type { ExecutionResult } from "graphql";
import { requestState } from "./request-state.ts";
import { streamedResponse, type FetchApi } from "./streamed-response.ts";

/** Proxies close what is silent for long; and a write is how a vanished client is found out. */
const PING_MS = 12_000;

/** A comment. */
const PING = ":\n\n";

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  // nginx buffers answers otherwise.
  "x-accel-buffering": "no",
};

/**
 * Answers with server-sent events, one frame a result and `event: complete` at the end; with 204
 * when there is nothing to send, now or ever.
 */
export function eventSourceResponse(
  request: Request,
  results: AsyncIterable<ExecutionResult>,
  format: (result: ExecutionResult) => string,
  fetchApi: FetchApi,
): Response {
  if (requestState(request).isPastEnd) {
    void results[Symbol.asyncIterator]().return?.();
    return new fetchApi.Response(null, { status: 204 });
  }
  const framing = {
    headers: HEADERS,
    // Some browsers report an open stream only once something has come.
    opening: PING,
    ping: PING,
    pingMs: PING_MS,
    format,
    ending: "event: complete\ndata:\n\n",
  };
  return streamedResponse(results, framing, fetchApi);
}
