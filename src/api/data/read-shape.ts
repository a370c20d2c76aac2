import type { JsonValue } from "../../json.ts";
import type { JsonSchema } from "../../workflows/json-schema.ts";
import { distinctNames, isNameable, toEnumValue, toFieldName, toTypeName } from "../names.ts";
import {
  discriminatorOf,
  isRecord,
  jsonTypeOf,
  mergeObjects,
  mergeScalars,
  withoutNull,
} from "./alternatives.ts";
import { References } from "./references.ts";
import type {
  Alternative,
  FieldShape,
  ObjectShape,
  Shape,
  ShapeName,
  UnionShape,
} from "./shape.ts";

const MIN_INT32 = -(2 ** 31);
const MAX_INT32 = 2 ** 31 - 1;

/**
 * Reads a JSON Schema as a {@link Shape}. `where` begins the sentence of an error. Throws
 * `ConfigError` if two properties, or two values of an enum, would have the same GraphQL name.
 */
export function readShape(root: JsonSchema, where: string): Shape {
  return new ShapeReader(root, where).read(root, { path: "" });
}

/** A shape while it is being read: those that may contain themselves are known before they are full. */
type Unfinished<T> = { -readonly [Key in keyof T]: T[Key] };

class ShapeReader {
  readonly #refs: References;
  readonly #where: string;
  /** Objects and unions, by the schema they were read from: how recursion comes to an end. */
  readonly #known = new Map<JsonSchema, Shape>();
  /** Lists that are being read: one that contains only itself has no end. */
  readonly #open = new Set<JsonSchema>();

  constructor(root: JsonSchema, where: string) {
    this.#refs = new References(root);
    this.#where = where;
  }

  /** The shape of the values of `schema` that are not `null`. */
  read(schema: JsonSchema, name: ShapeName): Shape {
    const target = this.#refs.follow(schema);
    const known = this.#known.get(target);
    if (known) return known;
    const id = this.#refs.idOf(schema);
    return this.#readResolved(target, id === undefined ? name : { id });
  }

  #readResolved(schema: JsonSchema, name: ShapeName): Shape {
    if (schema.langgraph_type === "messages") {
      return { kind: "list", item: { kind: "message" }, isItemNullable: false };
    }
    const { allOf, ...others } = schema;
    if (allOf) return this.#readAll(schema, others.properties ? [others, ...allOf] : allOf, name);
    const { alternatives } = withoutNull(schema, this.#refs.follow);
    // Properties beside alternatives are properties of all of them: beyond GraphQL.
    if (schema.properties && (schema.anyOf ?? schema.oneOf)) return { kind: "json" };
    if (alternatives.length > 1) return this.#readUnion(schema, alternatives, name);
    const [only = schema] = alternatives;
    if (only !== schema) return this.read(only, name);
    if (schema.enum) return this.#readEnum(schema, name);
    if (schema.const !== undefined)
      return { kind: typeof schema.const === "string" ? "string" : "json" };
    switch (jsonTypeOf(schema)) {
      case "string":
        // A text stays as it was given, to the millisecond and with its offset.
        return { kind: schema["x-javascript"] === "Date" ? "dateTime" : "string" };
      case "boolean":
        return { kind: "boolean" };
      case "number":
        return { kind: "float" };
      case "integer":
        return { kind: fitsInt32(schema) ? "int" : "float" };
      case "array":
        return this.#readList(schema, name);
      case "object":
        return this.#readObject(schema, name);
      default:
        return { kind: "json" };
    }
  }

  #readList(schema: JsonSchema, name: ShapeName): Shape {
    if (!schema.items || this.#open.has(schema)) return { kind: "json" };
    this.#open.add(schema);
    const item = this.read(schema.items, append(name, "Item"));
    this.#open.delete(schema);
    return { kind: "list", item, isItemNullable: this.#isNullable(schema.items) };
  }

  #readObject(schema: JsonSchema, name: ShapeName): Shape {
    if (isRecord(schema)) return { kind: "json" };
    const properties = Object.entries(schema.properties ?? {});
    const shape: Unfinished<ObjectShape> = {
      kind: "object",
      ...this.#named(schema, name),
      fields: [],
    };
    this.#known.set(schema, shape);
    const names = distinctNames(
      properties.map(([property]) => property),
      toFieldName,
      `${this.#where}: the fields`,
      "rename one of them",
    );
    shape.fields = properties.map(([property, value]): FieldShape => {
      const isNullable = this.#isNullable(value);
      return {
        name: names.get(property) ?? property,
        property,
        shape: this.read(value, append(name, toTypeName(property))),
        isNullable,
        isOptional: !(schema.required?.includes(property) ?? false),
        description: value.description,
        defaultValue: value.default as JsonValue | undefined,
      };
    });
    return shape;
  }

