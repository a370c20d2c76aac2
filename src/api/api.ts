import type { Engine } from "../runs/engine.ts";
import type { Builder } from "./builder.ts";
import type { EventCatalog } from "./event-catalog.ts";
import type { Names } from "./names.ts";
import type { Refs } from "./refs.ts";

/** What every part of the schema is built with. */
export interface Api {
  readonly builder: Builder;
  readonly names: Names;
  readonly refs: Refs;
  readonly engine: Engine;
  /** Which GraphQL type each event is. */
  readonly catalog: EventCatalog;
  /** Workflow name → its field in `WorkflowInput`, `WorkflowState` and `WorkflowResult`. */
  readonly workflowFields: ReadonlyMap<string, string>;
}
