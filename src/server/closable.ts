import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/** Tells clients of a WebSocket to connect again, later (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;

/** How long answers that are being sent, and clients that are told to go, may take. */
const CLOSE_GRACE_MS = 2_000;

/**
 * Makes a server that has not begun to listen one that can be closed. The function returned stops
 * it, lets it finish what it is sending, and resolves when all its connections have ended.
 */
export function closable(server: Server, sockets: ReadonlySet<WebSocket>): () => Promise<void> {
  const unused = trackUnused(server);
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of unused) connection.destroy();
    for (const socket of sockets) socket.close(GOING_AWAY);
    // A connection that is kept alive becomes idle only once its last answer has been sent.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    const grace = setTimeout(() => {
      server.closeAllConnections();
      // The server has nothing to do with these any more, and yet waits for them.
      for (const socket of sockets) socket.terminate();
    }, CLOSE_GRACE_MS);
    await closed;
    clearInterval(idle);
    clearTimeout(grace);
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
    socket.once("close", () => unused.delete(socket));
  });
  server.on("request", use);
  server.on("upgrade", use);
  return unused;
}
