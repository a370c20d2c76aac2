import { BadUserInputError, type Problem } from "../errors.ts";
import { isJsonObject, type JsonValue } from "../json.ts";
import { definitionsOf } from "./graph-definitions.ts";
import { toGraphInput } from "./graph-input.ts";
import type { Graph } from "./graph.ts";
import { isStandardSchema, toProblems, type Issue } from "./standard-schema.ts";
import { fieldsOf, isStateSchema, type StateField, type StateSchemaLike } from "./state-schema.ts";
import type { Workflow } from "./workflow.ts";

/**
 * Has the graph's own schema, and the one given to `defineWorkflow`, check an input as LangGraph
 * will at the start of the run: an input that is refused never becomes a run. Throws
 * `BadUserInputError` with all that is wrong, each path beginning with `input`.
 */
export async function checkInput(workflow: Workflow, json: JsonValue): Promise<void> {
  const message = `The input of workflow ${JSON.stringify(workflow.name)} is not valid`;
  // The functional API takes any input, a graph of states an object.
  if ("builder" in workflow.graph && !isJsonObject(json)) {
    throw new BadUserInputError(message, [{ path: ["input"], message: "It must be an object" }]);
  }
  const input = toGraphInput(workflow.schemas.input, json);
  refuse(message, "input", [
    ...(await findInputProblems(workflow.graph, input)),
    ...(await findProblems(workflow.overrides.input, input)),
  ]);
}

/**
 * Has the graph's own schema, and the one given to `defineWorkflow`, check a context, together with
 * what the workflow's author adds to it. Throws `BadUserInputError` with all that is wrong, each
 * path beginning with `context`.
 */
export async function checkContext(workflow: Workflow, json: JsonValue): Promise<void> {
  const message = `The context of workflow ${JSON.stringify(workflow.name)} is not valid`;
  if (json !== null && !isJsonObject(json)) {
    throw new BadUserInputError(message, [{ path: ["context"], message: "It must be an object" }]);
  }
  const context = {
    ...(toGraphInput(workflow.schemas.context, json) as object | null),
    ...(workflow.config["context"] as object | undefined),
  };
  refuse(message, "context", [
    ...(await findProblems(definitionsOf(workflow.graph).context, context)),
    ...(await findProblems(workflow.overrides.context, context)),
  ]);
}

function refuse(message: string, part: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new BadUserInputError(
    message,
    problems.map((problem) => ({ ...problem, path: [part, ...problem.path] })),
  );
}

async function findInputProblems(graph: Graph, input: unknown): Promise<readonly Problem[]> {
  const { state, input: declared, takesPartialState } = definitionsOf(graph);
  const definition = takesPartialState ? state : declared;
  // LangGraph's own check of a `StateSchema` ends at the first field that is wrong.
  if (isStateSchema(definition)) return findProblems(definition, input);
  const { _validateInput: validate } = graph as {
    _validateInput?: (this: Graph, input: unknown) => unknown;
  };
  // Absent in remote graphs, which check for themselves.
  if (typeof validate !== "function") return [];
  try {
    await validate.call(graph, input);
    return [];
  } catch (error) {
    // Anything else is a defect of the check, whose message is nobody's business.
    if (!hasIssues(error)) throw error;
    return toProblems(error.issues);
  }
}

/** What a schema finds wrong. JSON Schema finds nothing: GraphQL's types are made of it. */
async function findProblems(schema: unknown, value: unknown): Promise<readonly Problem[]> {
  if (isStateSchema(schema)) return findProblemsOfFields(schema, value);
  if (!isStandardSchema(schema)) return [];
  const result = await schema["~standard"].validate(value);
  return hasIssues(result) ? toProblems(result.issues) : [];
}

async function findProblemsOfFields(
  schema: StateSchemaLike,
  value: unknown,
): Promise<readonly Problem[]> {
  const fields = fieldsOf(schema);
  const problems: Problem[] = [];
  for (const [key, fieldValue] of Object.entries(value as object)) {
    const field = fields.get(key);
    if (!field) continue;
    const result = await validateField(field, fieldValue);
    if (hasIssues(result)) problems.push(...toProblems(result.issues, [key]));
  }
  return problems;
}

async function validateField({ value, input }: StateField, written: unknown): Promise<unknown> {
  // LangGraph's word for "instead of what is there", which goes past the reducer.
  if (typeof written === "object" && written !== null && OVERWRITE in written) {
    return value?.["~standard"].validate(written[OVERWRITE]);
  }
  return input?.["~standard"].validate(written);
}

const OVERWRITE = "__overwrite__";

function hasIssues(result: unknown): result is { readonly issues: readonly Issue[] } {
  return (
    typeof result === "object" &&
    result !== null &&
    "issues" in result &&
    Array.isArray(result.issues)
  );
}
