import { GraphQLError } from "graphql";
import { LimitExceededError } from "../../errors.ts";

const { code: CODE } = new LimitExceededError({ limit: "", max: 0, message: "" });

/**
 * A refusal because of a limit as Yoga's HTTP side wants it: with the status 429, unless it has one, and
 * when to come back. (In `application/json` the status is 200, by GraphQL over HTTP.) Others as they are.
 */
export function withRetryAfter(error: GraphQLError): GraphQLError {
  const { code, retryAfterMs, http } = error.extensions;
  if (code !== CODE || http !== undefined) return error;
  const headers = typeof retryAfterMs === "number" && {
    "retry-after": String(Math.ceil(retryAfterMs / 1000)),
  };
  return withHttp(error, { spec: true, status: 429, ...(headers && { headers }) });
}

/** The error for a document that goes beyond a limit: its answer is that to one that is not valid. */
export function documentRefusal(error: LimitExceededError): GraphQLError {
  return withHttp(toGraphQLError(error), { spec: true, status: 400 });
}

export function toGraphQLError(error: LimitExceededError): GraphQLError {
  return new GraphQLError(error.message, { originalError: error, extensions: error.extensions });
}

function withHttp(error: GraphQLError, http: object): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions: { ...error.extensions, http },
  });
}
