import type { WorkflowEvents } from "./define-events.ts";
import type { Graph } from "./graph.ts";

/** A graph and how to serve it. */
export interface WorkflowDefinition {
  /** The compiled graph. It is used as it is, and never changed. */
  readonly graph: Graph;
  /** The custom events it writes. Without, only `progress` and `complete` have types. */
  readonly events?: Pick<WorkflowEvents, "schemas"> | undefined;
  /** What it does, for people who read the schema. */
  readonly description?: string | undefined;
  /**
   * Whether to record starts and ends of nodes (`NodeEvent`) and the messages of chat models
   * (`MessageChunk`). Turn it off for graphs whose tokens and nodes nobody wants to see.
   * @default true
   */
  readonly observe?: boolean | undefined;
  /** Anything else for `graph.stream`: `recursionLimit`, `context`, `tags`, `durability`, … */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/** Describes a workflow for `createService`. A bare compiled graph does as well. */
export function defineWorkflow(definition: WorkflowDefinition): WorkflowDefinition {
  return definition;
}
