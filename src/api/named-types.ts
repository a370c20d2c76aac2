import {
  isAbstractType,
  Kind,
  type GraphQLResolveInfo,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { isIncluded } from "./is-included.ts";

/**
 * The event types that a subscription names, and so receives: those of its fragments on them, and
 * those that an interface fragment selects any field but `__typename` for. An operation that names
 * none gets all: then the result is `undefined`. `@skip` and `@include` are evaluated once, here,
 * and only take away: they never turn an operation that names types into one that names none.
 */
export function namedTypes(info: GraphQLResolveInfo): ReadonlySet<string> | undefined {
  const written = collect(info, () => true);
  if (written.size === 0) return undefined;
  return collect(info, (node) => isIncluded(node, info.variableValues));
}

type Operation = Pick<GraphQLResolveInfo, "schema" | "fragments" | "fieldNodes" | "variableValues">;

function collect(info: Operation, isTaken: (node: SelectionNode) => boolean): ReadonlySet<string> {
  const { schema, fragments, fieldNodes } = info;
  const named = new Set<string>();

  /** `possible` are the types that an event can have here; `undefined` at the root, for any. */
  function visit(selectionSet: SelectionSetNode, possible: readonly string[] | undefined): void {
    for (const node of selectionSet.selections) {
      if (!isTaken(node)) continue;
      if (node.kind === Kind.FIELD) {
        if (node.name.value !== "__typename") for (const type of possible ?? []) named.add(type);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        visitFragment(node.typeCondition?.name.value, node.selectionSet, possible);
      } else {
        // A fragment that spreads itself never passes validation.
        const fragment = fragments[node.name.value];
        if (fragment)
          visitFragment(fragment.typeCondition.name.value, fragment.selectionSet, possible);
      }
    }
  }

  function visitFragment(
    typeName: string | undefined,
    selectionSet: SelectionSetNode,
    possible: readonly string[] | undefined,
  ): void {
    const type = typeName === undefined ? undefined : schema.getType(typeName);
    if (!type) return visit(selectionSet, possible);
    if (!isAbstractType(type)) {
      if (possible && !possible.includes(type.name)) return;
      named.add(type.name);
      return visit(selectionSet, [type.name]);
    }
    const members = schema.getPossibleTypes(type).map(({ name }) => name);
    visit(selectionSet, possible ? members.filter((name) => possible.includes(name)) : members);
  }

  for (const { selectionSet } of fieldNodes) if (selectionSet) visit(selectionSet, undefined);
  return named;
}
