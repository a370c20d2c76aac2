import { responseSchemaOf } from "./agent-response.ts";
import type { Graph } from "./graph.ts";
import { definitionsOf, type GraphDefinitions, type MetaRegistry } from "./graph-definitions.ts";
import { DIALECT, mapDeep, resolveRef, type JsonSchema } from "./json-schema.ts";
import { normalizeJsonSchema } from "./normalize-json-schema.ts";
import { toJsonSchema, type Side } from "./to-json-schema.ts";
import { withoutKeys } from "./without-keys.ts";
import { isZod4, shapeOf } from "./zod.ts";

/**
 * What a workflow's data looks like, as JSON; `null` where that is not known.
 *
 * A `default` in an input is what the graph itself takes for a key that is absent. What the state
 * of a new thread begins with is told in descriptions. Others, which nobody fills in, are left out.
 */
export interface WorkflowSchemas {
  /** What it takes. A key that is not `required` may be absent. */
  readonly input: JsonSchema | null;
  /** The state between steps: any key may be absent. */
  readonly state: JsonSchema | null;
  /** What it ends with. LangGraph does not check that, and a key that was never written is absent. */
  readonly output: JsonSchema | null;
  /** What a client may say of its context: all but what the workflow's author has fixed. */
  readonly context: JsonSchema | null;
}

/** Zod 3 or 4, any Standard Schema, a LangGraph `StateSchema`, or JSON Schema itself. */
export type AnySchema = object;

/** Schemas given to `defineWorkflow`. */
export type SchemasOption = { readonly [Part in keyof WorkflowSchemas]?: AnySchema | undefined };

/**
 * Reads the schemas of a graph; those of `overrides` stand above its own. `agent` is what wraps the
 * graph, if something does; `fixed` the keys of the context that are not for clients. Never throws.
 */
export function schemasOf(
  graph: Graph,
  overrides: SchemasOption = {},
  agent: object = graph,
  fixed: readonly string[] = [],
): WorkflowSchemas {
  const definitions = definitionsOf(graph);
  const given = (part: keyof WorkflowSchemas, io: Side): JsonSchema | undefined =>
    overrides[part] && toJsonSchema(overrides[part], io);
  const describe = (schema: object | undefined): JsonSchema | null =>
    schema ? describeState(schema, "output", definitions.registry) : null;
  const state = given("state", "output") ?? describe(definitions.state);
  const input = given("input", "input");
  const context =
    given("context", "input") ??
    (definitions.context ? toJsonSchema(definitions.context, "input") : null);
  return {
    input: markMessages(input ? withoutDefaults(input) : describeInput(definitions), state),
    state: state && withoutRequired(state),
    output: markMessages(
      given("output", "output") ?? withResponse(describeOutput(definitions), agent),
      state,
    ),
    context: context && withoutKeys(withoutDefaults(context), fixed),
  };
}

function describeInput(definitions: GraphDefinitions): JsonSchema | null {
  const { state, input, takesPartialState, registry } = definitions;
  const definition = takesPartialState ? state : input;
  if (!definition) return null;
  const schema = describeState(definition, "input", registry);
  const described = takesPartialState ? withoutRequired(schema) : schema;
  // Zod 4 fills in the defaults of a partial object, Zod 3 does not. A `StateSchema` has them as
  // what the state begins with: sent along, they would replace what a thread has come to.
  const isZod = shapeOf(definition) !== undefined;
  if (isZod4(definition) || (isZod && !takesPartialState)) return described;
  return mapKeys(described, isZod ? withoutDefault : tellDefault);
}

/**
 * Where no output is declared it is the state, of which only those keys are sure to be there that the
 * input has or that the state begins with.
 */
function describeOutput(definitions: GraphDefinitions): JsonSchema | null {
  const { state, output, registry, initialKeys } = definitions;
  if (!output) return null;
  const schema = describeState(output, "output", registry);
  if (output !== state) return schema;
  const input = describeInput(definitions);
  const isSure = (key: string): boolean =>
    initialKeys.includes(key) ||
    (input?.required?.includes(key) ?? false) ||
    "default" in (input?.properties?.[key] ?? {});
  return { ...schema, required: schema.required?.filter(isSure) ?? [] };
}

/** What the keys of a state take or hold, with LangGraph's own notes on them. */
function describeState(
  definition: object,
  io: Side,
  registry: MetaRegistry | undefined,
): JsonSchema {
  const shape = shapeOf(definition);
  if (!shape || !registry) return toJsonSchema(definition, io);
  const { description } = definition as { readonly description?: string };
  const schema = toJsonSchema(io === "input" ? asChecked(definition, registry) : definition, io);
  const properties: Record<string, JsonSchema> = { ...schema.properties };
  for (const [key, field] of Object.entries(shape)) {
    const { jsonSchemaExtra } = registry.get(field) ?? {};
    if (jsonSchemaExtra) properties[key] = { ...properties[key], ...jsonSchemaExtra };
  }
  return { ...schema, ...(description !== undefined && { description }), properties };
}

/** The object that LangGraph checks an input with: where a reducer takes something else, with that. */
function asChecked(definition: object, registry: MetaRegistry): object {
  try {
    return registry.getExtendedChannelSchemas(definition, { withReducerSchema: true });
  } catch {
    // Zod extends no object that is refined. Nor can LangGraph check an input with it.
    return definition;
  }
}

/** With what an agent was asked to answer, of which its graph knows only that it answers. */
function withResponse(output: JsonSchema | null, agent: object): JsonSchema | null {
  const response = responseSchemaOf(agent);
  if (!response || output?.properties?.["structuredResponse"] === undefined) return output;
  const structuredResponse = { $schema: DIALECT, ...response };
  return normalizeJsonSchema({
    ...output,
    properties: { ...output.properties, structuredResponse },
  });
}

function withoutRequired({ required: _required, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

/** An agent's input and output have the messages of its state, whose mark LangChain does not repeat. */
function markMessages(schema: JsonSchema | null, state: JsonSchema | null): JsonSchema | null {
  if (!schema?.properties) return schema;
  const properties = Object.entries(schema.properties).map(([key, property]) => {
    const mark = state?.properties?.[key]?.langgraph_type;
    return [key, mark ? { ...property, langgraph_type: mark } : property] as const;
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

function withoutDefaults(schema: JsonSchema): JsonSchema {
  return mapDeep(schema, withoutDefault);
}

function withoutDefault({ default: _nobodys, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

/** The schema with its keys mapped, those behind references too. */
function mapKeys(schema: JsonSchema, map: (key: JsonSchema) => JsonSchema): JsonSchema {
  const { properties = {}, $defs = {} } = schema;
  const behindRefs = new Set(Object.values(properties).map((key) => resolveRef(key, schema)));
  const mapped = Object.entries(properties).map(([key, property]) => [key, map(property)]);
  const definitions = Object.entries($defs).map(([name, definition]) => [
    name,
    behindRefs.has(definition) ? map(definition) : definition,
  ]);
  return {
    ...schema,
    properties: Object.fromEntries(mapped),
    ...(schema.$defs && { $defs: Object.fromEntries(definitions) }),
  };
}

const MAX_DEFAULT_LENGTH = 100;

/** Moves a default into the description, where it says the same and does nothing. */
function tellDefault(schema: JsonSchema): JsonSchema {
  if (!("default" in schema)) return schema;
  const { default: value, ...rest } = schema;
  const text = JSON.stringify(value);
  if (value === null || text.length > MAX_DEFAULT_LENGTH) return rest;
  return {
    ...rest,
    description: [schema.description, `Default: ${text}`].filter(Boolean).join("\n\n"),
  };
}
