import type { CursorExtensions } from "../projection/frame.ts";
import type { ReadFrames } from "./read-frames.ts";

type Controller = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

/** How a protocol writes a stream of results as bytes. */
export interface Framing {
  readonly headers: Readonly<Record<string, string>>;
  /** What comes first, at once. */
  readonly opening: string;
  /** What says that the stream is alive. */
  readonly ping: string;
  readonly pingMs: number;
  /** What says that the cursor has moved. */
  readonly tick: (at: CursorExtensions) => string;
  /** What comes after the last result. */
  readonly ending: string;
}

/** The web classes to answer with: Yoga's, which are Node's or quicker ones. */
export type FetchApi = Pick<typeof globalThis, "Response" | "ReadableStream">;

/**
 * Answers with frames, read as fast as the client takes them. Closing the connection ends the reading.
 * When the service stops before the run has ended, the answer breaks off without its ending, so that
 * the client comes back.
 */
export function streamedResponse(
  read: ReadFrames,
  { headers, opening, ping, pingMs, tick, ending }: Framing,
  { Response, ReadableStream }: FetchApi,
): Response {
  /** The call of `pull` that waits, and what ends it. */
  let asked: { readonly controller: Controller; readonly settle: () => void } | undefined;
  let pinging: NodeJS.Timeout | undefined;
  const answer = (write: (controller: Controller) => void): void => {
    const waiting = asked;
    asked = undefined;
    if (!waiting) return;
    write(waiting.controller);
    waiting.settle();
  };
  const frames = read({
    next(batch) {
      const pieces = batch.map((frame) =>
        frame.kind === "tick" ? Buffer.from(tick(frame.at)) : frame.bytes,
      );
      answer((controller) => controller.enqueue(Buffer.concat(pieces)));
    },
    error(error) {
      clearInterval(pinging);
      answer((controller) => controller.error(error));
    },
    complete() {
      clearInterval(pinging);
      answer((controller) => {
        controller.enqueue(Buffer.from(ending));
        controller.close();
      });
    },
  });
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(Buffer.from(opening));
      pinging = setInterval(() => {
        // Else the client has yet to take what was sent before.
        if (asked) controller.enqueue(Buffer.from(ping));
      }, pingMs);
    },
    pull: (controller) =>
      new Promise((settle) => {
        asked = { controller, settle };
        frames.pull();
      }),
    cancel() {
      clearInterval(pinging);
      frames.close();
      answer(() => {});
    },
  });
  return new Response(body, { status: 200, headers });
}
