import { GraphQLError, NoSchemaIntrospectionCustomRule } from "graphql";
import type { Plugin } from "graphql-yoga";

/** graphql-js' guesses at a field, an argument, a type, an enum's value or a fragment to write. */
const SUGGESTION = / ?Did you mean [^?]*\?/g;

/**
 * Has clients ask for `__schema` and `__type` in vain, and keeps errors from telling names that the
 * client did not write. `__typename` works as ever.
 */
export function useHiddenSchema(): Plugin {
  return {
    onValidate({ addValidationRule }) {
      addValidationRule(NoSchemaIntrospectionCustomRule);
      return ({ valid, result, setResult }) => {
        if (!valid) setResult((result as readonly GraphQLError[]).map(withoutGuess));
      };
    },
  };
}

function withoutGuess(error: GraphQLError): GraphQLError {
  const message = withoutSuggestions(error.message);
  if (message === error.message) return error;
  return new GraphQLError(message, { nodes: error.nodes ?? null, extensions: error.extensions });
}

export function withoutSuggestions(message: string): string {
  return message.replace(SUGGESTION, "");
}
