import { BadUserInputError, type Problem } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { Api } from "./api.ts";
import { fit } from "./data/fit.ts";
import { readInput, toInputPath, writeInput, type OnProblem } from "./data/input-value.ts";
import type { Shape } from "./data/shape.ts";
import type { TypeScope } from "./data/type-scope.ts";
import { ownerOf } from "./data/workflow-shapes.ts";
import { toTypeName } from "./names.ts";

/** The types with one field for each workflow. */
export type WorkflowInputRefs = ReturnType<typeof createWorkflowInputs>;

/** `WorkflowInput`, and `WorkflowContext` if any workflow takes a context. Their fields come later. */
export function createWorkflowInputs({ builder, names, shapes }: Api) {
  const fields = { input: new Map<string, Field>(), context: new Map<string, Field>() };
  const takesContext = [...shapes.values()].some(({ context }) => context !== null);
  return {
    fields,
    input: builder.inputType(names.type("WorkflowInput"), {
      isOneOf: true,
      description: "Which workflow to run, and its input.",
      fields: (t) =>
        Object.fromEntries(
          [...fields.input].map(([name, { type, description }]) => [
            name,
            t.field({ type, description, required: false }),
          ]),
        ),
    }),
    context: takesContext
      ? builder.inputType(names.type("WorkflowContext"), {
          isOneOf: true,
          description: "What a workflow is to know beside its input, for the one that is run.",
          fields: (t) =>
            Object.fromEntries(
              [...fields.context].map(([name, { type, description }]) => [
                name,
                t.field({ type, description, required: false }),
              ]),
            ),
        })
      : null,
  };
}

interface Field {
  /** Made at runtime, so its static type says nothing. */
  readonly type: never;
  readonly description: string;
}

/**
 * The types of the workflows' data, and `WorkflowState` and `WorkflowResult` that hold them. After
 * all types of the service's own, whose names have precedence. Throws `ConfigError` where names collide.
 */
export function implementWorkflowData(api: Api, { fields }: WorkflowInputRefs): void {
  const { engine, shapes, workflowFields, outputs, inputs } = api;
  const state = new Map<string, Field>();
  const result = new Map<string, Field>();
  for (const [name, shape] of shapes) {
    outputs.reserve(shape.state, scopeOf(name, "State"));
    outputs.reserve(shape.output, scopeOf(name, "Output"));
    inputs.reserve(shape.input, scopeOf(name, "Input"));
    if (shape.context) inputs.reserve(shape.context, scopeOf(name, "Context"));
  }
  for (const [name, shape] of shapes) {
    const field = workflowFields.get(name) ?? name;
    const make = (part: "State" | "Output" | "Input" | "Context", types: Types, of: Shape) =>
      types.typeOf(of, scopeOf(name, part)) as never;
    state.set(name, {
      type: make("State", outputs, shape.state),
      description: `State of ${ownerOf(name)}.`,
    });
    result.set(name, {
      type: make("Output", outputs, shape.output),
      description: `Output of ${ownerOf(name)}.`,
    });
    fields.input.set(field, {
      type: make("Input", inputs, shape.input),
      description: engine.workflows.get(name)?.description ?? `Run ${ownerOf(name)}.`,
    });
    if (shape.context) {
      fields.context.set(field, {
        type: make("Context", inputs, shape.context),
        description: `Context of ${ownerOf(name)}.`,
      });
    }
  }
  implementOfWorkflow(api, "state", state);
  implementOfWorkflow(api, "output", result);
}

type Types = { typeOf(shape: Shape, scope: TypeScope): unknown };

function implementOfWorkflow(
  { refs, shapes, misfits, workflowFields }: Api,
  part: "state" | "output",
  fields: ReadonlyMap<string, Field>,
): void {
  const ref = part === "state" ? refs.workflowState : refs.workflowResult;
  ref.implement({
    description:
      `${part === "state" ? "State" : "Output"} of a workflow: only the run's own workflow is set. ` +
      "What is not what its schema says is null.",
    fields: (t) =>
      Object.fromEntries(
        [...shapes].map(([name, shape]) => {
          const reporter = misfits.reporter({ workflow: name, part });
          return [
            workflowFields.get(name) ?? name,
            t.field({
              ...fields.get(name),
              nullable: true,
              resolve: ({ workflow, value }: { workflow: string; value: JsonValue }) =>
                workflow === name && value !== null ? fit(shape[part], value, reporter) : null,
            } as never),
          ];
        }),
      ),
  });
}

