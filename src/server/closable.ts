import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/** Tells clients of a WebSocket to connect again, later (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;

/** How long answers that are being sent, and clients that are told to go, may take. */
const CLOSE_GRACE_MS = 2_000;

export interface Closable {
  /** Lets nobody in any more. Whoever is connected stays. */
  stopListening(): void;
  /** Stops, lets the server finish what it is sending, and resolves when all connections have ended. */
  close(): Promise<void>;
}

/** Makes a server that has not begun to listen one that can be closed. */
export function closable(server: Server, sockets: ReadonlySet<WebSocket>): Closable {
  const unused = trackUnused(server);
  let closed: Promise<void> | undefined;
  const stopListening = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      // A connection that is kept alive becomes idle only once its last answer has been sent.
      const idle = setInterval(() => server.closeIdleConnections(), 20);
      server.close(() => {
        clearInterval(idle);
        resolve();
      });
      for (const connection of unused) connection.destroy();
    });
    return closed;
  };
  return {
    stopListening: () => void stopListening(),
    async close() {
      const ended = stopListening();
      for (const socket of sockets) socket.close(GOING_AWAY);
      const grace = setTimeout(() => {
        server.closeAllConnections();
        // The server has nothing to do with these any more, and yet waits for them.
        for (const socket of sockets) socket.terminate();
      }, CLOSE_GRACE_MS);
      await ended;
      clearTimeout(grace);
    },
  };
}

/**
 * The connections on which nothing has been asked. Browsers open some in advance; Node does not count
 * them as idle, and a server that closes would wait for them.
 */
function trackUnused(server: Server): ReadonlySet<Duplex> {
  const unused = new Set<Duplex>();
  const use = ({ socket }: IncomingMessage): void => void unused.delete(socket);
  server.on("connection", (socket) => {
    unused.add(socket);
    socket.on("close", () => unused.delete(socket));
  });
  server.on("request", use);
  server.on("upgrade", use);
  return unused;
}
