import {
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";

/** Types refer to each other in circles; deeper than this nothing new is to be seen. */
const MAX_DEPTH = 3;

/** Every two different members of a union, and each with itself. */
export function pairsOfMembers(
  schema: GraphQLSchema,
  union: string,
): readonly (readonly [GraphQLObjectType, GraphQLObjectType])[] {
  const type = schema.getType(union);
  if (!isAbstractType(type)) throw new TypeError(`${union} is no union`);
  const members = schema.getPossibleTypes(type);
  return members.flatMap((a, i) => members.slice(i).map((b) => [a, b] as const));
}

/** A selection of all fields of a type, and of the types below. */
export function selectEverything(schema: GraphQLSchema, type: GraphQLNamedType, depth = 0): string {
  if (isAbstractType(type)) {
    const members = schema
      .getPossibleTypes(type)
      .map((member) => `... on ${member.name} ${selectEverything(schema, member, depth + 1)}`);
    return `{ __typename ${members.join(" ")} }`;
  }
  if (!isObjectType(type)) return "";
  const fields = Object.values(type.getFields())
    .map((field) => ({ name: field.name, type: getNamedType(field.type) }))
    .filter((field) => isLeafType(field.type) || depth < MAX_DEPTH)
    .map((field) => `${field.name} ${selectEverything(schema, field.type, depth + 1)}`);
  return `{ __typename ${fields.join(" ")} }`;
}
