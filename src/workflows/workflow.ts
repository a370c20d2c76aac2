import { createHash } from "node:crypto";
import { BadUserInputError, ConfigError, type Problem } from "../errors.ts";
import { isJsonObject, type JsonValue } from "../json.ts";
import { BUILT_IN_EVENTS } from "./define-events.ts";
import type { WorkflowDefinition } from "./define-workflow.ts";
import type { EventTypes } from "./event-types.ts";
import type { Graph } from "./graph.ts";

/** A registered workflow. */
export interface Workflow {
  readonly name: string;
  readonly description: string | null;
  readonly graph: Graph;
  readonly events: EventTypes;
  readonly observe: boolean;
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

/**
 * Has the graph's own schema check an input, as it will at the start of the run: an input that it
 * refuses never becomes a run. Throws `BadUserInputError`.
 */
export async function checkInput(workflow: Workflow, input: JsonValue): Promise<void> {
  const graph = workflow.graph as { _validateInput?: (input: unknown) => unknown };
  const message = `The input of workflow ${JSON.stringify(workflow.name)} is not valid`;
  // The functional API takes any input, a graph of states an object.
  if ("builder" in graph && !isJsonObject(input)) {
    throw new BadUserInputError(message, [{ path: [], message: "It must be an object" }]);
  }
  // LangGraph's own check, which knows reducers and partial states; absent in remote graphs.
  if (typeof graph._validateInput !== "function") return;
  try {
    await graph._validateInput(structuredClone(input));
  } catch (error) {
    const problems = problemsOf(error);
    // Anything else is a defect of the check, whose message is nobody's business.
    if (!problems) throw error;
    throw new BadUserInputError(message, problems, { cause: error });
  }
}

function createWorkflow(name: string, definition: WorkflowDefinition): Workflow {
  const { events, description, observe, config } = definition;
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
    events: new Map(Object.entries({ ...BUILT_IN_EVENTS, ...events?.schemas })),
    observe: observe ?? true,
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

interface Issue {
  readonly path?: readonly unknown[];
  readonly message?: string;
}

/** What a schema found wrong: Zod's issues, of any version, or those in the message of a `StateSchema`. */
function problemsOf(error: unknown): readonly Problem[] | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("issues" in error && Array.isArray(error.issues)) return toProblems(error.issues, []);
  // LangGraph's state/schema.ts, 1.7.3: the field, then its issues as JSON.
  const message = "message" in error ? String(error.message) : "";
  const [, field, json] = /^Validation failed for field "(.*?)": (\[.*\])$/s.exec(message) ?? [];
  if (field === undefined || json === undefined) return undefined;
  return toProblems(JSON.parse(json) as readonly Issue[], [field]);
}

function toProblems(issues: readonly Issue[], at: readonly string[]): readonly Problem[] {
  return issues.map(({ path = [], message = "Not valid" }) => ({
    path: [...at, ...path.map(String)],
    message,
  }));
}
