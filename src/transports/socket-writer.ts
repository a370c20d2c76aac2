import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { textMessages } from "./text-messages.ts";

/**
 * Writes many text messages to a socket at once, which `ws` has no way to do: it makes a system call
 * of each. Where no extension is negotiated that changes them, they go to the connection beneath it,
 * all of one event-loop turn together.
 */
export class SocketWriter {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  #isCorked = false;
  #drained: Promise<void> | undefined;

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

  /** Resolves once more is to be sent, or the socket has closed; `undefined` when that is so now. */
  drained(): Promise<void> | undefined {
    const connection = this.#connection;
    if (this.#drained || connection.destroyed || !connection.writableNeedDrain)
      return this.#drained;
    return (this.#drained = new Promise((resolve) => {
      const settle = (): void => {
        connection.off("drain", settle).off("close", settle);
        this.#drained = undefined;
        resolve();
      };
      connection.on("drain", settle).on("close", settle);
    }));
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
    this.#drained = new Promise((resolve) => {
      for (const [i, body] of bodies.entries()) {
        const isLast = i === bodies.length - 1;
        this.#socket.send(
          Buffer.concat([head, body, tail]),
          { binary: false },
          // Called in any case, with an error if it has closed: whoever closed it knows.
          isLast ? () => resolve() : undefined,
        );
      }
    });
  }
}
