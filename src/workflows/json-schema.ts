/**
 * The part of JSON Schema (draft 2020-12) that GraphQL types are made of: the common form of Zod,
 * `StateSchema`, Standard Schema and what LangGraph's server tells of its graphs. `{}` allows
 * anything. Other keywords (`pattern`, `minLength`, …) may be there as well.
 */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | false;
  /** The first items of a list, each with its own schema: what a tuple is. */
  readonly prefixItems?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  /** A pointer into the root schema: `#`, `#/$defs/Address`, `#/properties/tree`. */
  readonly $ref?: string;
  /**
   * Schemas by name, of the root only. A name that its author gave (`meta({ id })`) becomes a type
   * name; those that nobody gave begin with `__`.
   */
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  /** LangGraph's own mark: a list of LangChain messages. */
  readonly langgraph_type?: "messages" | "prompt";
  /** The JavaScript value that JSON's text stands for, which a graph wants back in its input. */
  readonly "x-javascript"?: "Date" | "bigint";
}

/** `$schema` of a document of its own: also of one that is part of another, until that is normalised. */
export const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** What a schema of these ends in: `{ $ref: "#/$defs/Address" }` → the address. `{}` if in nothing. */
export function resolveRef(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let target = schema;
  // A chain of references can be a circle.
  for (let steps = 0; target.$ref !== undefined; steps++) {
    const next = steps < MAX_STEPS ? followRef(target.$ref, root) : undefined;
    if (!next) return {};
    target = next;
  }
  return target;
}

const MAX_STEPS = 100;

/** What stands where a `$ref` points to, which may be a reference again; `undefined` if nothing does. */
export function followRef($ref: string, root: JsonSchema): JsonSchema | undefined {
  let found: unknown = root;
  for (const key of pathOf($ref)) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return isObject(found) ? found : undefined;
}

/** The keys on the way to where a `$ref` points: `#/$defs/a~1b%20c` → `["$defs", "a/b c"]`. */
export function pathOf($ref: string): readonly string[] {
  const [, ...segments] = decodeFragment($ref).split("/");
  return segments.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** RFC 6901 §6: a pointer in a URI is percent-encoded. What is no such encoding stays as it is. */
export function decodeFragment(text: string): string {
  return text.replaceAll(/(%[\da-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

/** The root with its own keywords in place, if it is only a reference to one of its `$defs`. */
export function inlineRoot(root: JsonSchema): JsonSchema {
  const { $ref, ...rest } = root;
  return $ref === undefined ? root : { ...resolveRef(root, root), ...rest };
}

/** The keywords that hold schemas by name, in a list, or one. */
const MAPS = ["properties", "patternProperties", "dependentSchemas"] as const;
const LISTS = ["anyOf", "oneOf", "allOf", "prefixItems"] as const;
const SINGLES = [
  "items",
  "additionalProperties",
  "propertyNames",
  "not",
  "contains",
  "unevaluatedProperties",
] as const;

/**
 * A copy of `schema` with each of its direct parts, `$defs` apart, replaced by what `map` makes of
 * it. `pointer` is where the part stands below `schema`: `/properties/tree`.
 */
export function mapParts(
  schema: JsonSchema,
  map: (part: JsonSchema, pointer: string) => JsonSchema,
): JsonSchema {
  const copy: Record<string, unknown> = { ...schema };
  for (const keyword of MAPS) {
    const parts = copy[keyword];
    if (!isObject(parts)) continue;
    copy[keyword] = Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [
        name,
        map(part as JsonSchema, `/${keyword}/${escapePointer(name)}`),
      ]),
    );
  }
  for (const keyword of LISTS) {
    const parts = copy[keyword];
    if (!Array.isArray(parts)) continue;
    copy[keyword] = parts.map((part: JsonSchema, i) => map(part, `/${keyword}/${i}`));
  }
  for (const keyword of SINGLES) {
    const part = copy[keyword];
    if (isObject(part)) copy[keyword] = map(part, `/${keyword}`);
  }
  return copy;
}

/** A copy of `root` with every schema in it replaced by what `map` makes of it, innermost first. */
export function mapDeep(
  root: JsonSchema,
  map: (schema: JsonSchema, pointer: string) => JsonSchema,
): JsonSchema {
  const walk = (schema: JsonSchema, pointer: string): JsonSchema =>
    map(
      mapParts(schema, (part, below) => walk(part, pointer + below)),
      pointer,
    );
  const { $defs, ...rest } = root;
  const mapped = walk(rest, "");
  if (!$defs) return mapped;
  const mappedDefs = Object.entries($defs).map(
    ([name, schema]) => [name, walk(schema, `/$defs/${escapePointer(name)}`)] as const,
  );
  return { ...mapped, $defs: Object.fromEntries(mappedDefs) };
}

/** RFC 6901 §3: how a name is written in a pointer. */
export function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
