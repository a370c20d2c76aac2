import { InvalidArgumentError, Option, type Command } from "commander";
import { pino } from "pino";
import { serve } from "../server/serve.ts";
import { createService } from "../service.ts";
import { loadConfig } from "../workflows/load-config.ts";
import { defaultTabs, readTabs } from "./graphiql-tabs.ts";
import { untilStopped } from "./until-stopped.ts";

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];

interface ServeFlags {
  readonly config: string;
  readonly port: number;
  readonly host: string;
  readonly origin: readonly string[];
  readonly tabs?: string;
  readonly graphiql: boolean;
  readonly logLevel: string;
}

/** `langgraph-graphql serve`. */
export function addServeCommand(program: Command, version: string): void {
  program
    .command("serve")
    .description("serve the graphs of a langgraph.json as a GraphQL API")
    .option("-c, --config <file>", "the langgraph.json", "langgraph.json")
    .option("-p, --port <number>", "the port; 0 for any that is free", parsePort, 4000)
    .option("--host <address>", "the address to listen on; 0.0.0.0 for all", "localhost")
    .option("--origin <url...>", "other sites whose pages may use the API", addOrigin, [])
    .option("--tabs <folder>", "a folder of .graphql files that GraphiQL opens as tabs")
    .option("--no-graphiql", "serve no GraphiQL")
    .addOption(new Option("--log-level <level>", "what to log").choices(LOG_LEVELS).default("info"))
    .addHelpText(
      "after",
      "\nExample:\n  $ langgraph-graphql serve --config ./langgraph.json --port 4000",
    )
    .action((flags: ServeFlags) => run(flags, version));
}

async function run(flags: ServeFlags, version: string): Promise<void> {
  const logger = pino({
    level: flags.logLevel,
    ...(process.stdout.isTTY && { transport: { target: "pino-pretty" } }),
  });
  const workflows = await loadConfig(flags.config);
  const service = createService({ workflows, allowedOrigins: flags.origin, logger });
  const names = Object.keys(workflows);
  const tabs = flags.tabs === undefined ? defaultTabs(names) : await readTabs(flags.tabs);
  const server = await serve({
    service,
    port: flags.port,
    host: flags.host,
    graphiql: flags.graphiql && { tabs },
  });
  console.log(
    [
      `langgraph-graphql ${version} serves ${names.join(", ")}`,
      `  ${flags.graphiql ? "GraphiQL " : "HTTP, SSE"}  ${server.url}`,
      `  WebSocket  ${server.url.replace("http", "ws")}`,
      "  Runs are kept in memory: they end with this process.",
    ].join("\n"),
  );
  await untilStopped();
  console.log("Stopping: runs are cancelled; once more Ctrl-C to stop at once.");
  // The service first: its streams end, and then the server has nothing to wait for.
  await service[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  // A node that does not listen to its signal would keep the process for as long as it likes.
  process.exit();
}

function addOrigin(text: string, others: readonly string[]): readonly string[] {
  const origin = URL.canParse(text) ? new URL(text).origin : "null";
  if (origin === text) return [...others, text];
  throw new InvalidArgumentError("It must be an origin, such as https://app.example.com.");
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a number from 0 to 65535.");
}
