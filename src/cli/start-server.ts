import { pino } from "pino";
import { createNames } from "../api/names.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import { SECRETS, type Logger } from "../logger.ts";
import { isProduction } from "../production.ts";
import type { Exposure } from "../server/exposure.ts";
import { serve, type ServerHandle } from "../server/serve.ts";
import type { Service } from "../service.ts";
import { defaultTabs, readTabs } from "./graphiql-tabs.ts";
import type { OpenedBackend } from "./open-backend.ts";
import type { Settings } from "./project/with-project.ts";
import type { ServeFlags } from "./serve-options.ts";
import { readTrustedDocuments } from "./trusted-documents.ts";

/** Lines for people on a terminal, JSON elsewhere. */
export function createLogger({ logLevel }: ServeFlags): Logger {
  return pino({
    level: logLevel,
    redact: [...SECRETS],
    ...(process.stdout.isTTY && { transport: { target: "pino-pretty" } }),
  });
}

/** What the options of a command and the configuration say about a service. Throws `ConfigError`. */
export function serviceOptions({ flags, service }: Settings, { backend }: OpenedBackend) {
  const { role, drain: drainMs, origin: allowedOrigins, introspection } = flags;
  const { trustedDocuments: file } = flags;
  const given =
    file === undefined ? {} : { trustedDocuments: { documents: readTrustedDocuments(file) } };
  return { ...service, backend, role, drainMs, allowedOrigins, introspection, ...given };
}

export interface Listening {
  readonly service: Service;
  readonly workflows: LoadedConfig["workflows"];
  readonly opened: OpenedBackend;
  readonly flags: ServeFlags;
  /** What the schema's names begin with: see `SchemaOptions.prefix`. */
  readonly prefix: string | undefined;
}

/** A service behind a port. Dispose of it to end both, and to close the backend. */
export interface CliServer extends AsyncDisposable {
  readonly port: number;
  /** Prints what is served, where, and where runs are kept. */
  announce(version: string): void;
}

/**
 * Rejects with `ConfigError` when the port cannot be listened on. Then the service is disposed of: it
 * has begun with the runs of the backend.
 */
export async function listen(listening: Listening): Promise<CliServer> {
  const { service, workflows, opened, flags } = listening;
  const server = await openPort(listening).catch(async (error: unknown) => {
    await service[Symbol.asyncDispose]();
    await opened.backend[Symbol.asyncDispose]();
    throw error;
  });
  return {
    port: Number(new URL(server.url).port),
    announce: (version) =>
      console.log(
        [
          `langgraph-graphql ${version} serves ${Object.keys(workflows).join(", ")}`,
          ...(service.servesClients ? addresses(server, flags) : workerAddresses(server)),
          `  ${whereRunsAre(opened)}`,
        ].join("\n"),
      ),
    async [Symbol.asyncDispose]() {
      await server.stopListening();
      // The service first: its streams end, and then the server has nothing to wait for.
      await service[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await opened.backend[Symbol.asyncDispose]();
    },
  };
}

function addresses({ url, exposure }: ServerHandle, flags: ServeFlags): readonly string[] {
  return [
    `  ${hasGraphiql(flags) ? "GraphiQL " : "HTTP, SSE"}  ${url}`,
    `  WebSocket  ${url.replace("http", "ws")}`,
    `  ${WHO_MAY_USE_IT[exposure]}`,
  ];
}

/** Of a process that clients have no business with. */
function workerAddresses({ url }: ServerHandle): readonly string[] {
  const ready = new URL("/readyz", url).href;
  return [`  as a worker: it executes runs, and answers only those who operate it: ${ready}`];
}

async function openPort({ service, flags, prefix }: Listening): Promise<ServerHandle> {
  const tabs =
    flags.tabs === undefined
      ? defaultTabs(service.schema, createNames(prefix))
      : await readTabs(flags.tabs);
  const { port, host, allowUnauthenticated, metrics, shutdownDelay: shutdownDelayMs } = flags;
  const graphiql = hasGraphiql(flags) && { tabs };
  const operated = { metrics, shutdownDelayMs };
  return serve({ service, port, host, graphiql, allowUnauthenticated, ...operated });
}

/** With trusted documents nothing that it sends would be executed. */
function hasGraphiql({ graphiql = !isProduction(), trustedDocuments }: ServeFlags): boolean {
  return graphiql && trustedDocuments === undefined;
}

const WHO_MAY_USE_IT: Readonly<Record<Exposure, string>> = {
  authenticated: "Whoever is authenticated may use it.",
  "this machine": "Nobody is authenticated: only this machine may use it.",
  anybody:
    "Nobody is authenticated: WHOEVER REACHES IT may use it, as --allow-unauthenticated says.",
};

function whereRunsAre({ place, unfinished }: OpenedBackend): string {
  if (place === null) return "Runs are kept in memory: they end with this process.";
  if (unfinished === "0") return `Runs are kept in ${place}`;
  const goOn = unfinished === "1" ? "goes" : "go";
  return `Runs are kept in ${place}; ${unfinished} that had not ended ${goOn} on`;
}
