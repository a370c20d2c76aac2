import type { CursorExtensions, Format } from "../../projection/frame.ts";
import type { Subscription } from "../../projection/subscription.ts";
import type { ReadFrames } from "./read-frames.ts";
import { requestState } from "../pipeline/request-state.ts";
import type { SlowReaders } from "../pipeline/slow-readers.ts";
import { streamedResponse, type FetchApi } from "./streamed-response.ts";

/** Proxies close what is silent for long; and a write is how a vanished client is found out. */
const PING_MS = 12_000;

/** A comment. */
const PING = ":\n\n";

const FRAMING = {
  headers: {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    // nginx buffers answers otherwise.
    "x-accel-buffering": "no",
  },
  // Some browsers report an open stream only once something has come.
  opening: PING,
  ping: PING,
  pingMs: PING_MS,
  // A frame without data moves the cursor and dispatches nothing (HTML standard, 9.2.6).
  tick: (at: CursorExtensions) => `${idLine(at)}\n`,
  ending: "event: complete\ndata:\n\n",
};

/**
 * Answers with server-sent events, one frame a result and `event: complete` at the end; with 204
 * when there is nothing to send, now or ever.
 */
export function eventSourceResponse(
  request: Request,
  subscription: Subscription,
  format: Format,
  fetchApi: FetchApi,
  slowReaders: SlowReaders,
): Response {
  if (requestState(request).isPastEnd) {
    subscription.close();
    return new fetchApi.Response(null, { status: 204 });
  }
  const read: ReadFrames = (observer) => subscription.watch(format, observer);
  const { caller } = requestState(request);
  return streamedResponse(read, FRAMING, fetchApi, { slowReaders, caller });
}

/** The line that a client brings back as `Last-Event-ID`. */
export function idLine(at: CursorExtensions | undefined): string {
  return at ? `id: ${at.cursor}\n` : "";
}
