import type { ExecutionResult } from "graphql";
import { requestState } from "./request-state.ts";

/** Proxies close what is silent for long; and a write is how a vanished client is found out. */
const PING_MS = 12_000;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  // nginx buffers answers otherwise.
  "x-accel-buffering": "no",
};

/** The web classes to answer with: Yoga's, which are Node's or quicker ones. */
export type FetchApi = Pick<typeof globalThis, "Response" | "ReadableStream" | "TextEncoder">;

/**
 * Answers with server-sent events, one frame a result, read as fast as the client takes them, and
 * `event: complete` at the end; with 204 when there is nothing to send, now or ever. Closing the
 * connection ends `results`.
 */
export function eventSourceResponse(
  request: Request,
  results: AsyncIterable<ExecutionResult>,
  format: (result: ExecutionResult) => string,
  { Response, ReadableStream, TextEncoder }: FetchApi,
): Response {
  const iterator = results[Symbol.asyncIterator]();
  if (requestState(request).isPastEnd) {
    void iterator.return?.();
    return new Response(null, { status: 204 });
  }
  const encoder = new TextEncoder();
  const encode = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);
  let ping: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      // Some browsers report an open stream only once something has come.
      controller.enqueue(encode(":\n\n"));
      ping = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encode(":\n\n"));
      }, PING_MS);
    },
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (done !== true) return controller.enqueue(encode(format(value)));
      } catch (error) {
        clearInterval(ping);
        await iterator.return?.();
        throw error;
      }
      clearInterval(ping);
      controller.enqueue(encode("event: complete\ndata:\n\n"));
      controller.close();
    },
    async cancel() {
      clearInterval(ping);
      await iterator.return?.();
    },
  });
  return new Response(body, { status: 200, headers: HEADERS });
}
