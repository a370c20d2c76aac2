import { ConfigError } from "../errors.ts";
import { isWorkflowEvents } from "../workflows/define-events.ts";
import type { WorkflowDefinition } from "../workflows/define-workflow.ts";
import type { Graph } from "../workflows/graph.ts";
import { isGraph } from "../workflows/workflow.ts";
import { parseExport, type LocalEntry } from "./config-file.ts";
import { explainThrown } from "./explain-failure.ts";
import { loadModule } from "./load-module.ts";

/**
 * Loads a graph from a module of the project, in every form that LangGraph's server takes: a graph,
 * compiled or not, an agent, a promise of one, or a function that makes one for each run. Throws
 * `ConfigError`.
 */
export async function loadGraph(
  name: string,
  entry: LocalEntry,
  directory: string,
): Promise<WorkflowDefinition> {
  const culprit = `Graph ${JSON.stringify(name)}`;
  const { file, exportName } = parseExport(entry.path, directory, "default");
  if (/\.py[xdi]?$/.test(file)) {
    throw new ConfigError(
      `${culprit}: ${file} is Python: serve it with LangGraph's own server, and name it here as ` +
        `{ "url": "http://localhost:2024", "graph": ${JSON.stringify(name)} }`,
    );
  }
  const exports = await loadModule(culprit, file);
  const { [exportName]: exported, events } = exports;
  const at = `${culprit}: the export ${JSON.stringify(exportName)} of ${file}`;
  if (exported === undefined) {
    const names = Object.keys(exports).join(", ") || "nothing";
    throw new ConfigError(`${at} is not there: the file exports ${names}`);
  }
  return {
    ...(isFactory(exported)
      ? await definitionOfFactory(at, exported)
      : { graph: await resolveGraph(at, exported) }),
    ...(isWorkflowEvents(events) && { events }),
    description: entry.description,
  };
}

/** What LangGraph's server tells a function export beside the configuration. */
type ServerRuntime =
  | {
      readonly accessContext: "threads.create_run";
      readonly executionRuntime: { readonly context: unknown };
    }
  | { readonly accessContext: "assistants.read"; readonly executionRuntime: null };

type Factory = (config: object, runtime: ServerRuntime) => unknown;

function isFactory(exported: unknown): exported is Factory {
  return typeof exported === "function";
}

/** Calls the function once, for its schemas and its drawing, and then for each run. */
async function definitionOfFactory(
  at: string,
  factory: Factory,
): Promise<Pick<WorkflowDefinition, "graph" | "makeGraph">> {
  const runtime = { accessContext: "assistants.read", executionRuntime: null } as const;
  let made: unknown;
  try {
    made = await factory({ configurable: {} }, runtime);
  } catch (error) {
    throw new ConfigError(
      `${at} is a function that throws when it is called, as at every start, with an empty ` +
        `configuration: ${await explainThrown(error)}`,
      { cause: error },
    );
  }
  return {
    graph: await resolveGraph(`${at} is a function; what it returns`, made),
    makeGraph: async (config) => {
      const { context } = config as { readonly context?: unknown };
      return compile(
        await factory(config, {
          accessContext: "threads.create_run",
          executionRuntime: { context },
        }),
      ) as Graph;
    },
  };
}

async function resolveGraph(at: string, exported: unknown): Promise<Graph> {
  let graph: unknown;
  try {
    graph = compile(await exported);
  } catch (error) {
    throw new ConfigError(`${at} fails: ${await explainThrown(error)}`, { cause: error });
  }
  if (isGraph(graph)) return graph;
  throw new ConfigError(
    `${at} is ${describe(graph)} and not a graph: export a StateGraph, or what its compile() returns`,
  );
}

/** A `StateGraph` compiled; anything else as it is. */
function compile(graph: unknown): unknown {
  if (typeof graph !== "object" || graph === null || !("compile" in graph)) return graph;
  return typeof graph.compile === "function" ? (graph.compile as () => unknown)() : graph;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object") return `a ${typeof value}`;
  const name = value.constructor?.name;
  return name && name !== "Object" ? `a ${name}` : `an object of ${Object.keys(value).join(", ")}`;
}
