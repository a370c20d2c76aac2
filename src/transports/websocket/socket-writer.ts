import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Reader } from "../pipeline/slow-readers.ts";
import { textMessages } from "./text-messages.ts";

/**
 * Writes many text messages to a socket at once, which `ws` has no way to do: it makes a system call
 * of each. Where no extension is negotiated that changes them, they go to the connection beneath it,
 * all of one event-loop turn together. Those who share it go on one after the other, so that what
 * waits in it is about what one of them sends at once, however many there are.
 */
export class SocketWriter implements Reader {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  #isCorked = false;
  /** Those who wait to send more, in the order in which they came. */
  #waiting: (() => void)[] = [];
  #isListening = false;
  #isServing = false;
  /** Sends that `ws` has not done yet, of messages that go through it. */
  #unsent = 0;

  /** `upgrade` is the request that `socket` was accepted with. */
  constructor(socket: WebSocket, upgrade: IncomingMessage) {
    this.#socket = socket;
    this.#connection = upgrade.socket;
  }

  /**
   * Sends messages in order, each being `head`, one of `bodies`, and `tail`; before whatever is sent
   * on the socket later. Does nothing once it has closed.
   */
  send(head: Buffer, bodies: readonly Buffer[], tail: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.extensions !== "") return this.#sendOneByOne(head, bodies, tail);
    this.#cork();
    this.#connection.write(textMessages(head, bodies, tail));
  }

  /**
   * Resolves once more is to be sent and those who came before have had their turn, or the socket has
   * closed; `undefined` when that is so now. Whoever has it resolved sends within that turn of the
   * event loop, or lets the next go on.
   */
  drained(): Promise<void> | undefined {
    if (this.#waiting.length === 0 && !this.#isBlocked()) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#listen();
    });
  }

  /** See {@link Reader.progress}. */
  progress(): string | undefined {
    const { writableLength } = this.#connection;
    if (writableLength === 0) return undefined;
    return `${this.#connection.bytesWritten - writableLength} ${partLeft(this.#connection)}`;
  }

  /** Its operations end with it, and its client comes back. */
  cutOff(): void {
    this.#socket.terminate();
  }

  #isBlocked(): boolean {
    const { destroyed, writableNeedDrain } = this.#connection;
    return this.#unsent > 0 || (!destroyed && writableNeedDrain);
  }

  #listen(): void {
    const connection = this.#connection;
    if (this.#isListening || connection.destroyed || !connection.writableNeedDrain) return;
    this.#isListening = true;
    const settle = (): void => {
      connection.off("drain", settle).off("close", settle);
      this.#isListening = false;
      void this.#serve();
    };
    connection.on("drain", settle).on("close", settle);
  }

  async #serve(): Promise<void> {
    if (this.#isServing) return;
    this.#isServing = true;
    while (!this.#isBlocked()) {
      const next = this.#waiting.shift();
      if (!next) break;
      next();
      // What has been waiting for it sends now, if it has something.
      await Promise.resolve();
    }
    this.#isServing = false;
    if (this.#waiting.length > 0) this.#listen();
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#connection.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#connection.uncork();
    });
  }

  /** Compressed, say, which takes its time. */
  #sendOneByOne(head: Buffer, bodies: readonly Buffer[], tail: Buffer): void {
    this.#unsent += 1;
    const onSent = (): void => {
      this.#unsent -= 1;
      void this.#serve();
    };
    for (const [i, body] of bodies.entries()) {
      const isLast = i === bodies.length - 1;
      this.#socket.send(
        Buffer.concat([head, body, tail]),
        { binary: false },
        // Called in any case, with an error if it has closed: whoever closed it knows.
        isLast ? onSent : undefined,
      );
    }
  }
}

/**
 * What is left of the one write that the system is taking. Node's own timeouts look at this as well
 * (`Socket#_onTimeout`): of a large write it tells part from nothing. Where it is not told, a write is
 * seen to be taken when all of it is.
 */
function partLeft(connection: Socket): number | undefined {
  const { _handle: handle } = connection as Socket & {
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };
  return handle?.writeQueueSize;
}
