import { InvalidArgumentError, Option, type Command } from "commander";
import { ConfigError } from "../errors.ts";
import { wrongLimit } from "../limits.ts";
import {
  DEFAULT_SERVICE_LIMITS,
  type ServiceLimits,
  type ServiceOptions,
} from "../service-options.ts";
import { parseDuration, parseSize } from "./quantities.ts";

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];

/** The options of `serve` and `dev`. */
export interface ServeFlags {
  /** Which of them were given, by themselves or by the environment: the configuration has the others. */
  readonly given: readonly string[];
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
  /** The file to keep runs in, or the address of Postgres or Redis; the default file when absent. */
  readonly data?: string;
  /** The address of Postgres for the checkpoints of runs in Redis. */
  readonly checkpoints?: string;
  readonly memory?: boolean;
  /** Some of the service's limits, which go before those of the configuration. */
  readonly limit: Partial<Record<keyof ServiceLimits, number | false>>;
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
  const described = command
    .option("-c, --config <file>", "the langgraph.json", "langgraph.json")
    .option("-p, --port <number>", "the port; 0 for any that is free", parsePort, 4000)
    .option("--host <address>", "the address to listen on; 0.0.0.0 for all", "localhost")
    .addOption(
      new Option("--origin <url...>", "other sites whose pages may use the API")
        .argParser(addOrigin)
        .default([], "none"),
    )
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
      "--data <place>",
      "what to keep runs in: a file, postgres://user:password@host:5432/database, or redis://host:6379 (default: .langgraph-graphql/data.sqlite beside the langgraph.json)",
    )
    .option(
      "--checkpoints <url>",
      "with --data redis://…: where to keep checkpoints, postgres://user:password@host:5432/database",
    )
    .option("--memory", "keep nothing, instead of --data: runs end with the process")
    .addOption(
      new Option("--role <role>", "where several processes share the data: what this one does")
        .choices(["both", "gateway", "worker"])
        .default("both"),
    )
    .addOption(
      new Option(
        "--limit <name=value...>",
        "another bound than the default, such as maxConcurrentRuns=20; may be repeated",
      )
        .argParser(addLimit)
        .default({}, "see below"),
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
  return addVariables(described).addHelpText("after", `\n${VARIABLES}\n\n${limitsHelp()}`);
}

const VARIABLES = `Each option may come from the environment as well: --max-size as LANGGRAPH_GRAPHQL_MAX_SIZE,
--no-graphiql as LANGGRAPH_GRAPHQL_GRAPHIQL=false; several limits or origins with commas between. A flag
goes before its variable, and that before langgraph-graphql.config.ts.`;

/** Every limit with its default. */
function limitsHelp(): string {
  const lines = Object.entries(DEFAULT_SERVICE_LIMITS).map(([name, limit]) => `  ${name}=${limit}`);
  return `Limits and their defaults; false switches one off:\n${lines.join("\n")}`;
}

/**
 * The flags of a command that was called. Throws `ConfigError` for a variable that is none of them, and
 * where `--memory` and `--data` are both given in the same way.
 */
export function flagsOf(command: Command): ServeFlags {
  for (const [name, isOn] of Object.entries(switchesByVariable(command))) {
    if (command.getOptionValueSource(name) === "cli") continue;
    command.setOptionValueWithSource(name, isOn, "env");
  }
  const flags = command.opts<Omit<ServeFlags, "given">>();
  const instead = passedOver(command, flags);
  const given = Object.keys(flags).filter((name) => {
    const source = command.getOptionValueSource(name);
    return name !== instead && (source === "cli" || source === "env");
  });
  return { ...flags, ...(instead !== undefined && { [instead]: undefined }), given };
}

/** Which of the two places to keep runs in does not count: a flag goes before a variable. */
function passedOver(
  command: Command,
  { memory, data }: Pick<ServeFlags, "memory" | "data">,
): "memory" | "data" | undefined {
  if (!memory || data === undefined) return undefined;
  const source = command.getOptionValueSource("memory");
  if (source !== command.getOptionValueSource("data")) return source === "cli" ? "data" : "memory";
  throw new ConfigError("--memory cannot be used with --data: one keeps nothing, the other does");
}

/** Commander takes a variable for true whatever it says: `…_GRAPHIQL=false` would serve it. */
function switchesByVariable(command: Command): Readonly<Record<string, boolean>> {
  const switches: Record<string, boolean> = {};
  for (const option of command.options.filter((one) => one.isBoolean())) {
    const variable = variableOf(option);
    const text = process.env[variable];
    if (text === undefined || text === "") continue;
    if (!["true", "1", "false", "0"].includes(text)) {
      throw new ConfigError(`${variable} must be true or false, not ${JSON.stringify(text)}`);
    }
    switches[option.attributeName()] = text === "true" || text === "1";
  }
  return switches;
}

/** `--shutdown-delay` is `LANGGRAPH_GRAPHQL_SHUTDOWN_DELAY`. */
function variableOf(option: Option): string {
  return `LANGGRAPH_GRAPHQL_${option.name().replaceAll("-", "_").toUpperCase()}`;
}

/** Has every option that takes a value come from the environment as well. */
function addVariables(command: Command): Command {
  for (const option of command.options) {
    if (option.required) option.env(variableOf(option));
  }
  // Commander listens for the variables of those only that had theirs when they were added.
  for (const option of command.options.filter(({ required }) => required)) {
    command.on(`optionEnv:${option.name()}`, (text: string) => takeVariable(command, option, text));
  }
  return command;
}

function takeVariable(command: Command, option: Option, text: string): void {
  try {
    const before: unknown = command.getOptionValue(option.attributeName());
    const value: unknown = option.parseArg ? option.parseArg(text, before as never) : text;
    command.setOptionValueWithSource(option.attributeName(), value, "env");
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    command.error(`error: ${variableOf(option)}: ${error.message}`);
  }
}

function addOrigin(text: string, others: readonly string[]): readonly string[] {
  const origins = text.split(",").map((part) => part.trim());
  if (origins.every((one) => URL.canParse(one) && new URL(one).origin === one)) {
    return [...others, ...origins];
  }
  throw new InvalidArgumentError("It must be an origin, such as https://app.example.com.");
}

type Limits = ServeFlags["limit"];

/** In the units of `limits`: milliseconds, bytes, numbers. */
function addLimit(text: string, others: Limits): Limits {
  const added = text.split(",").map((part) => {
    const [, name, value] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      throw new InvalidArgumentError("It must be name=value, such as maxConcurrentRuns=20.");
    }
    return [name, readLimit(value)] as const;
  });
  const limits = { ...others, ...Object.fromEntries(added) };
  const wrong = wrongLimit(Object.keys(DEFAULT_SERVICE_LIMITS), limits);
  if (wrong) throw new InvalidArgumentError(`${wrong.name} ${wrong.problem}`);
  return limits;
}

/** What is neither a number nor `false` stays as it is, for the message. */
function readLimit(text: string): unknown {
  if (text === "false") return false;
  return /^-?\d/.test(text) && !Number.isNaN(Number(text)) ? Number(text) : text;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a number from 0 to 65535.");
}
