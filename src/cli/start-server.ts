import { pino } from "pino";
import type { LoadedConfig } from "../config/load-config.ts";
import { serve } from "../server/serve.ts";
import type { Logger } from "../logger.ts";
import type { Service } from "../service.ts";
import { defaultTabs, readTabs } from "./graphiql-tabs.ts";
import type { ServeFlags } from "./serve-options.ts";

/** Lines for people on a terminal, JSON elsewhere. */
export function createLogger({ logLevel }: ServeFlags): Logger {
  return pino({
    level: logLevel,
    ...(process.stdout.isTTY && { transport: { target: "pino-pretty" } }),
  });
}

/** A service behind a port. Dispose of it to end both. */
export interface CliServer extends AsyncDisposable {
  readonly port: number;
  /** Prints what is served, and where. */
  announce(version: string): void;
}

/** Rejects with `ConfigError` when the port cannot be listened on. */
export async function listen(
  service: Service,
  workflows: LoadedConfig["workflows"],
  flags: ServeFlags,
): Promise<CliServer> {
  const names = Object.keys(workflows);
  const tabs = flags.tabs === undefined ? defaultTabs(service.schema) : await readTabs(flags.tabs);
  const server = await serve({
    service,
    port: flags.port,
    host: flags.host,
    graphiql: flags.graphiql && { tabs },
  });
  return {
    port: Number(new URL(server.url).port),
    announce: (version) =>
      console.log(
        [
          `langgraph-graphql ${version} serves ${names.join(", ")}`,
          `  ${flags.graphiql ? "GraphiQL " : "HTTP, SSE"}  ${server.url}`,
          `  WebSocket  ${server.url.replace("http", "ws")}`,
          "  Runs are kept in memory: they end with this process.",
        ].join("\n"),
      ),
    async [Symbol.asyncDispose]() {
      // The service first: its streams end, and then the server has nothing to wait for.
      await service[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
