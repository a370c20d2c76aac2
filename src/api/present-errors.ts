import { defaultFieldResolver, GraphQLError, type GraphQLObjectType } from "graphql";
import { ServiceError } from "../errors.ts";

/**
 * Has the fields of `type` throw our errors as GraphQL's own, which servers show to clients; of any
 * other error most show nothing. This is for those who execute the schema on a server of their own.
 */
export function presentErrors(type: GraphQLObjectType | null | undefined): void {
  for (const field of Object.values(type?.getFields() ?? {})) {
    field.resolve = presenting(field.resolve ?? defaultFieldResolver);
    if (field.subscribe) field.subscribe = presenting(field.subscribe);
  }
}

/** The same function, which throws our errors as GraphQL's own. */
export function presenting<Args extends readonly unknown[]>(
  resolve: (...args: Args) => unknown,
): (...args: Args) => unknown {
  return (...args) => {
    try {
      const result = resolve(...args);
      return result instanceof Promise ? result.catch(rethrow) : result;
    } catch (error) {
      return rethrow(error);
    }
  };
}

function rethrow(error: unknown): never {
  if (!(error instanceof ServiceError)) throw error;
  throw new GraphQLError(error.message, { extensions: error.extensions });
}
