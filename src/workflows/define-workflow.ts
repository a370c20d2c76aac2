import type { WorkflowEvents } from "./define-events.ts";
import type { Graph } from "./graph.ts";
import type { SchemasOption } from "./schemas.ts";

/** A graph and how to serve it. */
export interface WorkflowDefinition {
  /** The compiled graph. It is used as it is, and never changed. */
  readonly graph: Graph;
  /**
   * Makes the graph of one run, from the configuration of that run, where `graph` is only one of
   * its kind: what a function export of a `langgraph.json` is. It must have the same schemas.
   */
  readonly makeGraph?: ((config: object) => Graph | Promise<Graph>) | undefined;
  /**
   * Schemas of its data, where the graph has none (`Annotation`) or better ones are known: Zod 3 or
   * 4, any Standard Schema, a `StateSchema` or JSON Schema. Those of `input` and `context` are checked
   * before a run starts, beside the graph's own, unless they are JSON Schema. They change nothing:
   * the graph is given what the client sent, without their defaults and transforms.
   * @default those of the graph
   */
  readonly schemas?: SchemasOption | undefined;
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
  /** What becomes of its runs when a process that executes them dies. */
  readonly recovery?: RecoveryPolicy | undefined;
  /** Anything else for `graph.stream`: `recursionLimit`, `context`, `tags`, `durability`, … */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/** What becomes of a run whose executor died, or that waits for an answer while the graph changes. */
export interface RecoveryPolicy {
  /**
   * Whether it goes on from its last checkpoint, nodes that had not finished running again, or fails
   * with `RECOVERY_FAILED`, for nodes that must never run twice.
   * @default "resume"
   */
  readonly afterCrash?: "resume" | "fail" | undefined;
  /**
   * Whether it goes on when the graph has other nodes or edges by then, or fails with
   * `WORKFLOW_CHANGED`; answers are refused with that code, and stay possible.
   * @default "fail"
   */
  readonly whenChanged?: "resume" | "fail" | undefined;
}

/** Describes a workflow for `createService`. A bare compiled graph does as well. */
export function defineWorkflow(definition: WorkflowDefinition): WorkflowDefinition {
  return definition;
}
