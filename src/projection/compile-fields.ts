import {
  isAbstractType,
  Kind,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type SelectionSetNode,
} from "graphql";
import { isIncluded } from "../api/is-included.ts";

/** Where a selection is looked at. */
export type Scope = Pick<GraphQLResolveInfo, "schema" | "fragments" | "variableValues">;

/** The occurrences of a field, which are one in the result. */
export type FieldNodes = readonly [FieldNode, ...FieldNode[]];

/**
 * The fields that selections choose of an object, by the names that they have in the result, in its
 * order: https://spec.graphql.org/October2021/#CollectFields()
 */
export function collectFields(
  { schema, fragments, variableValues }: Scope,
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
): ReadonlyMap<string, FieldNodes> {
  const fields = new Map<string, [FieldNode, ...FieldNode[]]>();
  const visited = new Set<string>();

  function visit({ selections }: SelectionSetNode): void {
    for (const node of selections) {
      if (node.kind === Kind.FRAGMENT_SPREAD && visited.has(node.name.value)) continue;
      if (!isIncluded(node, variableValues)) continue;
      if (node.kind === Kind.FIELD) {
        const name = (node.alias ?? node.name).value;
        const nodes = fields.get(name);
        if (nodes) nodes.push(node);
        else fields.set(name, [node]);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        if (isOf(node.typeCondition?.name.value)) visit(node.selectionSet);
      } else {
        visited.add(node.name.value);
        const fragment = fragments[node.name.value];
        if (fragment && isOf(fragment.typeCondition.name.value)) visit(fragment.selectionSet);
      }
    }
  }

  function isOf(typeName: string | undefined): boolean {
    if (typeName === undefined || typeName === type.name) return true;
    const condition = schema.getType(typeName);
    return isAbstractType(condition) && schema.isSubType(condition, type);
  }

  for (const selectionSet of selectionSets) visit(selectionSet);
  return fields;
}
