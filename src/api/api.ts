import type { Engine } from "../runs/engine.ts";
import type { Builder } from "./builder.ts";
import type { InputTypes } from "./data/input-types.ts";
import type { Misfits } from "./data/misfits.ts";
import type { OutputTypes } from "./data/output-types.ts";
import type { WorkflowShapes } from "./data/workflow-shapes.ts";
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
  /** Workflow name → what its data is. */
  readonly shapes: ReadonlyMap<string, WorkflowShapes>;
  readonly outputs: OutputTypes;
  readonly inputs: InputTypes;
  readonly misfits: Misfits;
}
