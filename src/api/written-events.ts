import { ConfigError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { Api } from "./api.ts";
import type { DeclaredEvent } from "./event-catalog.ts";
import type { WrittenSource } from "./event-source.ts";
import { fit } from "./data/fit.ts";
import { readShape } from "./data/read-shape.ts";
import { toEventTypeName } from "./names.ts";
import { INTERFACE_FIELDS } from "./run-event.ts";

/** The types of what nodes write: `ProgressEvent`, `CompleteEvent`, `CustomEvent`, and one for each declared event. */
export function implementWrittenEvents(api: Api): void {
  const { refs } = api;
  const interfaces = [refs.runEvent, refs.writtenEvent];

  refs.progressEvent.implement({
    description:
      'How far a node has got. Written as `{ type: "progress", current, total, status }`.',
    interfaces,
    fields: (t) => ({
      current: t.float({
        description: "How much is done, in the unit of `total`.",
        // Zod let it pass as a number.
        resolve: (source) => fieldsOf(source)["current"] as number,
      }),
      total: t.float({
        nullable: true,
        description: "How much there is to do, where that is known.",
        resolve: (source) => numberOrNull(fieldsOf(source)["total"]),
      }),
      status: t.string({
        nullable: true,
        description: "What is being done, for people.",
        resolve: (source) => stringOrNull(fieldsOf(source)["status"]),
      }),
      fraction: t.float({
        nullable: true,
        description: "`current / total`, from 0 to 1; null without a positive total.",
        resolve: (source) => fractionOf(fieldsOf(source)),
      }),
    }),
  });

  refs.completeEvent.implement({
    description:
      "A node's own word that it is done; not the run's end, which is a `RunStatusEvent`. " +
      'Written as `{ type: "complete", message }`.',
    interfaces,
    fields: (t) => ({
      message: t.string({
        nullable: true,
        description: "What was done, for people.",
        resolve: (source) => stringOrNull(fieldsOf(source)["message"]),
      }),
    }),
  });

  refs.customEvent.implement({
    description:
      "Something else that a node wrote: without a `type`, of one that is not declared, or not valid as it.",
    interfaces,
    fields: (t) => ({
      problems: t.field({
        type: [refs.problem],
        description: "Why it is not an event of its own type.",
        resolve: ({ event }) => event.problems ?? [],
      }),
    }),
  });

  for (const event of api.catalog.declared) implementDeclaredEvent(api, event);
}

function implementDeclaredEvent(
  { builder, refs, outputs, misfits }: Api,
  { type, typeName, schema, description }: DeclaredEvent,
): void {
  const owner = `Event ${JSON.stringify(type)}`;
  const shape = readShape(schema, owner);
  const scope = { base: toEventTypeName(type), part: "", owner };
  const fields = shape.kind === "object" ? outputs.fieldsOf(shape, scope) : [];
  const taken = fields.find(({ name }) => INTERFACE_FIELDS.includes(name));
  if (taken) {
    throw new ConfigError(
      `${owner} has a field ${JSON.stringify(taken.name)}, which every event has ` +
        `already: rename it, for example to ${JSON.stringify(`${type}_${taken.name}`)}`,
    );
  }
  builder.objectRef<WrittenSource>(typeName).implement({
    description: description ?? `Written as \`{ type: ${JSON.stringify(type)}, … }\`.`,
    interfaces: [refs.runEvent, refs.writtenEvent],
    fields: (t) =>
      Object.fromEntries(
        fields.map(({ name, property, shape: of, ...field }) => {
          const reporter = misfits.reporter({ event: type, field: name });
          const resolve = (source: WrittenSource) => {
            const value = fieldsOf(source)[property];
            return value == null ? null : fit(of, value, reporter);
          };
          return [name, t.field({ ...field, resolve } as never)];
        }),
      ),
  });
}

/** An event that is one of its type is an object. */
function fieldsOf({ event }: WrittenSource): JsonObject {
  return event.data ?? (event.payload as JsonObject);
}

function fractionOf({ current, total }: JsonObject): number | null {
  if (typeof current !== "number" || typeof total !== "number" || total <= 0) return null;
  return Math.min(Math.max(current / total, 0), 1);
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function stringOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
