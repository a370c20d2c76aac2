import type { JsonSchema } from "../../workflows/json-schema.ts";

/** Follows `$ref`. */
type Deref = (schema: JsonSchema) => JsonSchema;

/** What a schema allows beside `null`, in the several ways in which JSON Schema says it. */
export function withoutNull(
  schema: JsonSchema,
  deref: Deref,
  above: readonly JsonSchema[] = [],
): { readonly alternatives: readonly JsonSchema[]; readonly isNullable: boolean } {
  // One of its own alternatives adds nothing.
  if (above.includes(schema)) return { alternatives: [], isNullable: false };
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) {
    const rest = alternatives.filter((alternative) => !isNull(deref(alternative)));
    const isNullable =
      rest.length < alternatives.length ||
      rest.some((each) => withoutNull(deref(each), deref, [...above, schema]).isNullable);
    return { alternatives: rest, isNullable };
  }
  if (typeof schema.type === "object") {
    const types = schema.type.filter((type) => type !== "null");
    return {
      // One type is told by `jsonTypeOf`: the schema stays itself, as recursion needs it to.
      alternatives: types.length === 1 ? [schema] : types.map((type) => ({ ...schema, type })),
      isNullable: types.length < schema.type.length,
    };
  }
  const isNullable = isNull(schema) || allowsAnything(schema) || allowsNull(schema);
  return { alternatives: [schema], isNullable };
}

/** The one JSON type of a schema's values, if there is one: `null` beside it does not count. */
export function jsonTypeOf(schema: JsonSchema): string | undefined {
  if (typeof schema.type === "string") return schema.type;
  const types = schema.type?.filter((type) => type !== "null") ?? [];
  if (types.length === 1) return types[0];
  return schema.type === undefined && schema.properties ? "object" : undefined;
}

/** Whether a schema is of objects that it names no properties of. */
export function isRecord(schema: JsonSchema): boolean {
  return jsonTypeOf(schema) === "object" && Object.keys(schema.properties ?? {}).length === 0;
}

/** The property that has another text in each of these objects, which tells them apart. */
export function discriminatorOf(alternatives: readonly JsonSchema[], deref: Deref): string | null {
  const objects = alternatives.map(deref);
  const [first] = objects;
  const candidates = Object.keys(first?.properties ?? {}).filter((property) => {
    const tags = objects.map(({ properties, required }) =>
      required?.includes(property) ? properties?.[property]?.const : undefined,
    );
    return tags.every((tag) => typeof tag === "string") && new Set(tags).size === objects.length;
  });
  return candidates[0] ?? null;
}

/** Alternatives of one scalar type are one schema of that type: literals an enum, numbers a number. */
export function mergeScalars(alternatives: readonly JsonSchema[]): JsonSchema | undefined {
  const literals = alternatives.map(literalsOf);
  if (literals.every((values) => values !== undefined)) return { enum: literals.flat() };
  const types = alternatives.map((alternative, i) =>
    literals[i]?.every((value) => typeof value === "string") ? "string" : jsonTypeOf(alternative),
  );
  if (types.every((type) => type === "string")) return { type: "string" };
  const isNumber = types.every((type) => type === "number" || type === "integer");
  return isNumber ? { type: "number" } : undefined;
}

/** Objects that a value must be all of are one object with the properties of all. */
export function mergeObjects(parts: readonly JsonSchema[]): JsonSchema | undefined {
  if (!parts.every((part) => jsonTypeOf(part) === "object")) return undefined;
  return {
    type: "object",
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as NonNullable<
      JsonSchema["properties"]
    >,
    required: parts.flatMap(({ required }) => required ?? []),
  };
}

function literalsOf(schema: JsonSchema): readonly unknown[] | undefined {
  return schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
}

function isNull(schema: JsonSchema): boolean {
  return schema.type === "null" || schema.const === null;
}

function allowsNull(schema: JsonSchema): boolean {
  return schema.type === undefined && (schema.enum?.includes(null) ?? false);
}

/** `{}`, but for what says nothing of the value. */
function allowsAnything({ type, enum: values, const: value, allOf, $ref }: JsonSchema): boolean {
  return [type, values, value, allOf, $ref].every((part) => part === undefined);
}
