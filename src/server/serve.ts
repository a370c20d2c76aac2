import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { createServerAdapter } from "@whatwg-node/server";
import { ConfigError, ForbiddenError } from "../errors.ts";
import { isProduction } from "../production.ts";
import type { Service } from "../service.ts";
import { withSecurityHeaders } from "../transports/http/security-headers.ts";
import { closable } from "./closable.ts";
import { exposureOf, isLoopback, type Exposure } from "./exposure.ts";
import { createGraphiql, type GraphiqlTab } from "./graphiql.ts";
import { createOperatorPages } from "./operator-pages.ts";
import { isOwnHost, otherHost } from "./own-hosts.ts";
import { acceptUpgrades } from "./upgrade.ts";

export interface ServeOptions {
  readonly service: Service;
  /** 0 for any that is free. @default 4000 */
  readonly port?: number | undefined;
  /** Which address to listen on; only this machine reaches the default. @default "localhost" */
  readonly host?: string | undefined;
  /**
   * Whether to serve GraphiQL, with its first tabs, say.
   * @default true, with no tabs, unless `NODE_ENV` is `production`
   */
  readonly graphiql?:
    | { readonly title?: string; readonly tabs?: readonly GraphiqlTab[] }
    | boolean
    | undefined;
  /**
   * Whether whoever reaches the server may use it, where the service authenticates nobody. If not, it
   * listens on this machine only, and answers to names of this machine only.
   * @default false
   */
  readonly allowUnauthenticated?: boolean | undefined;
  /**
   * Whether `GET /metrics` answers whoever asks: it tells the names of workflows, and how much they
   * are used.
   * @default true where only this machine reaches the server, false elsewhere
   */
  readonly metrics?: boolean | undefined;
  /**
   * How long the server goes on as ever once it is to stop, in milliseconds, with `/readyz` at 503: so
   * long a load balancer may take to look, and to send no more clients.
   * @default 0
   */
  readonly shutdownDelayMs?: number | undefined;
}

/** A listening server. Dispose of it to stop; the service is yours to dispose of. */
export interface ServerHandle extends AsyncDisposable {
  /** Where GraphQL and GraphiQL are: `http://localhost:4000/graphql`. */
  readonly url: string;
  readonly server: Server;
  /** Who may use it. */
  readonly exposure: Exposure;
  /**
   * Says at `/readyz` that it stops, and after {@link ServeOptions.shutdownDelayMs} lets nobody in any
   * more; whoever is connected stays. For a stop that takes its time: call it before you dispose of
   * the service.
   */
  stopListening(): Promise<void>;
}

/**
 * Serves HTTP, server-sent events, WebSocket and GraphiQL on one port. Rejects with `ConfigError`
 * when the port cannot be listened on, and when other machines would reach a service that
 * authenticates nobody: see {@link ServeOptions.allowUnauthenticated}.
 */
export async function serve(options: ServeOptions): Promise<ServerHandle> {
  const { service, port = 4000, host = "localhost", allowUnauthenticated = false } = options;
  const { endpoint, allowedOrigins } = service;
  // Of a worker there is nothing to use.
  const isAuthenticated = service.isAuthenticated || !service.servesClients;
  const exposure = exposureOf({ isAuthenticated, host, allowUnauthenticated });
  const isForUs = (name: string | undefined): boolean =>
    exposure !== "this machine" || isOwnHost(name, allowedOrigins);
  const { metrics = isLoopback(host), shutdownDelayMs = 0 } = options;
  let stopped: Promise<void> | undefined;
  const isStopping = (): boolean => stopped !== undefined;
  const operatorPages = createOperatorPages({ service, metrics, isStopping });
  const page = createPage(options);
  const answer = createServerAdapter<{ readonly res: ServerResponse }>(async (request, { res }) => {
    const name = request.headers.get("host") ?? undefined;
    if (name !== undefined && !isForUs(name)) return withSecurityHeaders(refusal(name));
    const answered =
      (await operatorPages(request)) ??
      (service.servesClients ? undefined : notServed()) ??
      (page && ((await page(request)) ?? toPage(request, endpoint)));
    if (answered) return withSecurityHeaders(answered);
    return breaksOff(await service.fetch(request), res);
  });
  const server = createServer((request, response) => void answer(request, response));
  const sockets = acceptUpgrades(server, service, isForUs);
  const { stopListening, close } = closable(server, sockets);
  const stop = async (): Promise<void> => {
    if (shutdownDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, shutdownDelayMs));
    stopListening();
  };
  await listen(server, port, host);
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actualPort}${service.endpoint}`,
    server,
    exposure,
    stopListening: () => (stopped ??= stop()),
    async [Symbol.asyncDispose]() {
      await (stopped ??= stop());
      await close();
    },
  };
}

/** The GraphiQL page, if it is to be served. */
function createPage({ service, graphiql = !isProduction() }: ServeOptions) {
  if (graphiql === false) return undefined;
  const given = graphiql === true ? {} : graphiql;
  return createGraphiql({
    endpoint: service.endpoint,
    title: "langgraph-graphql",
    tabs: [],
    ...given,
  });
}

function notServed(): Response {
  const message = "This process only executes runs: ask one whose role is gateway, or both";
  const errors = [{ message, extensions: { code: "NOT_FOUND" } }];
  return Response.json({ errors }, { status: 404 });
}

function refusal(host: string): Response {
  const { message, extensions } = new ForbiddenError(otherHost(host));
  return Response.json({ errors: [{ message, extensions }] }, { status: 403 });
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