/** What a client asks to be run, as `WorkflowInput` and `WorkflowContext` have it. */
export interface GivenWorkflow {
  readonly input: object;
  readonly context?: object | null | undefined;
}

/**
 * The same as the engine takes it. Throws `BadUserInputError` for what GraphQL has let pass, such as
 * the context of another workflow.
 */
export function readWorkflow(api: Api, { input, context }: GivenWorkflow): ReadWorkflow {
  const { shapes, workflowFields } = api;
  // GraphQL has checked that there is just one.
  const given = input as Readonly<Record<string, unknown>>;
  const [workflow, field] =
    [...workflowFields].find(([, name]) => given[name] !== undefined) ?? missing();
  const { input: shape } = shapes.get(workflow) ?? missing();
  return checked((onProblem) => ({
    workflow,
    input: readInput(shape, given[field], onProblem, ["input", field]),
    context: readContextOf(api, workflow, context, onProblem),
  }));
}

/** What a client asks to be run, in JSON. */
export interface ReadWorkflow {
  readonly workflow: string;
  readonly input: JsonValue;
  readonly context: JsonObject | undefined;
}

/** The context for a workflow as the engine takes it. Throws `BadUserInputError`. */
export function readContext(
  api: Api,
  workflow: string,
  context: object | null | undefined,
): JsonObject | undefined {
  return checked((onProblem) => readContextOf(api, workflow, context, onProblem));
}

function readContextOf(
  { shapes, workflowFields }: Api,
  workflow: string,
  context: object | null | undefined,
  onProblem: OnProblem,
): JsonObject | undefined {
  if (context == null) return undefined;
  const field = workflowFields.get(workflow) ?? workflow;
  const shape = shapes.get(workflow)?.context;
  const given = (context as Readonly<Record<string, unknown>>)[field];
  if (given === undefined || !shape) {
    throw new BadUserInputError("The context is for another workflow", [
      { path: ["options", "context"], message: `It must be the context of ${field}, or absent` },
    ]);
  }
  return readInput(shape, given, onProblem, ["options", "context", field]) as JsonObject;
}

/** Where a client gave what the engine found wrong at `path`: the arguments have other names and forms. */
export function toGivenPath(
  { shapes, workflowFields }: Api,
  { workflow, input, context }: ReadWorkflow,
  path: readonly string[],
): readonly string[] {
  const [argument, ...rest] = path;
  const field = workflowFields.get(workflow) ?? workflow;
  const shape = shapes.get(workflow);
  if (argument === "input" && shape) {
    return ["input", field, ...toInputPath(shape.input, input, rest)];
  }
  if (argument === "context" && shape?.context) {
    return ["options", "context", field, ...toInputPath(shape.context, context, rest)];
  }
  return path;
}

/** What `read` returns, unless it has come upon problems. */
function checked<T>(read: (onProblem: OnProblem) => T): T {
  const problems: Problem[] = [];
  const value = read((path, message) => problems.push({ path, message }));
  if (problems.length === 0) return value;
  throw new BadUserInputError("The input is not valid", problems);
}

/** What `WorkflowInput` takes for the JSON that a workflow takes; `undefined` if there is no such workflow. */
export function writeWorkflowInput(
  { shapes, workflowFields }: Pick<Api, "shapes" | "workflowFields">,
  workflow: string,
  input: JsonValue,
): JsonObject | undefined {
  const field = workflowFields.get(workflow);
  const shape = shapes.get(workflow)?.input;
  return field === undefined || !shape ? undefined : { [field]: writeInput(shape, input) };
}

function scopeOf(workflow: string, part: string): TypeScope {
  const owner = `Workflow ${JSON.stringify(workflow)}`;
  return { base: toTypeName(workflow), part, owner };
}

function missing(): never {
  throw new TypeError("GraphQL let an empty WorkflowInput pass");
}
