import { InvalidArgumentError, Option, type Command } from "commander";
import type { ServiceOptions } from "../service.ts";
import { parseDuration, parseSize } from "./quantities.ts";

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];

/** The options of `serve` and `dev`. */
export interface ServeFlags {
  readonly config: string;
  readonly port: number;
  readonly host: string;
  readonly origin: readonly string[];
  readonly tabs?: string;
  /** A file of documents by id, the only ones that are executed. */
  readonly trustedDocuments?: string;
  /** Unless `NODE_ENV` is `production`, when absent. */
  readonly graphiql?: boolean;
  readonly introspection?: boolean;
  readonly allowUnauthenticated?: boolean;
  /** Whether `/metrics` is served; where only this machine reaches the server when absent. */
  readonly metrics?: boolean;
  readonly logLevel: string;
  /** The file to keep runs in, or the address of Redis; the default file when absent. */
  readonly data?: string;
  /** The address of Postgres for the checkpoints of runs in Redis. */
  readonly checkpoints?: string;
  readonly memory?: boolean;
  readonly role: NonNullable<ServiceOptions["role"]>;
  /** In milliseconds. */
  readonly retention?: number;
  /** In bytes. */
  readonly maxSize?: number;
  /** In milliseconds. */
  readonly drain: number;
  /** In milliseconds. */
  readonly shutdownDelay: number;
}

/**
 * Gives a command the options that {@link ServeFlags} are read from; `drain` is how long it waits for
 * runs by default.
 */
export function addServeOptions(command: Command, { drain }: { readonly drain: string }): Command {
  return command
    .option("-c, --config <file>", "the langgraph.json", "langgraph.json")
    .option("-p, --port <number>", "the port; 0 for any that is free", parsePort, 4000)
    .option("--host <address>", "the address to listen on; 0.0.0.0 for all", "localhost")
    .option("--origin <url...>", "other sites whose pages may use the API", addOrigin, [])
    .option("--tabs <folder>", "a folder of .graphql files that GraphiQL opens as tabs")
    .option("--graphiql", "serve GraphiQL (default: unless NODE_ENV is production)")
    .option("--no-graphiql", "serve no GraphiQL")
    .option("--introspection", "let clients ask for the schema (default: the same)")
    .option("--no-introspection", "let no client ask for the schema")
    .option(
      "--allow-unauthenticated",
      "let whoever reaches the server use it, where nobody is authenticated",
    )
    .option("--metrics", "serve /metrics (default: where only this machine reaches it)")
    .option("--no-metrics", "serve no /metrics")
    .option(
      "--trusted-documents <file>",
      "execute only the documents of this JSON, id to document, and serve no GraphiQL",
    )
    .option(
      "--data <file>",
      "what to keep runs in: a file, or redis://host:6379 (default: .langgraph-graphql/data.sqlite beside the langgraph.json)",
    )
    .option(
      "--checkpoints <url>",
      "with --data redis://…: where to keep checkpoints, postgres://user:password@host:5432/database",
    )
    .addOption(new Option("--memory", "keep nothing: runs end with the process").conflicts("data"))
    .addOption(
      new Option("--role <role>", "where several processes share the data: what this one does")
        .choices(["both", "gateway", "worker"])
        .default("both"),
    )
    .option(
      "--retention <duration>",
      "how long ended runs are kept (default: 7d; 1h with --memory)",
      parseDuration,
    )
    .option(
      "--max-size <size>",
      "beyond it, the events of the oldest runs are let go (default: 1GiB; 256MiB with --memory)",
      parseSize,
    )
    .addOption(
      new Option(
        "--drain <duration>",
        "how long runs may take to come to a checkpoint when it is stopped",
      )
        .argParser(parseDuration)
        .default(parseDuration(drain), drain),
    )
    .addOption(
      new Option(
        "--shutdown-delay <duration>",
        "how long /readyz says 503 before new clients are refused when it is stopped",
      )
        .argParser(parseDuration)
        .default(0, "0s"),
    )
    .addOption(
      new Option("--log-level <level>", "what to log").choices(LOG_LEVELS).default("info"),
    );
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
