import type { WebSocket } from "ws";

/** How often a socket is pinged; one that has not answered by the next time is gone. */
const INTERVAL_MS = 12_000;

/** The sockets that are open. Ends those whose client has vanished without a word; dispose of it to stop. */
export class OpenSockets implements Disposable {
  /** Whether each has answered since it was pinged last. */
  readonly #sockets = new Map<WebSocket, boolean>();
  readonly #timer = setInterval(() => this.#pingAll(), INTERVAL_MS).unref();

  add(socket: WebSocket): void {
    this.#sockets.set(socket, true);
    socket.on("pong", () => this.#sockets.set(socket, true));
    socket.once("close", () => this.#sockets.delete(socket));
  }

  [Symbol.iterator](): Iterator<WebSocket> {
    return this.#sockets.keys();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #pingAll(): void {
    for (const [socket, isAlive] of this.#sockets) {
      // Its answer would not be heard.
      if (socket.isPaused) continue;
      if (!isAlive) {
        socket.terminate();
        continue;
      }
      this.#sockets.set(socket, false);
      socket.ping();
    }
  }
}
