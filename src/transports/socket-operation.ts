import type { FormattedExecutionResult } from "graphql";
import type { WebSocket } from "ws";
import type { Pulled } from "../events/observer.ts";
import type { Format } from "../projection/frame.ts";
import { resultJson } from "../projection/result-json.ts";
import type { Frames } from "../projection/watch.ts";
import type { ReadFrames } from "./read-frames.ts";
import type { SocketWriter } from "./socket-writer.ts";

/** What stands in a `next` message as its payload. */
export const PAYLOAD_FORMAT: Format = { name: "payload", write: resultJson };

/** What comes after it. */
const TAIL = Buffer.from("}");

export interface SocketOperationOptions {
  readonly read: ReadFrames;
  readonly socket: WebSocket;
  readonly writer: SocketWriter;
  readonly id: string;
}

/**
 * An operation on a socket as graphql-ws knows it: an iterator that comes to its end, and has written
 * all results to the socket by itself until then. A tick becomes a `ping` with the cursor in its
 * payload: clients that do not know it answer and go on. When the service stops before the run has
 * ended it goes quiet, and the end of the socket tells.
 */
export class SocketOperation implements AsyncIterableIterator<
  FormattedExecutionResult,
  void,
  void
> {
  /** Resolves when there is nothing more to come. */
  readonly ended: Promise<void>;
  #noteEnd = (): void => {};
  /** Resolves when the iteration is at its end. */
  readonly #finished: Promise<void>;
  #finish = (): void => {};
  readonly #options: SocketOperationOptions;
  /** A `next` message, up to its payload. */
  readonly #head: Buffer;
  readonly #frames: Pulled;

  constructor(options: SocketOperationOptions) {
    this.ended = new Promise((resolve) => (this.#noteEnd = resolve));
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
    this.#options = options;
    this.#head = Buffer.from(`{"id":${JSON.stringify(options.id)},"type":"next","payload":`);
    this.#frames = options.read({
      next: (frames) => this.#write(frames),
      // The service stops; what tells clients so is the end of the socket, with which `return` comes.
      error: () => this.#noteEnd(),
      complete: () => this.#end(),
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<FormattedExecutionResult, void>> {
    this.#pull();
    await this.#finished;
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<FormattedExecutionResult, void>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #pull(): void {
    const { socket } = this.#options;
    // graphql-ws goes on for a socket that closed while the operation was being prepared.
    if (socket.readyState === socket.OPEN) this.#frames.pull();
    else this.#end();
  }

  #write(frames: Frames): void {
    const { socket, writer, id } = this.#options;
    const results = frames.filter((frame) => frame.kind === "result");
    const bodies = results.map(({ bytes }) => bytes);
    if (bodies.length > 0) writer.send(this.#head, bodies, TAIL);
    // A tick comes after all results that are there.
    const last = frames.at(-1);
    if (last?.kind === "tick") {
      socket.send(JSON.stringify({ type: "ping", payload: { id, ...last.at } }));
    }
    const drained = writer.drained();
    if (drained) void drained.then(() => this.#pull());
    else this.#pull();
  }

  #end(): void {
    this.#frames.close();
    this.#noteEnd();
    this.#finish();
  }
}
