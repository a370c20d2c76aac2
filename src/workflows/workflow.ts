import { createHash } from "node:crypto";
import { ConfigError } from "../errors.ts";
import { BUILT_IN_EVENTS } from "./define-events.ts";
import type { RecoveryPolicy, WorkflowDefinition } from "./define-workflow.ts";
import type { EventTypes } from "./event-types.ts";
import type { Graph } from "./graph.ts";
import { schemasOf, type SchemasOption, type WorkflowSchemas } from "./schemas.ts";

/** A registered workflow. */
export interface Workflow {
  readonly name: string;
  readonly description: string | null;
  readonly graph: Graph;
  /** Makes the graph of one run, if `graph` is only one of its kind. */
  readonly makeGraph: ((config: object) => Graph | Promise<Graph>) | null;
  readonly schemas: WorkflowSchemas;
  /** The schemas that `defineWorkflow` was given, which check inputs and contexts too. */
  readonly overrides: SchemasOption;
  readonly events: EventTypes;
  readonly observe: boolean;
  readonly recovery: {
    readonly [Name in keyof RecoveryPolicy]-?: NonNullable<RecoveryPolicy[Name]>;
  };
  readonly config: Readonly<Record<string, unknown>>;
  /** Changes when the graph's nodes or edges do. */
  readonly version: string;
}

/** All workflows of a service, by name, in the order in which they were given. */
export type Workflows = ReadonlyMap<string, Workflow>;

/** Reads what was passed to `createService`. Throws `ConfigError`. */
export function createWorkflows(
  definitions: Readonly<Record<string, WorkflowDefinition | Graph>>,
): Workflows {
  const entries = Object.entries(definitions);
  if (entries.length === 0) throw new ConfigError("There are no workflows: pass at least one");
  return new Map(
    entries.map(([name, definition]) => [
      name,
      createWorkflow(name, isGraph(definition) ? { graph: definition } : definition),
    ]),
  );
}

/** Whether `value` is a compiled graph. */
export function isGraph(value: unknown): value is Graph {
  return (
    typeof value === "object" &&
    value !== null &&
    "stream" in value &&
    typeof value.stream === "function" &&
    "invoke" in value
  );
}

/** The graph that a run with this configuration executes. Rejects with what its factory throws. */
export async function graphOf(workflow: Workflow, config: object): Promise<Graph> {
  if (!workflow.makeGraph) return workflow.graph;
  const graph = await workflow.makeGraph(config);
  if (isGraph(graph)) return unwrap(graph);
  throw new TypeError(`The factory of workflow ${JSON.stringify(workflow.name)} makes no graph`);
}

function createWorkflow(name: string, definition: WorkflowDefinition): Workflow {
  const { events, description, observe, recovery, config, makeGraph, schemas } = definition;
  if (!isGraph(definition.graph)) {
    throw new ConfigError(
      `Workflow ${JSON.stringify(name)} has no compiled graph: pass what builder.compile() returns`,
    );
  }
  const graph = unwrap(definition.graph);
  return {
    name,
    description: description ?? null,
    graph,
    makeGraph: makeGraph ?? null,
    schemas: schemasOf(graph, schemas, definition.graph, Object.keys(config?.["context"] ?? {})),
    overrides: schemas ?? {},
    events: new Map(Object.entries({ ...BUILT_IN_EVENTS, ...events?.schemas })),
    observe: observe ?? true,
    recovery: {
      afterCrash: recovery?.afterCrash ?? "resume",
      whenChanged: recovery?.whenChanged ?? "fail",
    },
    config: config ?? {},
    version: versionOf(graph),
  };
}

/** LangChain's `createAgent` wraps its graph in an object that also has `stream` and `invoke`. */
function unwrap(graph: Graph): Graph {
  return "graph" in graph && isGraph(graph.graph) ? graph.graph : graph;
}

function versionOf(graph: Graph): string {
  const { nodes, builder } = graph as { nodes?: object; builder?: { edges?: Iterable<unknown> } };
  const topology = [
    Object.keys(nodes ?? {}).sort(),
    [...(builder?.edges ?? [])].map(String).sort(),
  ];
  return createHash("sha256").update(JSON.stringify(topology)).digest("hex").slice(0, 16);
}
