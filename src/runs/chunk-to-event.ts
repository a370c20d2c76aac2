import type { EventBody, RunError, WrittenBody } from "../events/run-event.ts";
import { isJsonObject, toJson, type JsonValue } from "../json.ts";
import { readEvent, type EventTypes } from "../workflows/event-types.ts";
import type { GraphChunk } from "./ingest/ingest.ts";

/** Makes what is recorded of what a graph says: a copy, all JSON. Never throws. */
export function chunkToEvent(
  chunk: GraphChunk,
  types: EventTypes,
  toRunError: (error: unknown) => RunError,
): EventBody {
  switch (chunk.kind) {
    case "written":
      return writtenBody(chunk.payload, types);
    case "state":
      return { kind: "state", changes: toJson(chunk.changes) };
    case "message": {
      const message = toJson(chunk.message);
      return { kind: "message", messageId: chunk.messageId, content: textOf(message), message };
    }
    case "node":
      return {
        kind: "node",
        phase: chunk.phase,
        ...(chunk.durationMs !== undefined && { durationMs: chunk.durationMs }),
        ...(chunk.phase === "failed" && { error: toRunError(chunk.error) }),
      };
  }
}

/** What is recorded of what a node wrote. */
export function writtenBody(raw: unknown, types: EventTypes): WrittenBody {
  const read = readEvent(raw, types);
  const payload = toJson(raw);
  if (read.event === null)
    return { kind: "written", event: null, payload, problems: read.problems };
  return isUnchanged(read.data, raw)
    ? { kind: "written", event: read.event, payload }
    : // A valid event is an object, and so is what its schema makes of it.
      {
        kind: "written",
        event: read.event,
        payload,
        data: toJson(read.data) as Record<string, JsonValue>,
      };
}

/** Whether the schema took the fields as they are: then they need not be kept twice. */
function isUnchanged(data: object, raw: unknown): boolean {
  const from = raw as Record<string, unknown>;
  try {
    return Object.entries(data).every(([key, value]) => Object.is(value, from[key]));
  } catch {
    // A getter that gave a value before, and throws now.
    return false;
  }
}

/** The text of a LangChain message: its content, or the text blocks of it. */
export function textOf(message: JsonValue): string {
  const content = isJsonObject(message) ? message["content"] : undefined;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((block) => (isJsonObject(block) && typeof block["text"] === "string" ? block["text"] : ""))
    .join("");
}
