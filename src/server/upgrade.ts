import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { handleProtocols } from "graphql-ws";
import { WebSocketServer, type WebSocket } from "ws";
import type { Service } from "../service.ts";

/** A message from a client may have so many bytes; the protocol closes the socket of one that has more. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * Accepts WebSockets for the service that are `isForUs` by their `Host`, from its own pages, from
 * allowed sites and from programs. Returns those that are open, now and at any time.
 */
export function acceptUpgrades(
  server: Server,
  service: Service,
  isForUs: (host: string | undefined) => boolean,
): ReadonlySet<WebSocket> {
  const handshake = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    // graphql-ws needs a moment to forget an operation that was completed: its id may come again at once.
    allowSynchronousEvents: false,
    // Whoever offers others only is let in all the same, to be told why not: of a handshake that
    // fails browsers tell nobody the reason.
    handleProtocols: (offered) => handleProtocols(offered) || ([...offered][0] ?? false),
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", destroyThis);
    if (!isForUs(request.headers.host)) return refuse(socket, "403 Forbidden");
    if (pathOf(request) !== service.endpoint) return refuse(socket, "404 Not Found");
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
