import { isJsonObject, toJson, type JsonObject, type JsonValue } from "../../json.ts";
import { problemOf, writeMessage } from "./message.ts";
import type { Alternative, ObjectShape, Shape, UnionShape } from "./shape.ts";

/** Called with what GraphQL lets pass and a graph would not: where, and what is wrong. */
export type OnProblem = (path: readonly string[], message: string) => void;

/**
 * The JSON that a graph is given for a value that GraphQL has coerced to the input type of `shape`:
 * properties under their own names, unions without their wrapping. `path` is where the value stands.
 */
export function readInput(
  shape: Shape,
  value: unknown,
  onProblem: OnProblem,
  path: readonly string[] = [],
): JsonValue {
  if (value === null || value === undefined) return null;
  switch (shape.kind) {
    case "message": {
      const problem = problemOf(value);
      if (problem !== undefined) onProblem(path, problem);
      return writeMessage(value);
    }
    case "list":
      return (value as readonly unknown[]).map((item, i) =>
        readInput(shape.item, item, onProblem, [...path, String(i)]),
      );
    case "object":
      return readObject(shape, value as Given, onProblem, path);
    case "union":
      return readUnion(shape, value as Given, onProblem, path);
    default:
      return toJson(value);
  }
}

type Given = Readonly<Record<string, unknown>>;

/**
 * The opposite: what GraphQL's input type takes for the JSON that a graph takes. A part that is not
 * what the shape says stays as it is, for GraphQL to say so.
 */
export function writeInput(shape: Shape, value: JsonValue): JsonValue {
  if (value === null) return null;
  switch (shape.kind) {
    case "enum":
      return (typeof value === "string" && shape.values.get(value)) || value;
    case "message":
      return { raw: value };
    case "list":
      return Array.isArray(value)
        ? value.map((item) => writeInput(shape.item, item))
        : writeInput(shape.item, value);
    case "object":
      return isJsonObject(value) ? writeObject(shape, value) : value;
    case "union":
      return writeUnion(shape, value);
    default:
      return value;
  }
}

function readObject(
  { fields }: ObjectShape,
  value: Given,
  onProblem: OnProblem,
  path: readonly string[],
): JsonObject {
  const out: JsonObject = {};
  for (const { name, property, shape, isNullable, isOptional } of fields) {
    const part = value[name];
    if (part === undefined) continue;
    // Clients send `null` for what they leave out; a schema that knows no `null` means that as well.
    if (part === null && isOptional && !isNullable) continue;
    out[property] = readInput(shape, part, onProblem, [...path, name]);
  }
  return out;
}

function readUnion(
  { discriminator, alternatives }: UnionShape,
  value: Given,
  onProblem: OnProblem,
  path: readonly string[],
): JsonValue {
  // GraphQL has seen to it that there is just one.
  const alternative = alternatives.find(({ name }) => value[name] !== undefined);
  if (!alternative) return null;
  const { name, tag, shape } = alternative;
  const below = [...path, name];
  if (discriminator === null) return readInput(shape, value[name], onProblem, below);
  if (isBare(shape, discriminator)) {
    if (value[name] !== true) onProblem(below, "Must be true, or absent");
    return { [discriminator]: tag };
  }
  const rest = readInput(shape, value[name], onProblem, below) as JsonObject;
  return { [discriminator]: tag, ...rest };
}

function writeObject({ fields }: ObjectShape, value: JsonObject): JsonObject {
  const byProperty = new Map(fields.map((field) => [field.property, field]));
  return Object.fromEntries(
    Object.entries(value).map(([property, part]) => {
      const field = byProperty.get(property);
      return field ? [field.name, writeInput(field.shape, part)] : [property, part];
    }),
  );
}

function writeUnion(shape: UnionShape, value: JsonValue): JsonValue {
  const { discriminator } = shape;
  const alternative = alternativeOf(shape, value);
  if (!alternative) return value;
  const { name, shape: of } = alternative;
  if (discriminator === null) return { [name]: writeInput(of, value) };
  if (isBare(of, discriminator)) return { [name]: true };
  const { [discriminator]: _tag, ...rest } = value as JsonObject;
  return { [name]: writeInput(of, rest) };
}

/** The alternative that a graph's JSON is. */
function alternativeOf(
  { discriminator, alternatives }: UnionShape,
  value: JsonValue,
): Alternative | undefined {
  const tag =
    discriminator === null ? typeOf(value) : isJsonObject(value) ? value[discriminator] : undefined;
  return alternatives.find(
    (candidate) => candidate.tag === tag || (candidate.tag === "integer" && tag === "number"),
  );
}

/** Where a client gave what stands at `path` in the JSON that {@link readInput} made of it. */
export function toInputPath(
  shape: Shape,
  json: JsonValue | undefined,
  [key, ...rest]: readonly string[],
): readonly string[] {
  if (key === undefined) return [];
  if (shape.kind === "list" && Array.isArray(json)) {
    return [key, ...toInputPath(shape.item, json[Number(key)], rest)];
  }
  if (shape.kind === "object" && isJsonObject(json)) {
    const field = shape.fields.find(({ property }) => property === key);
    return field ? [field.name, ...toInputPath(field.shape, json[key], rest)] : [key, ...rest];
  }
  const alternative = shape.kind === "union" && json !== undefined && alternativeOf(shape, json);
  return alternative
    ? [alternative.name, ...toInputPath(alternative.shape, json, [key, ...rest])]
    : [key, ...rest];
}

/** Whether an alternative says nothing but which one it is: GraphQL has no input without fields. */
export function isBare(shape: Shape, discriminator: string): boolean {
  return (
    shape.kind === "object" && shape.fields.every(({ property }) => property === discriminator)
  );
}

/** The type of a value in JSON Schema's words. */
function typeOf(value: JsonValue): string {
  if (Array.isArray(value)) return "array";
  return typeof value;
}
