import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Socket } from "node:net";

const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/** Finds frames, and does nothing with what is in them: the client must not be what is measured. */
export interface WebSocketConnection {
  /** Called for each message with the bytes of its text: `buffer` from `start` to `end`. */
  onText: (buffer: Buffer, start: number, end: number) => void;
  /** Called after each piece that came from the network, with its size. */
  onRead: (bytes: number) => void;
  /** Called at its end, with what the server said about it. */
  onClose: (reason: string) => void;
  send(text: string): void;
  readonly socket: Socket;
}

/** A WebSocket as RFC 6455 has it, without compression and fragments, which nobody here uses. */
export async function connect(url: string, protocol: string): Promise<WebSocketConnection> {
  const { socket, head } = await upgrade(url, protocol);
  socket.setNoDelay(true);
  const connection: WebSocketConnection = {
    onText: () => {},
    onRead: () => {},
    onClose: () => {},
    send: (text) => void socket.write(frame(TEXT, Buffer.from(text))),
    socket,
  };

  let reason = "without a word";
  let rest: Buffer | undefined;
  const read = (chunk: Buffer): void => {
    const buffer = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + 2 <= buffer.length) {
      const opcode = (buffer[at] ?? 0) & 0x0f;
      let length = (buffer[at + 1] ?? 0) & 0x7f;
      let start = at + 2;
      if (length === 126) {
        start += 2;
        if (start > buffer.length) break;
        length = buffer.readUInt16BE(at + 2);
      } else if (length === 127) {
        start += 8;
        if (start > buffer.length) break;
        // Nobody sends 4 GiB.
        length = buffer.readUInt32BE(at + 6);
      }
      const end = start + length;
      if (end > buffer.length) break;
      if (opcode === TEXT) connection.onText(buffer, start, end);
      else if (opcode === PING) socket.write(frame(PONG, buffer.subarray(start, end)));
      else if (opcode === CLOSE) {
        if (length >= 2) {
          reason = `${buffer.readUInt16BE(start)} ${buffer.toString("utf8", start + 2, end)}`;
        }
        socket.end();
      }
      at = end;
    }
    rest = at === buffer.length ? undefined : buffer.subarray(at);
    connection.onRead(chunk.length);
  };
  socket.on("error", () => socket.destroy());
  socket.on("close", () => connection.onClose(reason));
  socket.on("data", read);
  if (head.length > 0) read(head);
  return connection;
}

function upgrade(url: string, protocol: string): Promise<{ socket: Socket; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const { href } = Object.assign(new URL(url), { protocol: "http:" });
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      "sec-websocket-protocol": protocol,
    };
    request(href, { headers })
      .on("upgrade", (_response, socket, head) => resolve({ socket, head }))
      .on("response", ({ statusCode }) => reject(new Error(`${href} answered ${statusCode}`)))
      .on("error", reject)
      .end();
  });
}

/** A client has to mask what it sends; a mask of zeroes leaves it as it is. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 6 : 8);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (length < 126 ? length : 126);
  if (length >= 126) header.writeUInt16BE(length, 2);
  return Buffer.concat([header, payload]);
}
