import { GraphQLError } from "graphql";

/** An error as clients may see it: Yoga leaves word for its HTTP side in the extensions of errors. */
export function withoutInternals(error: GraphQLError): GraphQLError {
  const { http, unexpected, ...extensions } = error.extensions;
  if (http === undefined && unexpected === undefined) return error;
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions,
  });
}
