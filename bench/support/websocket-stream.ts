import type { OnEvent, Operation, Stream } from "./stream.ts";
import { Tally } from "./tally.ts";
import { connect, type WebSocketConnection } from "./websocket-connection.ts";

const TYPE = Buffer.from('"type":"');

/** The first letters of `next`, `complete` and `error`. */
const NEXT = "n".charCodeAt(0);
const COMPLETE = "c".charCodeAt(0);
const ERROR = "e".charCodeAt(0);

/** A socket of graphql-ws after its greeting, on which nothing has been asked. */
export async function openSocket(url: string): Promise<WebSocketConnection> {
  const connection = await connect(url, "graphql-transport-ws");
  await new Promise<void>((resolve, reject) => {
    connection.onText = () => resolve();
    connection.onClose = (reason) => reject(new Error(`${url} closed the socket: ${reason}`));
    connection.send('{"type":"connection_init"}');
  });
  return connection;
}

/** Subscribes on a socket that {@link openSocket} opened, and counts. */
export function subscribe(
  connection: WebSocketConnection,
  operation: Operation,
  onEvent?: OnEvent,
): Stream {
  const tally = new Tally();
  let events = 0;
  let isComplete = false;
  // Where the type stands in a message; the same in all messages of one server.
  let at = 0;
  connection.onText = (buffer, start, end) => {
    if (!isTypeAt(buffer, start + at)) at = buffer.indexOf(TYPE, start) - start;
    const letter = buffer[start + at + TYPE.length];
    if (letter === NEXT) {
      events += 1;
      onEvent?.(buffer, start, end);
    } else if (letter === COMPLETE) {
      isComplete = true;
    } else if (letter === ERROR) {
      tally.fail(new Error(buffer.toString("utf8", start, Math.min(end, start + 1_000))));
    }
  };
  connection.onRead = (bytes) => {
    tally.add(events, bytes);
    events = 0;
    if (isComplete) tally.complete();
  };
  connection.onClose = (reason) => {
    tally.fail(new Error(`The socket closed after ${tally.count} events: ${reason}`));
  };
  const sentAt = performance.now();
  connection.send(JSON.stringify({ id: "1", type: "subscribe", payload: operation }));
  return {
    tally,
    sentAt,
    stall: () => void connection.socket.pause(),
    close: () => void connection.socket.destroy(),
  };
}

/** Compares two letters of it: enough to tell that it is not somewhere else. */
function isTypeAt(buffer: Buffer, at: number): boolean {
  return buffer[at] === TYPE[0] && buffer[at + 1] === TYPE[1] && buffer[at + 7] === TYPE[7];
}
