import { connect } from "node:net";

/** What comes is enough once a stream has begun: a part of it is there. */
const STREAM_BEGUN = /content-type: (?:text\/event-stream|multipart\/mixed)[^]*\r\n\r\n[^]*[{:]/i;

/**
 * Sends these bytes to the server at `url`, on a connection of their own, and resolves with what comes
 * back, up to its end or into the first part of a stream. `thenEnd` says that nothing will follow.
 */
export function exchange(url: string, bytes: Buffer, thenEnd = false): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (data: string) => {
      text += data;
      if (STREAM_BEGUN.test(text)) socket.destroy();
    });
    // Cut off by the server in the middle of what it was sent.
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
    if (thenEnd) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** A request to open a WebSocket. */
export function upgradeTo(url: string): Buffer {
  return Buffer.from(
    [
      `GET ${new URL(url).pathname} HTTP/1.1`,
      "host: localhost",
      "connection: Upgrade",
      "upgrade: websocket",
      "sec-websocket-version: 13",
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-protocol: graphql-transport-ws",
      "",
      "",
    ].join("\r\n"),
  );
}