  #readAll(schema: JsonSchema, parts: readonly JsonSchema[], name: ShapeName): Shape {
    const [only, ...others] = parts;
    if (only && others.length === 0) return this.read(only, name);
    const merged = mergeObjects(parts.map(this.#refs.follow));
    // Intersections that contain themselves are beyond GraphQL.
    if (!merged || this.#open.has(schema)) return { kind: "json" };
    this.#open.add(schema);
    const shape = this.#readObject(describedAs(schema, merged), name);
    this.#open.delete(schema);
    return shape;
  }

  #readEnum(schema: JsonSchema, name: ShapeName): Shape {
    const values = (schema.enum ?? []).filter((value) => value !== null);
    if (values.every((value) => typeof value === "number")) return { kind: "float" };
    if (values.length === 0 || !values.every((value) => typeof value === "string"))
      return { kind: "json" };
    const names = new Map(values.map((value) => [value, toEnumValue(value)]));
    // Renaming a value would change the graph's data: it is what people said, so it stays text.
    const areDistinct = new Set(names.values()).size === new Set(values).size;
    if (!areDistinct || !values.every(isNameable)) return { kind: "string" };
    // A default is its field's, in the graph's words.
    const description = schema.description?.replace(/(^|\n\n)Default: .*$/, "") || undefined;
    return { kind: "enum", name, description, fingerprint: JSON.stringify(values), values: names };
  }

  #readUnion(schema: JsonSchema, alternatives: readonly JsonSchema[], name: ShapeName): Shape {
    const merged = mergeScalars(alternatives.map(this.#refs.follow));
    if (merged) return this.#readResolved(describedAs(schema, merged), name);
    // What has room for any object (`z.json()`) is better off as `JSON` as a whole.
    if (alternatives.some((alternative) => isRecord(this.#refs.follow(alternative))))
      return { kind: "json" };
    const discriminator = discriminatorOf(alternatives, this.#refs.follow);
    const tags = alternatives.map((alternative) =>
      discriminator === null
        ? jsonTypeOf(this.#refs.follow(alternative))
        : String(this.#refs.follow(alternative).properties?.[discriminator]?.const),
    );
    if (tags.includes(undefined) || new Set(tags).size < tags.length) return { kind: "json" };
    const shape: Unfinished<UnionShape> = {
      kind: "union",
      ...this.#named(schema, name),
      discriminator,
      alternatives: [],
    };
    this.#known.set(schema, shape);
    const names = distinctNames(
      tags as readonly string[],
      toFieldName,
      `${this.#where}: the alternatives`,
      "rename one of them",
    );
    shape.alternatives = alternatives.map((alternative, i): Alternative => {
      const tag = tags[i] as string;
      const typeName = append(name, toTypeName(tag));
      return {
        name: names.get(tag) ?? tag,
        tag,
        typeName,
        shape: this.read(alternative, typeName),
      };
    });
    return shape;
  }

  #named(schema: JsonSchema, name: ShapeName) {
    const { description } = schema;
    return { name, description, fingerprint: this.#refs.fingerprint(schema) };
  }

  #isNullable(schema: JsonSchema): boolean {
    return withoutNull(this.#refs.follow(schema), this.#refs.follow).isNullable;
  }
}

function append(name: ShapeName, part: string): ShapeName {
  return "id" in name ? { id: toTypeName(name.id) + part } : { path: name.path + part };
}

function describedAs({ description }: JsonSchema, schema: JsonSchema): JsonSchema {
  return description === undefined ? schema : { ...schema, description };
}

function fitsInt32({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): boolean {
  const least = minimum ?? exclusiveMinimum ?? -Infinity;
  const most = maximum ?? exclusiveMaximum ?? Infinity;
  return least >= MIN_INT32 && most <= MAX_INT32;
}
