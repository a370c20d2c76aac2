import type { JsonSchema } from "./json-schema.ts";
import { isStandardSchema, type StandardSchemaV1 } from "./standard-schema.ts";

/** One key of a LangGraph `StateSchema`. */
export interface StateField {
  /** What the state holds; `undefined` where nothing is said of it. */
  readonly value: StandardSchemaV1 | undefined;
  /** What may be written to it, which a reducer can make something else. */
  readonly input: StandardSchemaV1 | undefined;
  /** What LangGraph adds to its JSON Schema: the mark of message lists. */
  readonly extra: JsonSchema | undefined;
}

/** LangGraph's `StateSchema`, of whatever copy of the package. */
export interface StateSchemaLike {
  readonly fields: Readonly<Record<string, unknown>>;
}

const STATE_SCHEMA = Symbol.for("langgraph.state.state_schema");
const REDUCED_VALUE = Symbol.for("langgraph.state.reduced_value");
const DELTA_VALUE = Symbol.for("langgraph.state.delta_value");
const UNTRACKED_VALUE = Symbol.for("langgraph.state.untracked_value");

/** Whether `value` is a `StateSchema`; by LangGraph's own mark, as another copy may have made it. */
export function isStateSchema(value: unknown): value is StateSchemaLike {
  return isMarked(value, STATE_SCHEMA);
}

/** The keys of a `StateSchema` and their schemas. */
export function fieldsOf(schema: StateSchemaLike): ReadonlyMap<string, StateField> {
  return new Map(Object.entries(schema.fields).map(([key, field]) => [key, readField(field)]));
}

function readField(field: unknown): StateField {
  if (isMarked(field, REDUCED_VALUE) || isMarked(field, DELTA_VALUE)) {
    const { valueSchema, inputSchema, jsonSchemaExtra } = field as ReducedValueLike;
    return { value: valueSchema, input: inputSchema, extra: jsonSchemaExtra };
  }
  const schema = isMarked(field, UNTRACKED_VALUE) ? (field as UntrackedValueLike).schema : field;
  const known = isStandardSchema(schema) ? schema : undefined;
  return { value: known, input: known, extra: undefined };
}

interface ReducedValueLike {
  readonly valueSchema: StandardSchemaV1;
  readonly inputSchema: StandardSchemaV1;
  readonly jsonSchemaExtra?: JsonSchema;
}

interface UntrackedValueLike {
  readonly schema?: StandardSchemaV1;
}

function isMarked(value: unknown, mark: symbol): value is object {
  return typeof value === "object" && value !== null && mark in value;
}
