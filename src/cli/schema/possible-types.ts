import { isAbstractType, type GraphQLSchema } from "graphql";

/** Apollo Client's `possibleTypes`: for each union and interface, the types that it may be. */
export function possibleTypes(schema: GraphQLSchema): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.values(schema.getTypeMap())
      .filter(isAbstractType)
      .map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
  );
}
