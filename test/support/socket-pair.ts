import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer, type ServerOptions } from "ws";

/** Both ends of a WebSocket. */
export interface SocketPair extends AsyncDisposable {
  readonly server: WebSocket;
  /** The request that `server` was accepted with. */
  readonly upgrade: IncomingMessage;
  readonly client: WebSocket;
  /** What came to the client: texts, and pings as `ping <data>`. */
  readonly received: readonly string[];
}

/** Opens a WebSocket over a real connection. */
export async function openSocketPair(options: ServerOptions = {}): Promise<SocketPair> {
  const listening = new WebSocketServer({ port: 0, host: "localhost", ...options });
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  const client = new WebSocket(`ws://localhost:${port}`);
  const received: string[] = [];
  client.on("message", (data: Buffer, isBinary) => {
    received.push(isBinary ? "binary" : data.toString());
  });
  client.on("ping", (data) => received.push(`ping ${data.toString()}`));
  const opened = once(client, "open");
  const [server, upgrade] = (await once(listening, "connection")) as [WebSocket, IncomingMessage];
  await opened;
  return {
    server,
    upgrade,
    client,
    received,
    async [Symbol.asyncDispose]() {
      client.terminate();
      server.terminate();
      listening.close();
      await once(listening, "close");
    },
  };
}
