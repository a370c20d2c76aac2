import { atExpiry } from "../../access/at-expiry.ts";
import type { Caller } from "../../access/caller.ts";
import { UnauthenticatedError } from "../../errors.ts";
import type { CursorExtensions } from "../../projection/frame.ts";
import type { ReadFrames } from "./read-frames.ts";
import type { SlowReaders } from "../pipeline/slow-readers.ts";

type Controller = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

/**
 * More is handed on in pieces, so that a client which takes its time over something large is seen to
 * take some of it.
 */
const PIECE_BYTES = 256 * 1024;

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

const NOTHING = Buffer.alloc(0);

/** What ends a stream before its run does. */
export interface StreamEnds {
  readonly slowReaders: Pick<SlowReaders, "watch">;
  /** Who reads it, and until when that holds. */
  readonly caller?: Pick<Caller, "expiresAt"> | undefined;
}

/** The web classes to answer with: Yoga's, which are Node's or quicker ones. */
export type FetchApi = Pick<typeof globalThis, "Response" | "ReadableStream">;

/**
 * Answers with frames, read as fast as the client takes them. Closing the connection ends the reading.
 * When the service stops before the run has ended, the client takes nothing for too long, or what it has
 * shown is no longer good, the answer breaks off without its ending, so that the client comes back.
 */
export function streamedResponse(
  read: ReadFrames,
  { headers, opening, ping, pingMs, tick, ending }: Framing,
  { Response, ReadableStream }: FetchApi,
  { slowReaders, caller }: StreamEnds,
): Response {
  /** The call of `pull` that waits, and what ends it. */
  let asked: { readonly controller: Controller; readonly settle: () => void } | undefined;
  let pinging: NodeJS.Timeout | undefined;
  /** What is there and has yet to be handed on. */
  let rest = NOTHING;
  let taken = 0;
  let unwatch = (): void => {};
  let keep = (): void => {};
  const end = (): void => {
    clearInterval(pinging);
    unwatch();
    keep();
  };
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
      rest = Buffer.concat(pieces);
      answer(handOn);
    },
    error(error) {
      end();
      answer((controller) => controller.error(error));
    },
    complete() {
      end();
      answer((controller) => {
        controller.enqueue(Buffer.from(ending));
        controller.close();
      });
    },
  });
  function handOn(controller: Controller): void {
    controller.enqueue(rest.subarray(0, PIECE_BYTES));
    rest = rest.length > PIECE_BYTES ? rest.subarray(PIECE_BYTES) : NOTHING;
  }
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(Buffer.from(opening));
      const breakOff = (error: Error): void => {
        end();
        frames.close();
        controller.error(error);
        answer(() => {});
      };
      unwatch = slowReaders.watch({
        // Else the client has yet to take what was sent before.
        progress: () => (asked ? undefined : String(taken)),
        cutOff: () => breakOff(new Error("The client took nothing for too long")),
      });
      pinging = setInterval(() => {
        // Else the client has yet to take what was sent before.
        if (asked) controller.enqueue(Buffer.from(ping));
      }, pingMs);
      // Last: it may be so already, and then all of these have to be there to be ended.
      keep = atExpiry(caller, () =>
        breakOff(new UnauthenticatedError("What the client has shown is no longer good")),
      );
    },
    pull(controller) {
      taken += 1;
      if (rest.length > 0) return handOn(controller);
      return new Promise((settle) => {
        asked = { controller, settle };
        frames.pull();
      });
    },
    cancel() {
      end();
      frames.close();
      answer(() => {});
    },
  });
  return new Response(body, { status: 200, headers });
}
