import { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";

/**
 * Refuses addresses and forms whose `variables` or `extensions` are not JSON with `BAD_REQUEST`, as a
 * body that is not JSON is. To Yoga it would be an error of its own.
 */
export function useUrlParameters(): Plugin {
  return {
    // After those of Yoga, whose parser this is.
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(request);
        } catch (error) {
          throw error instanceof SyntaxError ? notJson() : error;
        }
      });
    },
  };
}

function notJson(): GraphQLError {
  return new GraphQLError("variables and extensions must be JSON", {
    extensions: { code: "BAD_REQUEST", http: { spec: true, status: 400 } },
  });
}
