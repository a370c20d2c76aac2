import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { handleProtocols } from "graphql-ws";
import { WebSocketServer, type WebSocket } from "ws";
import type { Service } from "../service.ts";

/** The most that `ws` can tell from no limit. */
const MOST_PAYLOAD = 2 ** 31 - 1;

/**
 * A message may come in pieces of so many bytes on the average, or larger ones, but for the first
 * thousand: each takes memory of its own, however small it is (GHSA-96hv-2xvq-fx4p).
 */
const PIECE_BYTES = 256;
const LEAST_PIECES = 1_024;

/**
 * Accepts WebSockets for the service that are `isForUs` by their `Host`, from its own pages, from
 * allowed sites and from programs. Returns those that are open, now and at any time.
 */
export function acceptUpgrades(
  server: Server,
  service: Service,
  isForUs: (host: string | undefined) => boolean,
): ReadonlySet<WebSocket> {
  const maxPayload = Math.min(service.limits.maxMessageBytes, MOST_PAYLOAD);
  const maxPieces = Math.max(LEAST_PIECES, Math.ceil(maxPayload / PIECE_BYTES));
  const handshake = new WebSocketServer({
    noServer: true,
    maxPayload,
    maxFragments: maxPieces,
    maxBufferedChunks: maxPieces,
    // graphql-ws needs a moment to forget an operation that was completed: its id may come again at once.
    allowSynchronousEvents: false,
    // Whoever offers others only is let in all the same, to be told why not: of a handshake that
    // fails browsers tell nobody the reason.
    handleProtocols: (offered) => handleProtocols(offered) || ([...offered][0] ?? false),
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", destroyThis);
    if (!isForUs(request.headers.host)) return refuse(socket, "403 Forbidden");
    if (pathOf(request) !== service.endpoint || !service.servesClients)
      return refuse(socket, "404 Not Found");
    // CORS does not cover WebSockets: any page may open one, with the user's cookies.
    if (!service.letsIn(request)) return refuse(socket, "403 Forbidden");
    handshake.handleUpgrade(request, socket, head, (accepted) => {
      service.acceptSocket(accepted, request);
    });
  });
  return handshake.clients;
}

/** No closure, which would hold the upgrade's request for as long as the socket stays. */
function destroyThis(this: Duplex): void {
  this.destroy();
}

/** `undefined` for what is no address: a client may send anything, `//` for example. */
function pathOf({ url = "/" }: IncomingMessage): string | undefined {
  return URL.canParse(url, "http://localhost")
    ? new URL(url, "http://localhost").pathname
    : undefined;
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
