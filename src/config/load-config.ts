import { ConfigError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { WorkflowDefinition } from "../workflows/define-workflow.ts";
import { readConfigFile, type LocalEntry, type RemoteEntry } from "./config-file.ts";
import { connectGraph } from "./connect-graph.ts";
import { applyEnvironment } from "./environment.ts";
import { loadGraph } from "./load-graph.ts";

/** Imports of packages and what modules await, such as connections, take seconds. */
const TIMEOUT_MS = 30_000;

export interface LoadConfigOptions {
  /** Whether to go on with the other graphs when one fails to load. @default false */
  readonly keepGoing?: boolean | undefined;
  /** Is told what is not as it should be and hinders nothing. @default nobody */
  readonly logger?: Pick<Logger, "warn"> | undefined;
  /** How long a graph of the project may take to load. @default 30_000 */
  readonly timeoutMs?: number | undefined;
}

/** What a `langgraph.json` names. */
export interface LoadedConfig {
  /** Those that loaded, in the order of the file. */
  readonly workflows: Readonly<Record<string, WorkflowDefinition>>;
  /** Those that did not; always empty unless `keepGoing` was asked for. */
  readonly failures: readonly GraphFailure[];
}

/** A graph that failed to load. */
export interface GraphFailure {
  readonly workflow: string;
  /** Says which graph, where and why. */
  readonly error: ConfigError;
}

/**
 * Loads the graphs that a `langgraph.json` names, after its `env` was put into the environment.
 * A module's `events` export, made by `defineEvents`, declares the events of its graphs. Throws
 * `ConfigError`, which says what is wrong with which file or graph.
 */
export async function loadConfig(
  path: string,
  {
    keepGoing = false,
    logger = { warn: () => undefined },
    timeoutMs = TIMEOUT_MS,
  }: LoadConfigOptions = {},
): Promise<LoadedConfig> {
  const config = await readConfigFile(path);
  await applyEnvironment(config, logger);
  const load = async (name: string, entry: LocalEntry | RemoteEntry): Promise<Outcome> => {
    try {
      return "url" in entry
        ? await connectGraph(name, entry, config.directory, logger)
        : await within(timeoutMs, name, entry, loadGraph(name, entry, config.directory));
    } catch (error) {
      if (!keepGoing || !(error instanceof ConfigError)) throw error;
      return error;
    }
  };
  const entries = Object.entries(config.graphs);
  const outcomes = new Map<string, Outcome>();
  // One after the other: modules may count on what others did, and remote graphs on variables.
  for (const [name, entry] of entries) {
    if (!("url" in entry)) outcomes.set(name, await load(name, entry));
  }
  await Promise.all(
    entries.map(async ([name, entry]) => {
      if ("url" in entry) outcomes.set(name, await load(name, entry));
    }),
  );
  const workflows: Record<string, WorkflowDefinition> = {};
  const failures: GraphFailure[] = [];
  for (const [name] of entries) {
    const outcome = outcomes.get(name);
    if (outcome instanceof ConfigError) failures.push({ workflow: name, error: outcome });
    else if (outcome) workflows[name] = outcome;
  }
  return { workflows, failures };
}

type Outcome = WorkflowDefinition | ConfigError;

/** Nothing else would end the wait for a promise that never settles. */
async function within<T>(
  timeoutMs: number,
  name: string,
  { path }: LocalEntry,
  loading: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const seconds = timeoutMs / 1_000;
      reject(
        new ConfigError(
          `Graph ${JSON.stringify(name)}: ${path} has not loaded after ${seconds} s: have what it ` +
            "exports, and what its module awaits, resolve",
        ),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}
