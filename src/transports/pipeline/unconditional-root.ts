import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type SelectionSetNode,
} from "graphql";
import type { Plugin } from "graphql-yoga";

/**
 * Refuses `@skip` and `@include` at the root of a subscription: without its one field there would be
 * nothing to subscribe to, and graphql-js 16 throws when it validates or executes such a document.
 */
export function useUnconditionalRoot(): Plugin {
  return {
    onValidate({ params: { documentAST }, setResult }) {
      const error = conditionAtRoot(documentAST);
      if (error) setResult([error]);
    },
  };
}

function conditionAtRoot({ definitions }: DocumentNode): GraphQLError | undefined {
  const visited = new Set<string>();
  const pending: SelectionSetNode[] = [];
  for (const definition of definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if (definition.operation === OperationTypeNode.SUBSCRIPTION)
      pending.push(definition.selectionSet);
  }
  for (const { selections } of pending) {
    for (const node of selections) {
      const nodes =
        node.directives?.filter(({ name }) => name.value === "skip" || name.value === "include") ??
        [];
      if (nodes.length > 0) {
        return new GraphQLError("The field of a subscription cannot be skipped", { nodes });
      }
      if (node.kind === Kind.INLINE_FRAGMENT) pending.push(node.selectionSet);
      if (node.kind !== Kind.FRAGMENT_SPREAD || visited.has(node.name.value)) continue;
      visited.add(node.name.value);
      for (const definition of definitions) {
        if (
          definition.kind === Kind.FRAGMENT_DEFINITION &&
          definition.name.value === node.name.value
        ) {
          pending.push(definition.selectionSet);
        }
      }
    }
  }
  return undefined;
}
