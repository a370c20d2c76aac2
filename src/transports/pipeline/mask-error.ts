import { randomUUID } from "node:crypto";
import { GraphQLError } from "graphql";
import { ServiceError } from "../../errors.ts";
import type { Logger } from "../../logger.ts";
import type { Telemetry } from "../../telemetry.ts";
import { withRetryAfter } from "./limit-refusal.ts";

/** `where` is what the log says of the run or the operation that an error came up in. */
export type MaskError = (error: unknown, where?: object) => GraphQLError;

/**
 * What clients may see of an error: our own and GraphQL's as they are; of anything else only an id,
 * under which the log tells the rest.
 */
export function createMaskError(logger: Logger, telemetry: Telemetry): MaskError {
  return (error, where = {}) => {
    const shown = withRetryAfter(shownAs(error) ?? mask(error, where));
    const { code, reason } = shown.extensions;
    if (code === "CURSOR_EXPIRED") telemetry.dropped(String(reason));
    return shown;
  };

  function mask(error: unknown, where: object): GraphQLError {
    const errorId = randomUUID();
    telemetry.errorMasked();
    const located = error instanceof GraphQLError ? error : undefined;
    const { path } = located ?? {};
    logger.error({ err: originOf(error), errorId, path, ...where }, "unexpected error");
    return new GraphQLError("Unexpected error; the server's log has more under its id", {
      nodes: located?.nodes ?? null,
      path: located?.path ?? null,
      extensions: { code: "INTERNAL", errorId },
    });
  }
}

/** An error that was written for clients; `undefined` for any other. */
function shownAs(error: unknown): GraphQLError | undefined {
  const original = originOf(error);
  if (original instanceof ServiceError) {
    return error instanceof GraphQLError
      ? error
      : new GraphQLError(original.message, {
          originalError: original,
          extensions: original.extensions,
        });
  }
  // GraphQL's own: syntax, validation, variables, scalars, and what the schema presents as one.
  if (original instanceof GraphQLError) return error instanceof GraphQLError ? error : original;
  return undefined;
}

/** What a resolver threw, inside what GraphQL made of it. */
function originOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError
    ? originOf(error.originalError)
    : error;
}
