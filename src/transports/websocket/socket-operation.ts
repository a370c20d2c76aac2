import type { FormattedExecutionResult } from "graphql";
import type { WebSocket } from "ws";
import { BackendUnavailableError } from "../../errors.ts";
import type { Pulled } from "../../events/observer.ts";
import type { Format } from "../../projection/frame.ts";
import { resultJson } from "../../projection/result-json.ts";
import type { Subscription } from "../../projection/subscription.ts";
import type { Frames } from "../../projection/watch.ts";
import { TRY_AGAIN_LATER } from "./socket-close.ts";
import type { SocketWriter } from "./socket-writer.ts";

/** What stands in a `next` message as its payload. */
const PAYLOAD_FORMAT: Format = { name: "websocket", write: resultJson };

/** What comes after it. */
const TAIL = Buffer.from("}");

export interface SocketOperationOptions {
  readonly socket: WebSocket;
  readonly writer: SocketWriter;
  readonly id: string;
  /** Called once, when there is nothing more to come. */
  readonly onEnd: (operation: SocketOperation) => void;
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
  readonly #options: SocketOperationOptions;
  /** A `next` message, up to its payload. */
  readonly #head: Buffer;
  readonly #frames: Pulled;
  #isEnded = false;
  /** Ends the iteration. */
  #finish = (): void => {};

  constructor(subscription: Pick<Subscription, "watch">, options: SocketOperationOptions) {
    this.#options = options;
    this.#head = Buffer.from(`{"id":${JSON.stringify(options.id)},"type":"next","payload":`);
    this.#frames = subscription.watch(PAYLOAD_FORMAT, {
      next: (frames) => this.#write(frames),
      error: (error) => this.#breakOff(error),
      complete: () => this.#end(),
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Called once. */
  next(): Promise<IteratorResult<FormattedExecutionResult, void>> {
    return new Promise((resolve) => {
      this.#finish = () => resolve({ done: true, value: undefined });
      this.#goOn();
    });
  }

  return(): Promise<IteratorResult<FormattedExecutionResult, void>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Once the socket takes more, and it is this operation's turn. */
  #goOn(): void {
    const drained = this.#options.writer.drained();
    if (drained) void drained.then(() => this.#pull());
    else this.#pull();
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
    this.#goOn();
  }

  /**
   * The client is to come back, which it does when its socket ends. A service that stops closes all
   * of them; then `return` comes.
   */
  #breakOff(error: unknown): void {
    this.#noteEnd();
    if (error instanceof BackendUnavailableError) {
      this.#options.socket.close(TRY_AGAIN_LATER, "The storage of runs cannot be reached");
    }
  }

  #end(): void {
    this.#frames.close();
    this.#noteEnd();
    this.#finish();
  }

  #noteEnd(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.onEnd(this);
  }
}
