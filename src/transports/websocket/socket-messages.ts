import type { Socket } from "node:net";
import { CloseCode, MessageType, parseMessage, type Server } from "graphql-ws";
import type { Logger } from "../../logger.ts";
import { holdBack } from "./hold-back.ts";
import type { Connection } from "./socket-protocol.ts";

export interface SocketMessagesOptions {
  readonly connection: Connection;
  /** What is beneath the socket. */
  readonly stream: Socket;
  readonly logger: Logger;
}

/** Carries messages between a socket and graphql-ws, as its own `useServer` does for a server of sockets. */
export function carryMessages(
  protocol: Server<Connection>,
  { connection, stream, logger }: SocketMessagesOptions,
): void {
  const { socket } = connection;
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(text, (error) => (error ? reject(error) : resolve()));
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (listener) => {
        socket.on("message", (data) => {
          // Whoever is sent away is not heard any more, however long the goodbye takes.
          if (socket.readyState !== socket.OPEN) return;
          holdBack(socket, stream);
          // A buffer, however it came: that is the `binaryType` of `ws` unless one asks for others.
          const text = (data as Buffer).toString();
          listener(text).catch((error: unknown) => {
            if (isForClients(text)) {
              return socket.close(CloseCode.BadRequest, "Only servers send such messages");
            }
            logger.error({ err: error }, "a WebSocket message could not be handled");
            socket.close(CloseCode.InternalServerError, "Internal server error");
          });
        });
      },
    },
    connection,
  );
  // The client's doing: a frame that is none, or a message that is too large. `ws` closes it.
  socket.on("error", (error) => logger.debug({ err: error }, "a WebSocket broke the protocol"));
  socket.on("close", (code, reason) => {
    closed(code, String(reason)).catch((error: unknown) => {
      logger.error({ err: error }, "a WebSocket's operations could not be ended");
    });
  });
}

/** What only servers send, and graphql-ws, which has parsed it already, throws at. */
function isForClients(text: string): boolean {
  const { type } = parseMessage(text);
  return [MessageType.ConnectionAck, MessageType.Next, MessageType.Error].includes(type);
}
