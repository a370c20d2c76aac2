import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to a server that can be cut. */
export interface TcpProxy extends AsyncDisposable {
  /** The server's address, by this way. */
  readonly url: string;
  /** How many connections there have been. */
  readonly connections: number;
  /** Drops all connections, or those chosen, without a word of the protocol inside. */
  cut(isChosen?: () => boolean): void;
  /** Carries nothing any more, and keeps the connections. */
  freeze(): void;
  /** Leads those who come from now on to another server. */
  redirect(target: string): void;
  /** Lets nobody in any more. */
  close(): void;
}

export async function startProxy(target: string): Promise<TcpProxy> {
  let { port, hostname } = new URL(target);
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((inward) => {
    connections += 1;
    const outward = connect(Number(port), hostname);
    for (const [from, to] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (isChosen = (): boolean => true): void => {
    for (const socket of sockets) if (isChosen()) socket.destroy();
  };
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    get connections() {
      return connections;
    },
    cut,
    freeze: () => sockets.forEach((socket) => socket.pause()),
    redirect: (other) => ({ port, hostname } = new URL(other)),
    close: () => server.close(),
    async [Symbol.asyncDispose]() {
      server.close();
      cut();
    },
  };
}
