import type { Socket } from "node:net";
import type { WebSocket } from "ws";

/** Bytes of answers that may wait for a client while it is heard. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/**
 * Hears nothing more of a client that asks and asks and reads no answers, until it has read them: what
 * waits for it is bounded, however much it asks. `connection` is what is beneath `socket`. Called with
 * every message.
 */
export function holdBack(socket: WebSocket, connection: Socket): void {
  if (connection.writableLength <= MAX_UNREAD_BYTES || socket.isPaused) return;
  socket.pause();
  const hear = (): void => {
    connection.off("drain", hear).off("close", hear);
    socket.resume();
  };
  connection.on("drain", hear).on("close", hear);
}
