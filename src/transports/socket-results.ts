import type { ExecutionResult } from "graphql";
import type { WebSocket } from "ws";
import { cursorOfResult, isStopping, isTick } from "./subscribe.ts";

/**
 * The results of one operation for as long as its socket is open. A tick becomes a `ping` with the
 * cursor in its payload: clients that do not know it answer and go on. When the service stops before
 * the run has ended it goes quiet, and the end of the socket tells. Complete enough that graphql-ws
 * takes it for a generator, and ends it when its client goes.
 */
export class SocketResults implements AsyncGenerator<ExecutionResult, void, void> {
  /** Resolves when the operation has ended, one way or the other. */
  readonly ended: Promise<void>;
  #noteEnd = (): void => {};
  readonly #source: AsyncIterator<ExecutionResult>;
  readonly #socket: WebSocket;
  readonly #id: string;

  constructor(source: AsyncIterable<ExecutionResult>, socket: WebSocket, id: string) {
    this.ended = new Promise((resolve) => (this.#noteEnd = resolve));
    this.#source = source[Symbol.asyncIterator]();
    this.#socket = socket;
    this.#id = id;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<ExecutionResult, void>> {
    for (;;) {
      // graphql-ws goes on reading for a socket that closed while the operation was being prepared.
      if (this.#socket.readyState !== this.#socket.OPEN) return this.return();
      const { done, value } = await this.#nextResult();
      if (done === true) return this.return();
      if (isStopping(value)) {
        await this.return();
        await this.#closed();
        return { done: true, value: undefined };
      }
      if (!isTick(value)) return { done: false, value };
      const payload = { id: this.#id, ...cursorOfResult(value) };
      this.#socket.send(JSON.stringify({ type: "ping", payload }));
    }
  }

  async #nextResult(): Promise<IteratorResult<ExecutionResult, unknown>> {
    try {
      return await this.#source.next();
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  /** Resolves when the socket has closed. */
  #closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState === this.#socket.CLOSED) resolve();
      else this.#socket.once("close", () => resolve());
    });
  }

  async return(): Promise<IteratorResult<ExecutionResult, void>> {
    this.#noteEnd();
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<ExecutionResult, void>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
