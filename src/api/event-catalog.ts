import { ConfigError } from "../errors.ts";
import type { EventBody } from "../events/run-event.ts";
import { BUILT_IN_EVENTS } from "../workflows/define-events.ts";
import { toJsonSchema } from "../workflows/to-json-schema.ts";
import type { JsonSchema } from "../workflows/json-schema.ts";
import type { Workflows } from "../workflows/workflow.ts";
import { toEventTypeName, toEnumValue, type Names } from "./names.ts";

/** A declared event and the GraphQL type made of it. */
export interface DeclaredEvent {
  /** The `type` that nodes write. */
  readonly type: string;
  readonly typeName: string;
  readonly schema: JsonSchema;
  readonly description: string | undefined;
}

/** The types of the union `WorkflowEvent` that are always there, without the prefix. */
const BUILT_IN_TYPES = [
  "ProgressEvent",
  "CompleteEvent",
  "StateUpdate",
  "CustomEvent",
  "MessageChunk",
  "NodeEvent",
  "RunStatusEvent",
] as const;

/** Which GraphQL type each event is. */
export interface EventCatalog {
  /** The events that workflows declare beside the built-in ones, each once. */
  readonly declared: readonly DeclaredEvent[];
  /** Enum value of `WorkflowEventType` → type name. */
  readonly enumValues: ReadonlyMap<string, string>;
  readonly typeNameOf: (event: EventBody) => string;
  /** JSON Schema of the fields of an event that some workflow has. */
  schemaOf(type: string): JsonSchema;
}

/**
 * Collects the declared events of all workflows. The same event declared alike by two workflows is
 * one type. Throws `ConfigError` when it is declared differently, or when two events or a reserved
 * name would meet in one type name.
 */
export function createEventCatalog(workflows: Workflows, names: Names): EventCatalog {
  const declared = collect(workflows, names);
  const typeNames = new Map(declared.map(({ type, typeName }) => [type, typeName]));
  for (const type of Object.keys(BUILT_IN_EVENTS)) {
    typeNames.set(type, names.type(toEventTypeName(type)));
  }
  const schemas = new Map(declared.map(({ type, schema }) => [type, schema]));
  for (const [type, schema] of Object.entries(BUILT_IN_EVENTS)) {
    schemas.set(type, toJsonSchema(schema, "output"));
  }
  const customEvent = names.type("CustomEvent");
  const fixed = {
    state: names.type("StateUpdate"),
    message: names.type("MessageChunk"),
    node: names.type("NodeEvent"),
    status: names.type("RunStatusEvent"),
  };
  return {
    declared,
    enumValues: new Map([
      ...BUILT_IN_TYPES.map((name) => [toEventEnumValue(name), names.type(name)] as const),
      ...declared.map(
        ({ type, typeName }) => [toEventEnumValue(toEventTypeName(type)), typeName] as const,
      ),
    ]),
    typeNameOf: (event) =>
      event.kind === "written"
        ? // An event of a former declaration is still in the log when its type is gone.
          ((event.event === null ? undefined : typeNames.get(event.event)) ?? customEvent)
        : fixed[event.kind],
    schemaOf: (type) => schemas.get(type) ?? {},
  };
}

function toEventEnumValue(typeName: string): string {
  return toEnumValue(typeName.replace(/Event$/, ""));
}

function collect(workflows: Workflows, names: Names): readonly DeclaredEvent[] {
  const byTypeName = new Map<string, DeclaredEvent & { readonly workflow: string }>();
  for (const { name: workflow, events } of workflows.values()) {
    for (const [type, schema] of events) {
      if (type in BUILT_IN_EVENTS) continue;
      const event = { ...declare(type, schema, names), workflow };
      const other = byTypeName.get(event.typeName);
      if (!other) byTypeName.set(event.typeName, event);
      else checkAlike(event, other);
    }
  }
  return [...byTypeName.values()];
}

function declare(type: string, schema: unknown, names: Names): DeclaredEvent {
  const name = toEventTypeName(type);
  if (!/^[A-Za-z]/.test(name)) {
    throw new ConfigError(
      `Event ${JSON.stringify(type)} would be the GraphQL type ${name}, and names begin with a letter: rename it`,
    );
  }
  const jsonSchema = toJsonSchema(schema, "output");
  return {
    type,
    typeName: names.generate([name], {
      owner: `Event ${JSON.stringify(type)}`,
      fix: `rename it, for example to ${JSON.stringify(`my_${type}`)}`,
      fingerprint: name,
    }),
    schema: jsonSchema,
    description: jsonSchema.description,
  };
}

interface Declaration extends DeclaredEvent {
  readonly workflow: string;
}

function checkAlike(event: Declaration, other: Declaration): void {
  const isAlike =
    event.type === other.type && JSON.stringify(event.schema) === JSON.stringify(other.schema);
  if (isAlike) return;
  throw new ConfigError(
    `Workflows ${JSON.stringify(other.workflow)} and ${JSON.stringify(event.workflow)} declare ` +
      `${event.typeName} differently (events ${JSON.stringify(other.type)} and ` +
      `${JSON.stringify(event.type)}): share one declaration, or rename one event, for example to ` +
      JSON.stringify(`${event.workflow}_${event.type}`),
  );
}
