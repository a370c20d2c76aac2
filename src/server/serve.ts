import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { createServerAdapter } from "@whatwg-node/server";
import { ConfigError } from "../errors.ts";
import type { Service } from "../service.ts";
import { closable } from "./closable.ts";
import { createGraphiql, type GraphiqlTab } from "./graphiql.ts";
import { acceptUpgrades } from "./upgrade.ts";

export interface ServeOptions {
  readonly service: Service;
  /** 0 for any that is free. @default 4000 */
  readonly port?: number | undefined;
  /** Which address to listen on; only this machine reaches the default. @default "localhost" */
  readonly host?: string | undefined;
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
  /**
   * Lets nobody in any more; whoever is connected stays. For a stop that takes its time: call it
   * before you dispose of the service.
   */
  stopListening(): void;
}

/**
 * Serves HTTP, server-sent events, WebSocket and GraphiQL on one port. Rejects with `ConfigError`
 * when the port cannot be listened on.
 */
export async function serve(options: ServeOptions): Promise<ServerHandle> {
  const { service, port = 4000, host = "localhost", graphiql = {} } = options;
  const page =
    graphiql &&
    createGraphiql({
      endpoint: service.endpoint,
      title: "langgraph-graphql",
      tabs: [],
      ...graphiql,
    });
  const answer = createServerAdapter<{ readonly res: ServerResponse }>(
    async (request, { res }) =>
      (page && ((await page(request)) ?? toPage(request, service.endpoint))) ||
      breaksOff(await service.fetch(request), res),
  );
  const server = createServer((request, response) => void answer(request, response));
  const sockets = acceptUpgrades(server, service);
  const { stopListening, close } = closable(server, sockets);
  await listen(server, port, host);
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actualPort}${service.endpoint}`,
    server,
    stopListening,
    [Symbol.asyncDispose]: close,
  };
}

/** Somebody who typed the host alone is looking for the page. */
function toPage(request: Request, endpoint: string): Response | undefined {
  const isRoot = request.method === "GET" && new URL(request.url).pathname === "/";
  return isRoot ? new Response(null, { status: 302, headers: { location: endpoint } }) : undefined;
}

/**
 * Has an answer that breaks off take its connection with it. Otherwise its client would wait for the
 * rest: of Node's streams, which Yoga answers with, the adapter hears of no end but the good one.
 */
function breaksOff(answer: Response, response: ServerResponse): Response {
  // One of known length is whole.
  if (answer.headers.has("content-length")) return answer;
  // The web's own streams are read by the adapter, which hears how they end.
  const body = answer.body as unknown as Partial<Readable> | null;
  body?.once?.("close", () => {
    if (!body.readableEnded) response.destroy();
  });
  return answer;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays: one that comes after listening began must not end the process.
    server.on("error", (error: NodeJS.ErrnoException) => reject(explain(error, port, host)));
    server.listen(port, host, () => resolve());
  });
}

function explain(error: NodeJS.ErrnoException, port: number, host: string): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} is in use: stop what uses it, or choose another port`,
    EACCES: `Port ${port} needs more rights than this user has: choose one from 1024`,
    EADDRNOTAVAIL: `${host} is not an address of this machine: choose another host`,
    ENOTFOUND: `${host} is not an address of this machine: choose another host`,
  };
  const reason = reasons[error.code ?? ""];
  return reason === undefined ? error : new ConfigError(reason, { cause: error });
}
