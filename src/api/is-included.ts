import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  type GraphQLResolveInfo,
  type SelectionNode,
} from "graphql";

/** Whether `@skip` and `@include` leave a part of a selection in it. */
export function isIncluded(
  node: SelectionNode,
  variableValues: GraphQLResolveInfo["variableValues"],
): boolean {
  if (getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.["if"] === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.["if"] !== false;
}
