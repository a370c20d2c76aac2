import type { Problem } from "../errors.ts";
import type { EventSchema } from "./define-events.ts";
import { toProblems, validateNow } from "./standard-schema.ts";

/** The events of one workflow, built-in ones included: `type` → schema of the other fields. */
export type EventTypes = ReadonlyMap<string, EventSchema>;

/** What a written payload is. */
export type WrittenEvent =
  | {
      readonly event: string;
      /** What the schema made of the payload: defaults filled in, transforms applied. */
      readonly data: object;
    }
  | { readonly event: null; readonly problems: readonly Problem[] };

/** Decides which declared event `payload` is. Never throws, whatever the payload. */
export function readEvent(payload: unknown, types: EventTypes): WrittenEvent {
  try {
    return read(payload, types);
  } catch (error) {
    // A getter or a proxy of the payload, or what the schema throws.
    const reason = error instanceof Error ? error.message : "it throws when it is read";
    return notAnEvent([], `The payload cannot be checked: ${reason}`);
  }
}

function read(payload: unknown, types: EventTypes): WrittenEvent {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
    return notAnEvent([], "The payload is not an object");
  }
  const { type, ...fields } = payload as { readonly type?: unknown };
  if (typeof type !== "string")
    return notAnEvent(["type"], "The payload has no `type`, or no text in it");
  const schema = types.get(type);
  if (!schema) return notAnEvent(["type"], `No event ${JSON.stringify(type)} is declared`);
  const result = validateNow(schema, fields);
  if (!result) {
    return notAnEvent([], "The payload cannot be checked: its schema is asynchronous, or throws");
  }
  return result.issues
    ? { event: null, problems: toProblems(result.issues) }
    : { event: type, data: result.value };
}

function notAnEvent(path: readonly string[], message: string): WrittenEvent {
  return { event: null, problems: [{ path, message }] };
}
