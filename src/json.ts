import { isBoxedPrimitive } from "node:util/types";

/** Anything that JSON can say. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | JsonValue[]
  | { [key: string]: JsonValue };

/** A JSON object. */
export type JsonObject = { [key: string]: JsonValue };

/** Deeper than this, a part becomes `"[Too deep]"`: graphql-js and `JSON.stringify` recurse. */
const MAX_DEPTH = 100;

/** After so many parts, the rest becomes `"[Too large]"`: a proxy can pretend to have no end. */
const MAX_PARTS = 5_000_000;

/** An object counts as so many parts: it takes that much longer than a number, more so as a proxy. */
const PARTS_OF_OBJECT = 10;

/** One call of {@link toJson}: the objects being copied, outermost first, and the parts still allowed. */
interface Walk {
  readonly ancestors: object[];
  partsLeft: number;
}

/**
 * A copy of `value` that JSON can carry, taken at the moment of the call: what the caller does to
 * `value` afterwards does not show in it. Never throws, and always ends.
 *
 * What JSON has no word for becomes:
 * `BigInt` → decimal string · `Date` → ISO 8601 string (`null` when invalid) · `NaN`, `±Infinity` →
 * `null` · `Map` → object, or a list of pairs when a key is not a string · `Set` → list · `Error` →
 * `{ name, message }`, and its own fields, without the stack · binary data → base64 string · `URL`,
 * `RegExp` → string · LangChain messages → `{ type, content, … }` as LangGraph's server writes them ·
 * functions, symbols and `undefined` → left out of objects, `null` elsewhere · other objects → what
 * their `toJSON` returns, or their own enumerable fields · a cycle → `"[Circular]"` · a part that
 * throws when it is read → `"[Unreadable: …]"` · deeper than 100 levels → `"[Too deep]"` · what comes
 * after five million parts, or half a million objects → `"[Too large]"`, once in each list and object
 * that would go on.
 */
export function toJson(value: unknown): JsonValue {
  return copy(value, { ancestors: [], partsLeft: MAX_PARTS }, true) ?? null;
}

/**
 * Roughly the bytes that `value` takes as JSON (characters, plus punctuation): good enough to hold
 * a limit, cheap enough to compute for every event.
 */
export function jsonSize(value: JsonValue): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  let size = 2;
  if (Array.isArray(value)) {
    for (const item of value) size += jsonSize(item) + 1;
  } else {
    for (const key in value) size += key.length + 4 + jsonSize(value[key] as JsonValue);
  }
  return size;
}

/** Whether `value` is a JSON object, and neither a list nor `null`. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `undefined` means: leave it out. */
function copy(value: unknown, walk: Walk, callToJson: boolean): JsonValue | undefined {
  if (walk.partsLeft-- <= 0) return "[Too large]";
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      // `-0` is `0`, as in JSON text.
      return Number.isFinite(value) ? value + 0 : null;
    case "bigint":
      return value.toString();
    case "object":
      if (value === null) return null;
      break;
    default:
      return undefined;
  }
  if (walk.ancestors.includes(value)) return "[Circular]";
  if (walk.ancestors.length >= MAX_DEPTH) return "[Too deep]";
  walk.partsLeft -= PARTS_OF_OBJECT;
  walk.ancestors.push(value);
  try {
    return copyObject(value, walk, callToJson);
  } catch (error) {
    return unreadable(error);
  } finally {
    walk.ancestors.pop();
  }
}

function copyObject(value: object, walk: Walk, callToJson: boolean): JsonValue | undefined {
  if (Array.isArray(value)) return copyList(value, walk);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    // The common case first: a plain object, unless it brings its own `toJSON`.
    return callToJson && hasToJson(value) ? copyReplaced(value, walk) : copyFields(value, walk);
  }
  if (value instanceof Date) return copyDate(value);
  // Not by their own iterators, which a subclass can make endless.
  if (value instanceof Map) return copyMap([...Map.prototype.entries.call(value)], walk);
  if (value instanceof Set) return copyList([...Set.prototype.values.call(value)], walk);
  if (value instanceof Error) {
    const [name, message] = copyList([value.name, value.message], walk);
    return { name: name ?? null, message: message ?? null, ...copyFields(value, walk) };
  }
  if (value instanceof RegExp) return String(value);
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  }
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (isMessage(value)) return copyMessage(value, walk);
  if (callToJson && hasToJson(value)) return copyReplaced(value, walk);
  return isBoxedPrimitive(value) ? copy(value.valueOf(), walk, false) : copyFields(value, walk);
}

function copyReplaced(value: { toJSON(): unknown }, walk: Walk): JsonValue | undefined {
  const replaced = value.toJSON();
  return replaced === value ? copyFields(value, walk) : copy(replaced, walk, false);
}

function copyDate(date: Date): JsonValue {
  const { valueOf, toISOString } = Date.prototype;
  return Number.isNaN(valueOf.call(date)) ? null : toISOString.call(date);
}

function copyList(list: readonly unknown[], walk: Walk): JsonValue[] {
  // A counted loop, since `map` keeps the holes of a sparse list.
  const out: JsonValue[] = [];
  for (let i = 0; i < list.length; i++) {
    const isLast = walk.partsLeft <= 0;
    out.push(read(list, i, walk) ?? null);
    if (isLast) break;
  }
  return out;
}

function copyFields(value: object, walk: Walk): JsonObject {
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    const isLast = walk.partsLeft <= 0;
    const field = read(value as Record<string, unknown>, key, walk);
    if (field !== undefined) setField(out, key, field);
    if (isLast) break;
  }
  return out;
}

function copyMap(entries: readonly (readonly [unknown, unknown])[], walk: Walk): JsonValue {
  if (!entries.every(([key]) => typeof key === "string")) return copyList(entries, walk);
  const out: JsonObject = {};
  for (const [key, item] of entries) {
    const isLast = walk.partsLeft <= 0;
    setField(out, key as string, copy(item, walk, true) ?? null);
    if (isLast) break;
  }
  return out;
}

/** One part of an object: a getter that throws costs that part, not the whole. */
function read<T extends object>(from: T, key: keyof T, walk: Walk): JsonValue | undefined {
  let value: unknown;
  try {
    value = from[key];
  } catch (error) {
    return unreadable(error);
  }
  return copy(value, walk, true);
}

function setField(target: JsonObject, key: string, value: JsonValue): void {
  // Assigning `__proto__` would set the prototype instead of a field.
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else {
    target[key] = value;
  }
}

/** LangChain's messages, recognised by shape: the graph may use another copy of the package. */
interface MessageLike {
  readonly lc_namespace: readonly string[];
  getType(): string;
  toDict(): { readonly data: object };
}

function isMessage(value: object): value is MessageLike {
  return (
    "lc_namespace" in value &&
    "getType" in value &&
    typeof value.getType === "function" &&
    "toDict" in value &&
    typeof value.toDict === "function"
  );
}

function copyMessage(message: MessageLike, walk: Walk): JsonObject {
  const { lc_direct_tool_output: _internal, ...fields } = copyFields(message.toDict().data, walk);
  return { type: copy(message.getType(), walk, true) ?? null, ...fields };
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}

function unreadable(error: unknown): string {
  try {
    return `[Unreadable: ${error instanceof Error ? error.message : String(error)}]`;
  } catch {
    return "[Unreadable]";
  }
}
