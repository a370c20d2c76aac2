import type { WorkflowSchemas } from "../../workflows/schemas.ts";
import type { Workflow } from "../../workflows/workflow.ts";
import { readShape } from "./read-shape.ts";
import type { Shape } from "./shape.ts";

/** What each part of a workflow's data is; `json` where there is no schema. */
export interface WorkflowShapes {
  readonly input: Shape;
  readonly state: Shape;
  readonly output: Shape;
  /** `null` when the workflow takes none. */
  readonly context: Shape | null;
}

/** Reads the schemas of a workflow. Throws `ConfigError` where names in them collide. */
export function readShapes({ name, schemas }: Workflow): WorkflowShapes {
  const read = (part: keyof WorkflowSchemas): Shape => {
    const schema = schemas[part];
    return schema ? readShape(schema, `The ${part} of ${ownerOf(name)}`) : { kind: "json" };
  };
  return {
    input: read("input"),
    state: read("state"),
    output: read("output"),
    context: schemas.context && read("context"),
  };
}

/** A workflow, as sentences name it. */
export function ownerOf(workflow: string): string {
  return `workflow ${JSON.stringify(workflow)}`;
}
