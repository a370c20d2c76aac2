import type { JsonObject, JsonValue } from "../json.ts";
import type { Builder } from "./builder.ts";
import type { JsonSchema } from "./json-schema.ts";
import { distinctNames, toEnumValue, toFieldName, toTypeName } from "./names.ts";

/** How a field of a generated type is resolved from the JSON that it stands for. */
export interface GeneratedField {
  readonly name: string;
  /** A Pothos type parameter; made at runtime, so its static type says nothing. */
  readonly type: never;
  readonly nullable: boolean;
  readonly description: string | undefined;
  readonly resolve: (object: JsonObject) => JsonValue | undefined;
}

const MIN_INT32 = -(2 ** 31);
const MAX_INT32 = 2 ** 31 - 1;

/**
 * The GraphQL fields for the properties of an object schema, and, on the way, the object and enum
 * types they need, named after `typeName` and the property. What GraphQL has no type for is `JSON`.
 * Throws `ConfigError` if two properties would have the same GraphQL name.
 */
export function generateFields(
  builder: Builder,
  schema: JsonSchema,
  typeName: string,
): readonly GeneratedField[] {
  const properties = schema.properties ?? {};
  const fieldNames = distinctNames(
    Object.keys(properties),
    toFieldName,
    `${typeName}: the fields`,
    "rename one of them",
  );
  return Object.entries(properties).map(([property, propertySchema]) => {
    const { type, isNullable } = generateType(
      builder,
      propertySchema,
      typeName + toTypeName(property),
    );
    return {
      name: fieldNames.get(property) ?? property,
      type: type as never,
      nullable: isNullable || !(schema.required?.includes(property) ?? false),
      description: propertySchema.description,
      resolve: (object) => object[property],
    };
  });
}

interface GeneratedType {
  readonly type: unknown;
  readonly isNullable: boolean;
}

function generateType(builder: Builder, schema: JsonSchema, name: string): GeneratedType {
  const { schema: inner, isNullable } = withoutNull(schema);
  return { type: nonNullType(builder, inner, name), isNullable };
}

function nonNullType(builder: Builder, schema: JsonSchema, name: string): unknown {
  if (schema.enum) return enumType(builder, schema, name);
  if (schema.const !== undefined) return typeof schema.const === "string" ? "String" : "JSON";
  switch (schema.type) {
    case "string":
      return schema.format === "date-time" ? "DateTime" : "String";
    case "boolean":
      return "Boolean";
    case "number":
      return "Float";
    case "integer":
      return fitsInt32(schema) ? "Int" : "Float";
    case "array":
      return listType(builder, schema, name);
    case "object":
      return objectType(builder, schema, name);
    default:
      return "JSON";
  }
}

function listType(builder: Builder, schema: JsonSchema, name: string): unknown {
  const { type, isNullable } = generateType(builder, schema.items || {}, `${name}Item`);
  // Pothos has no word here for a list of lists, nor for one with holes in it.
  return isNullable || Array.isArray(type) ? "JSON" : [type];
}

function objectType(builder: Builder, schema: JsonSchema, name: string): unknown {
  if (Object.keys(schema.properties ?? {}).length === 0) return "JSON";
  const fields = generateFields(builder, schema, name);
  return builder.objectRef<JsonObject>(name).implement({
    ...(schema.description !== undefined && { description: schema.description }),
    fields: (t) =>
      Object.fromEntries(
        fields.map(({ name: fieldName, type, nullable, description, resolve }) => [
          fieldName,
          t.field({ type, nullable, description, resolve } as never),
        ]),
      ),
  });
}

function enumType(builder: Builder, schema: JsonSchema, name: string): unknown {
  const values = (schema.enum ?? []).filter((value) => typeof value === "string");
  if (values.length === 0 || values.length !== schema.enum?.length) return "JSON";
  const names = distinctNames(values, toEnumValue, `${name}: the values`, "rename one of them");
  return builder.enumType(name, {
    values: Object.fromEntries([...names].map(([value, enumValue]) => [enumValue, { value }])),
  });
}

/** `T | null`, in the ways in which JSON Schema says it. */
function withoutNull(schema: JsonSchema): {
  readonly schema: JsonSchema;
  readonly isNullable: boolean;
} {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) {
    const rest = alternatives.filter((alternative) => alternative.type !== "null");
    const only = rest.length === 1 ? rest[0] : undefined;
    return { schema: only ?? {}, isNullable: rest.length < alternatives.length };
  }
  if (Array.isArray(schema.type)) {
    const rest = (schema.type as readonly string[]).filter((type) => type !== "null");
    const type = rest.length === 1 ? rest[0] : undefined;
    const { type: _types, ...others } = schema;
    return {
      schema: type === undefined ? {} : { ...others, type },
      isNullable: rest.length < schema.type.length,
    };
  }
  // A schema that says nothing allows `null` too.
  const saysNothing =
    schema.type === undefined && schema.enum === undefined && schema.const === undefined;
  return { schema, isNullable: saysNothing };
}

function fitsInt32({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): boolean {
  const least = minimum ?? exclusiveMinimum ?? -Infinity;
  const most = maximum ?? exclusiveMaximum ?? Infinity;
  return least >= MIN_INT32 && most <= MAX_INT32;
}
