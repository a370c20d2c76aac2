import { isJsonObject, type JsonValue } from "../json.ts";
import { isDateTime } from "./date-time.ts";
import { resolveRef, type JsonSchema } from "./json-schema.ts";

/**
 * What a graph is given for an input or a context that is stored as JSON: a copy in which the texts
 * that stand for a `Date` or a `bigint` are those again. What does not look like one stays as it
 * is, for the graph's own schema to refuse. Keys named `__proto__` are left out.
 */
export function toGraphInput(schema: JsonSchema | null, json: JsonValue): unknown {
  return revive(json, schema ?? {}, schema ?? {});
}

function revive(json: JsonValue, schema: JsonSchema, root: JsonSchema): unknown {
  const known = choose(json, schema, root);
  const wanted = known["x-javascript"];
  if (wanted === "Date" && typeof json === "string" && isDateTime(json)) return new Date(json);
  if (wanted === "bigint" && isInteger(json)) return BigInt(json);
  if (Array.isArray(json)) return json.map((item, i) => revive(item, itemOf(known, i), root));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json)
      .filter(([key]) => key !== "__proto__")
      .map(([key, value]) => [key, revive(value, propertyOf(known, key), root)]),
  );
}

/** The schema that `json` is to be read by: in a union the only one that it fits, if there is one. */
function choose(
  json: JsonValue,
  schema: JsonSchema,
  root: JsonSchema,
  ancestors: readonly JsonSchema[] = [],
): JsonSchema {
  const [only = {}, ...others] = new Set(candidates(json, schema, root, ancestors));
  return others.length === 0 ? only : {};
}

/** What `schema` is, or, if it is a union, those of all its alternatives that `json` fits. */
function candidates(
  json: JsonValue,
  schema: JsonSchema,
  root: JsonSchema,
  ancestors: readonly JsonSchema[],
): readonly JsonSchema[] {
  const resolved = resolveRef(schema, root);
  // A union that is an alternative of itself allows nothing more for that.
  if (ancestors.includes(resolved)) return [];
  const within = [...ancestors, resolved];
  const alternatives = resolved.anyOf ?? resolved.oneOf;
  if (alternatives) {
    return alternatives
      .flatMap((alternative) => candidates(json, alternative, root, within))
      .filter((alternative) => fits(json, alternative, root));
  }
  if (!resolved.allOf) return [resolved];
  const parts = resolved.allOf.map((part) => choose(json, part, root, within).properties);
  const properties = Object.assign({}, resolved.properties, ...parts) as Properties;
  return [{ ...resolved, properties }];
}

type Properties = NonNullable<JsonSchema["properties"]>;

/** Whether `json` may be meant by a schema: told by types and constants, all the way down. */
function fits(json: JsonValue, schema: JsonSchema, root: JsonSchema): boolean {
  const { type, enum: values, required = [], properties = {} } = schema;
  if (type !== undefined && ![type].flat().some((name) => isOfType(json, name))) return false;
  if (schema.const !== undefined && schema.const !== json) return false;
  if (values && !values.includes(json)) return false;
  if (!isJsonObject(json)) return true;
  return (
    required.every((key) => Object.hasOwn(json, key)) &&
    Object.entries(properties).every(([key, property]) => {
      const value = Object.hasOwn(json, key) ? json[key] : undefined;
      return value === undefined || fits(value, resolveRef(property, root), root);
    })
  );
}

function isOfType(json: JsonValue, type: string): boolean {
  switch (type) {
    case "null":
      return json === null;
    case "array":
      return Array.isArray(json);
    case "object":
      return isJsonObject(json);
    case "integer":
      return Number.isInteger(json);
    default:
      return typeof json === type;
  }
}

function isInteger(json: JsonValue): json is string | number {
  return typeof json === "string" ? /^-?\d+$/.test(json) : Number.isSafeInteger(json);
}

function itemOf(schema: JsonSchema, index: number): JsonSchema {
  return schema.prefixItems?.[index] ?? (schema.items || {});
}

function propertyOf({ properties, additionalProperties }: JsonSchema, key: string): JsonSchema {
  if (properties && Object.hasOwn(properties, key)) return properties[key] ?? {};
  return typeof additionalProperties === "object" ? additionalProperties : {};
}
