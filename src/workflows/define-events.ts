import type { RunnableConfig } from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { isStandardSchema, type InputOf, type StandardSchemaV1 } from "./standard-schema.ts";
import { toJsonSchema } from "./to-json-schema.ts";

/** A schema of one event's fields: of Zod 3 or 4, or another library that follows Standard Schema. */
export type EventSchema = StandardSchemaV1<unknown, object>;

/**
 * The custom events a workflow declares: the `type` of what nodes write → a schema of its other
 * fields. The schema must be an object schema that can be had as JSON Schema.
 */
export type EventSchemas = Readonly<Record<string, EventSchema>>;

/** The events that every workflow has. */
export const BUILT_IN_EVENTS = {
  progress: z.object({
    current: z.number().describe("How much is done, in the unit of `total`."),
    total: z.number().nullish().describe("How much there is to do, where that is known."),
    status: z.string().nullish().describe("What is being done, for people."),
  }),
  complete: z.object({
    message: z.string().nullish().describe("What was done, for people."),
  }),
} as const satisfies EventSchemas;

type BuiltInEvents = typeof BUILT_IN_EVENTS;

/** The part of LangGraph's node and tool configuration that an emitter needs. */
export interface WriterConfig extends RunnableConfig {
  /** `null` in tools of a graph that nobody streams from. */
  readonly writer?: Writer | null | undefined;
}

// The type of a method, so that a writer typed for narrower chunks fits too.
type Writer = { write(chunk: unknown): void }["write"];

/** One typed function an event: `emit.progress({ current: 1 })` writes `{ type: "progress", current: 1 }`. */
export type Emitter<Schemas extends EventSchemas> = {
  readonly [Type in keyof (BuiltInEvents & Schemas)]: (
    fields: InputOf<(BuiltInEvents & Schemas)[Type]>,
  ) => void;
};

/** What {@link defineEvents} makes. */
export interface WorkflowEvents<Schemas extends EventSchemas = EventSchemas> {
  /** The declared events, without the built-in ones. */
  readonly schemas: Schemas;
  /**
   * Typed functions that write to the graph's stream, for the node or tool that `config` was given
   * to. Events are attributed to that node even when emitted from a timer, a queue or a callback
   * that runs outside the node's context. Without a writer (a graph run by `invoke`) they do nothing.
   * They never throw and never wait.
   */
  emitter(config: WriterConfig): Emitter<Schemas>;
}

/**
 * Declares the custom events of a workflow. Each becomes a GraphQL type: `citation` →
 * `CitationEvent`. `progress` and `complete` are there already.
 *
 * Throws `ConfigError` if a schema is not an object schema, or redeclares a built-in event or `type`.
 */
export function defineEvents<const Schemas extends EventSchemas>(
  schemas: Schemas,
): WorkflowEvents<Schemas> {
  for (const [type, schema] of Object.entries(schemas)) checkDeclaration(type, schema);
  const types = [...Object.keys(BUILT_IN_EVENTS), ...Object.keys(schemas)];
  return {
    schemas,
    emitter: (config) =>
      // One function for each declared type, as the mapped type says; `fromEntries` loses the keys.
      Object.fromEntries(
        types.map((type) => [type, (fields: object) => write(config, { type, ...fields })]),
      ) as unknown as Emitter<Schemas>,
  };
}

/** Whether a module's `events` export is one of ours; by shape, as it may come from another copy. */
export function isWorkflowEvents(value: unknown): value is WorkflowEvents {
  return (
    typeof value === "object" &&
    value !== null &&
    "schemas" in value &&
    "emitter" in value &&
    typeof value.emitter === "function"
  );
}

function checkDeclaration(type: string, schema: unknown): void {
  const culprit = `Event ${JSON.stringify(type)}`;
  if (Object.hasOwn(BUILT_IN_EVENTS, type)) {
    throw new ConfigError(`${culprit} is built in: leave it out, or name yours differently`);
  }
  const { properties } = isStandardSchema(schema) ? toJsonSchema(schema, "output") : {};
  if (!properties) {
    throw new ConfigError(`${culprit} must be declared as an object schema, z.object({ … })`);
  }
  if (Object.hasOwn(properties, "type")) {
    throw new ConfigError(`${culprit} must not declare a field "type": it is the event's own name`);
  }
}

/**
 * LangGraph tells the writer's node by async context. Where that context is lost (a queue), or is
 * another node's (an event listener), the one that `config` belongs to is put in place first.
 */
function write(config: WriterConfig, event: object): void {
  const callWriter = (): void => config.writer?.(event);
  const own = checkpointNs(config);
  const current = AsyncLocalStorageProviderSingleton.getRunnableConfig();
  if (own === undefined || own === checkpointNs(current)) callWriter();
  else AsyncLocalStorageProviderSingleton.runWithConfig(config, callWriter);
}

function checkpointNs(config: RunnableConfig | undefined): unknown {
  return config?.configurable?.["checkpoint_ns"];
}
