import type { Socket } from "node:net";
import type { WebSocket } from "ws";

/** How often a socket is pinged. */
const INTERVAL_MS = 12_000;

/** So many turns are taken in that time: to ping ten thousand at once would hold up all others. */
const TURNS = 120;

/** Pings in a row that may be unanswered, by one that has much to take before it comes to them. */
const MOST_UNANSWERED = 4;

/** Whoever was sent more since it was last heard of has much to take. */
const MUCH_BYTES = 128 * 1024;

interface Kept {
  readonly connection: Socket;
  /** Pings in a row. */
  unanswered: number;
  /** Of the connection, when it was last heard of. */
  bytesWritten: number;
}

/**
 * The sockets that are open. Ends those whose client has vanished without a word: such a one has not
 * answered a ping by the next time, or, where much was on its way before the ping, some times later.
 * One timer looks after all, and each has its turn. Dispose of it to stop.
 */
export class OpenSockets implements Disposable {
  readonly #turns = Array.from({ length: TURNS }, () => new Map<WebSocket, Kept>());
  readonly #timer = setInterval(() => this.#ping(), INTERVAL_MS / TURNS).unref();
  #next = 0;
  #now = 0;

  /** `connection` is what is beneath the socket. */
  add(socket: WebSocket, connection: Socket): void {
    const turn = this.#turns[this.#next++ % TURNS];
    const kept: Kept = { connection, unanswered: 0, bytesWritten: 0 };
    turn?.set(socket, kept);
    socket.on("pong", () => heard(kept));
    socket.on("close", () => turn?.delete(socket));
  }

  *[Symbol.iterator](): IterableIterator<WebSocket> {
    for (const turn of this.#turns) yield* turn.keys();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #ping(): void {
    for (const [socket, kept] of this.#turns[this.#now++ % TURNS] ?? []) {
      // Its answer would not be heard.
      if (socket.isPaused) continue;
      // Whether it takes any of what waits in this process, `SlowReaders` sees.
      if (kept.connection.writableLength > 0) heard(kept);
      else if (kept.unanswered < allowance(kept)) {
        kept.unanswered += 1;
        socket.ping();
      } else socket.terminate();
    }
  }
}

function heard(kept: Kept): void {
  kept.unanswered = 0;
  kept.bytesWritten = kept.connection.bytesWritten;
}

function allowance({ connection, bytesWritten }: Kept): number {
  return connection.bytesWritten - bytesWritten > MUCH_BYTES ? MOST_UNANSWERED : 1;
}
