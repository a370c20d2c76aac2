import { GraphQLError, NoSchemaIntrospectionCustomRule, validate } from "graphql";
import type { Plugin } from "graphql-yoga";
import { watchersOnly } from "../../access/access.ts";
import type { ApiContext } from "../../api/context.ts";

/** Keeps the schema from the bearers of watch tokens: graphql-js itself resolves what describes it. */
export function useShownRunOnly(): Plugin {
  return {
    onExecute({ args: { schema, document, contextValue }, setResultAndStopExecution }) {
      const { caller } = contextValue as ApiContext;
      if (caller?.watches === undefined) return;
      if (validate(schema, document, [NoSchemaIntrospectionCustomRule]).length === 0) return;
      const { message, extensions } = watchersOnly();
      setResultAndStopExecution({ errors: [new GraphQLError(message, { extensions })] });
    },
  };
}
