import type { Graph } from "./graph.ts";
import type { JsonSchema } from "./json-schema.ts";

/** What a graph's builder was given for its data: Zod objects and `StateSchema`s. */
export interface GraphDefinitions {
  readonly state: object | undefined;
  /** `undefined` also where any part of the state is one. */
  readonly input: object | undefined;
  readonly output: object | undefined;
  readonly context: object | undefined;
  /** Whether any part of the state is an input. */
  readonly takesPartialState: boolean;
  /** Keys of the state that have a value before anything is written. */
  readonly initialKeys: readonly string[];
  /** LangGraph's own notes on the fields of Zod objects. */
  readonly registry: MetaRegistry | undefined;
}

/** LangGraph's registry of what Zod cannot say: each copy of the package has its own. */
export interface MetaRegistry {
  get(field: object): { readonly jsonSchemaExtra?: JsonSchema } | undefined;
  /** The object as LangGraph checks inputs with it: with what reducers take. */
  getExtendedChannelSchemas(schema: object, effects: { readonly withReducerSchema: true }): object;
}

/** LangGraph's word for "the input is the state, in part". */
const PARTIAL_STATE = Symbol.for("langgraph.state.partial");

/** The fields of LangGraph's `StateGraph` (1.5 to 1.7) that hold schemas; `Annotation` leaves none. */
interface BuilderLike {
  readonly _schemaRuntimeDefinition?: unknown;
  readonly _inputRuntimeDefinition?: unknown;
  readonly _outputRuntimeDefinition?: unknown;
  readonly _configRuntimeSchema?: unknown;
  readonly _metaRegistry?: unknown;
}

/** One key of the state, at runtime. */
interface ChannelLike {
  readonly initialValueFactory?: unknown;
}

/** Reads what a graph knows of its data: nothing, if it is remote or of the functional API. */
export function definitionsOf(graph: Graph): GraphDefinitions {
  const { builder, channels } = graph as {
    readonly builder?: BuilderLike;
    readonly channels?: Readonly<Record<string, ChannelLike>>;
  };
  return {
    state: objectOrNothing(builder?._schemaRuntimeDefinition),
    input: objectOrNothing(builder?._inputRuntimeDefinition),
    output: objectOrNothing(builder?._outputRuntimeDefinition),
    context: objectOrNothing(builder?._configRuntimeSchema),
    takesPartialState: builder?._inputRuntimeDefinition === PARTIAL_STATE,
    initialKeys: Object.entries(channels ?? {}).flatMap(([key, { initialValueFactory }]) =>
      initialValueFactory ? [key] : [],
    ),
    registry: objectOrNothing(builder?._metaRegistry) as MetaRegistry | undefined,
  };
}

function objectOrNothing(value: unknown): object | undefined {
  return typeof value === "object" && value !== null ? value : undefined;
}
