import type { ExecutionResult } from "graphql";
import { ServiceStoppingError } from "../errors.ts";
import { isStopping } from "./subscribe.ts";

/** How a protocol writes a stream of results as bytes. */
export interface Framing {
  readonly headers: Readonly<Record<string, string>>;
  /** What comes first, at once. */
  readonly opening: string;
  /** What says that the stream is alive. */
  readonly ping: string;
  readonly pingMs: number;
  readonly format: (result: ExecutionResult) => string;
  /** What comes after the last result. */
  readonly ending: string;
}

/** The web classes to answer with: Yoga's, which are Node's or quicker ones. */
export type FetchApi = Pick<typeof globalThis, "Response" | "ReadableStream" | "TextEncoder">;

/**
 * Answers with one frame a result, read as fast as the client takes them. Closing the connection
 * ends `results`. When the service stops before the run has ended, or `results` fail, the answer
 * breaks off without its ending, so that the client comes back.
 */
export function streamedResponse(
  results: AsyncIterable<ExecutionResult>,
  { headers, opening, ping, pingMs, format, ending }: Framing,
  { Response, ReadableStream, TextEncoder }: FetchApi,
): Response {
  const iterator = results[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const encode = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);
  let pinging: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(encode(opening));
      pinging = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encode(ping));
      }, pingMs);
    },
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (done !== true && isStopping(value)) throw new ServiceStoppingError();
        if (done !== true) return controller.enqueue(encode(format(value)));
      } catch (error) {
        clearInterval(pinging);
        await iterator.return?.();
        return controller.error(error);
      }
      clearInterval(pinging);
      controller.enqueue(encode(ending));
      controller.close();
    },
    async cancel() {
      clearInterval(pinging);
      await iterator.return?.();
    },
  });
  return new Response(body, { status: 200, headers });
}
