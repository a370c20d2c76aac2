import { BadUserInputError } from "../errors.ts";
import type { JsonValue } from "../json.ts";

/** Deeper values are refused: no graph needs them, and many programs walk them by recursion. */
const MAX_DEPTH = 64;

/**
 * Refuses JSON that is an attack wherever it gets to: what LangChain's `load()`, which savers of
 * checkpoints use, would make objects of, or secrets of the environment; keys that pollute prototypes
 * where they are copied without care; and what is nested without end. To be called with whatever
 * clients give to a graph, where it enters the engine. `path` is where it stands in the request. Throws
 * `BadUserInputError`, which says where.
 */
export function refuseHostile(value: JsonValue, path: readonly string[]): void {
  check(value, [...path], path.length + MAX_DEPTH);
}

/** `path` is one list, written anew on the way; inputs are large, and problems rare. */
function check(value: JsonValue, path: string[], mostDeep: number): void {
  if (typeof value !== "object" || value === null) return;
  if (path.length > mostDeep) refuse(path, `Nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      path.push(String(index));
      check(item, path, mostDeep);
      path.pop();
    }
    return;
  }
  if (isEnvelope(value)) refuse(path, "An object as LangChain serialises its own is not accepted");
  for (const key of Object.keys(value)) {
    path.push(key);
    const part = value[key] as JsonValue;
    if (key === "__proto__") refuse(path, "The key __proto__ is not accepted");
    if (key === "constructor" && isObjectWith(part, "prototype")) {
      refuse([...path, "prototype"], "The keys constructor.prototype are not accepted");
    }
    check(part, path, mostDeep);
    path.pop();
  }
}

/**
 * What `load()` of `@langchain/core` and LangGraph's serialiser revive: both mark theirs by `lc`, which
 * is a number, beside a `type`; no data of anybody else's has the two.
 */
function isEnvelope(value: { readonly [key: string]: JsonValue }): boolean {
  return (
    Object.hasOwn(value, "lc") && typeof value["lc"] === "number" && Object.hasOwn(value, "type")
  );
}

function isObjectWith(value: JsonValue, key: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}

function refuse(path: readonly string[], message: string): never {
  throw new BadUserInputError(`Not acceptable: ${message}`, [{ path: [...path], message }]);
}
