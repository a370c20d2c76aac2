import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
} from "graphql";

/**
 * A GraphQL literal of the type of a workflow's input to begin with: what is required, or all if
 * nothing is, since a graph that takes any part of its state needs some of it.
 */
export function exampleValue(type: GraphQLInputType): string {
  return write(type, []) ?? "null";
}

/** `undefined` where there is none without end. */
function write(
  type: GraphQLInputType,
  above: readonly GraphQLInputObjectType[],
): string | undefined {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    return String(getNamedType(nullable)) === "MessageInput" ? '[{ text: "Hi" }]' : "[]";
  }
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name;
  if (!isInputObjectType(nullable)) return SCALARS[nullable.name] ?? "{}";
  if (above.includes(nullable)) return undefined;
  const all = Object.values(nullable.getFields());
  const required = all.filter(isRequiredInputField);
  const takesAny = nullable.isOneOf || (above.length === 0 && required.length === 0);
  const fields = (takesAny ? all : required).map((field) => ({
    name: field.name,
    value: write(field.type, [...above, nullable]),
  }));
  const finite = fields.filter(({ value }) => value !== undefined);
  // Of a `@oneOf`, the first that has an end will do; of others all are needed.
  const shown = nullable.isOneOf ? finite.slice(0, 1) : fields;
  const isComplete = nullable.isOneOf ? shown.length > 0 : finite.length === fields.length;
  if (!isComplete) return undefined;
  return shown.length === 0
    ? "{}"
    : `{ ${shown.map(({ name, value }) => `${name}: ${value}`).join(", ")} }`;
}

const SCALARS: Readonly<Record<string, string>> = {
  String: '""',
  ID: '""',
  Int: "0",
  Float: "0",
  Boolean: "true",
  DateTime: '"2030-01-01T00:00:00Z"',
};
