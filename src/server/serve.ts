import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createServerAdapter } from "@whatwg-node/server";
import { handleProtocols } from "graphql-ws";
import { WebSocketServer } from "ws";
import { ConfigError } from "../errors.ts";
import type { Service } from "../service.ts";
import { createGraphiql, type GraphiqlTab } from "./graphiql.ts";

/** A message from a client may have so many bytes; the protocol closes the socket of one that has more. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** How long answers that are being sent may take when the server closes. */
const CLOSE_GRACE_MS = 2_000;

export interface ServeOptions {
  readonly service: Service;
  /** 0 for any that is free. @default 4000 */
  readonly port?: number | undefined;
  /** Which address to listen on; only this machine reaches the default. @default "localhost" */
  readonly host?: string | undefined;
  /** Other sites whose pages may open a socket: as given to `createService`. @default none */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** GraphiQL's first tabs, or false for no GraphiQL. @default no tabs */
  readonly graphiql?:
    | { readonly title?: string; readonly tabs?: readonly GraphiqlTab[] }
    | false
    | undefined;
}

/** A listening server. Dispose of it to stop; the service is yours to dispose of. */
export interface ServerHandle extends AsyncDisposable {
  /** Where GraphQL and GraphiQL are: `http://localhost:4000/graphql`. */
  readonly url: string;
  readonly server: Server;
}

/**
 * Serves HTTP, server-sent events, WebSocket and GraphiQL on one port. Rejects with `ConfigError`
 * when the port cannot be listened on.
 */
export async function serve(options: ServeOptions): Promise<ServerHandle> {
  const { service, port = 4000, host = "localhost", allowedOrigins = [], graphiql = {} } = options;
  const page =
    graphiql &&
    createGraphiql({
      endpoint: service.endpoint,
      title: "langgraph-graphql",
      tabs: [],
      ...graphiql,
    });
  const answer = createServerAdapter(
    async (request: Request) => (page && (await page(request))) || service.fetch(request),
  );
  const server = createServer((request, response) => void answer(request, response));
  server.on("upgrade", createUpgrade(service, allowedOrigins));
  await listen(server, port, host);
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actualPort}${service.endpoint}`,
    server,
    [Symbol.asyncDispose]: () => close(server),
  };
}

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Accepts WebSockets for the service, from its own pages and from allowed sites. */
function createUpgrade(service: Service, allowedOrigins: readonly string[]): Upgrade {
  const handshake = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  return (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname !== service.endpoint) return refuse(socket, "404 Not Found");
    // CORS does not cover WebSockets: any page may open one, with the user's cookies.
    if (!isAllowedOrigin(request, allowedOrigins)) return refuse(socket, "403 Forbidden");
    handshake.handleUpgrade(request, socket, head, (accepted) => {
      service.acceptSocket(accepted, request);
    });
  };
}

function isAllowedOrigin({ headers }: IncomingMessage, allowedOrigins: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined || allowedOrigins.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, port, host)));
    server.listen(port, host, () => resolve());
  });
}

function explain(error: NodeJS.ErrnoException, port: number, host: string): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} is in use: stop what uses it, or choose another with --port`,
    EACCES: `Port ${port} needs more rights than this user has: choose one from 1024 with --port`,
    EADDRNOTAVAIL: `${host} is not an address of this machine: choose another with --host`,
    ENOTFOUND: `${host} is not an address of this machine: choose another with --host`,
  };
  const reason = reasons[error.code ?? ""];
  return reason === undefined ? error : new ConfigError(reason, { cause: error });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection that is kept alive becomes idle only once its last answer has been sent.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const grace = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(grace);
}
