import type { EventBody, MessageBody, StateBody, WrittenBody } from "../events/run-event.ts";
import { isJsonObject, jsonSize, type JsonObject, type JsonValue } from "../json.ts";
import type { EngineLimits } from "./engine-options.ts";

/** What an event weighs beside its payload, roughly, in bytes. */
const EVENT_OVERHEAD_BYTES = 100;

/** A `type` of more characters goes with the rest of what is too large. */
const MAX_TYPE_LENGTH = 200;

/** Stands for data that is too large, and has no parts of which some could be kept. */
const TOO_LARGE = "[Too large]";

/** An event with its size, which is computed once. */
export interface SizedBody {
  readonly body: EventBody;
  /** Roughly, as JSON. */
  readonly bytes: number;
}

export type EventBounds = Pick<EngineLimits, "maxEventBytes" | "maxStateBytes">;

/** An event as it is. */
export function sized(body: EventBody): SizedBody {
  return { body, bytes: EVENT_OVERHEAD_BYTES + sizeOf(body) };
}

/** An event as it is recorded: what is left of it where it is larger than one may be. */
export function bounded(body: EventBody, { maxEventBytes, maxStateBytes }: EventBounds): SizedBody {
  const bytes = sizeOf(body);
  if (body.kind === "written" && bytes > maxEventBytes) {
    return sized(withoutPayload(body, bytes, maxEventBytes));
  }
  if (body.kind === "message" && bytes > maxEventBytes) return sized(cut(body, maxEventBytes));
  if (body.kind === "state" && bytes > maxStateBytes) {
    return sized(withoutLargest(body, maxStateBytes));
  }
  return { body, bytes: EVENT_OVERHEAD_BYTES + bytes };
}

function sizeOf(body: EventBody): number {
  switch (body.kind) {
    case "written":
      return jsonSize(body.payload) + (body.data ? jsonSize(body.data) : 0);
    case "state":
      return jsonSize(body.changes);
    case "message":
      return jsonSize(body.message);
    case "node":
      return 0;
    case "status":
      return jsonSize(body.output ?? null);
  }
}

function withoutPayload({ payload }: WrittenBody, bytes: number, max: number): WrittenBody {
  const type = isJsonObject(payload) ? payload["type"] : undefined;
  return {
    kind: "written",
    event: null,
    payload: null,
    ...(typeof type === "string" && type.length <= MAX_TYPE_LENGTH && { type }),
    problems: [
      {
        path: [],
        message:
          `It has ${bytes} bytes of JSON, and may have ${max}: write it in pieces, or keep it elsewhere ` +
          "and write where it is, or raise limits.maxEventBytes",
      },
    ],
  };
}

/** Keeps the text, of which people see something, rather than the message as LangChain has it. */
function cut({ messageId, content }: MessageBody, max: number): MessageBody {
  if (content.length <= max) return { kind: "message", messageId, content, message: null };
  // Not in the middle of a character that takes two places.
  const end = (content.codePointAt(max - 1) ?? 0) > 0xffff ? max - 1 : max;
  const marker = ` [${content.length - end} more characters: beyond limits.maxEventBytes]`;
  return { kind: "message", messageId, content: content.slice(0, end) + marker, message: null };
}

/** Leaves out the largest changes, so that those to as many keys as may be are kept. */
function withoutLargest({ changes }: StateBody, max: number): StateBody {
  const left = keysThatDoNotFit(changes, max);
  if (!left || jsonSize([...left]) > max) return { kind: "state", changes: TOO_LARGE };
  const without = (value: JsonValue): JsonValue =>
    isJsonObject(value)
      ? Object.fromEntries(Object.entries(value).filter(([key]) => !left.has(key)))
      : value;
  return {
    kind: "state",
    changes: Array.isArray(changes) ? changes.map(without) : without(changes),
    truncatedKeys: [...left],
  };
}

/** `undefined` where there are no keys, or where what has none is too large by itself. */
function keysThatDoNotFit(changes: JsonValue, max: number): ReadonlySet<string> | undefined {
  const objects = (Array.isArray(changes) ? changes : [changes]).filter(isJsonObject);
  const sizes = sizesOfKeys(objects);
  const left = new Set<string>();
  let bytes = jsonSize(changes);
  for (const [key, size] of [...sizes].sort(([, a], [, b]) => b - a)) {
    if (bytes <= max) break;
    left.add(key);
    bytes -= size;
  }
  return left.size > 0 && bytes <= max ? left : undefined;
}

/** What each key takes in all of the objects that have it. */
function sizesOfKeys(objects: readonly JsonObject[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const object of objects) {
    for (const [key, value] of Object.entries(object)) {
      sizes.set(key, (sizes.get(key) ?? 0) + key.length + 4 + jsonSize(value));
    }
  }
  return sizes;
}
