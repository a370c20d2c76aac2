import {
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from "graphql";

/**
 * Fields that no operation can select from two members of `union` at once without an alias, since
 * GraphQL wants one type for one name in a response ("Field Selection Merging" in its
 * specification). A sentence for each, with the way out.
 */
export function fieldConflicts(schema: GraphQLSchema, union: string): readonly string[] {
  const type = schema.getType(union);
  const members = isAbstractType(type) ? schema.getPossibleTypes(type) : [];
  const conflicts: string[] = [];
  members.forEach((a, i) => {
    const others = members.slice(i + 1);
    for (const field of Object.values(a.getFields())) {
      for (const b of others) {
        const other = b.getFields()[field.name];
        if (!other || canMerge(field.type, other.type)) continue;
        conflicts.push(
          `${a.name}.${field.name} is ${String(field.type)} and ${b.name}.${field.name} is ` +
            `${String(other.type)}: an operation that selects both needs an alias ` +
            `(${b.name}_${field.name}: ${field.name}); renaming the field in one event spares everybody that`,
        );
      }
    }
  });
  return conflicts;
}

function canMerge(a: GraphQLOutputType, b: GraphQLOutputType): boolean {
  if (isNonNullType(a)) return isNonNullType(b) && canMerge(a.ofType, b.ofType);
  if (isListType(a)) return isListType(b) && canMerge(a.ofType, b.ofType);
  if (isNonNullType(b) || isListType(b)) return false;
  // Two object types merge field by field, which depends on what is selected of them.
  return a === b || (!isLeafType(a) && !isLeafType(b));
}
