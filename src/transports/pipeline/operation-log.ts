import { getOperationAST, type ExecutionArgs, type ExecutionResult } from "graphql";
import type { Plugin, YogaInitialContext } from "graphql-yoga";
import type { ApiContext } from "../../api/context.ts";
import type { Logger } from "../../logger.ts";
import { Subscription } from "../../projection/subscription.ts";
import { transportOf } from "./transport-of.ts";

export interface OperationLogOptions {
  readonly logger: Logger;
  /** Told of each error before clients are: in which operation it came up. */
  readonly onError: (error: object, operation: OperationFields) => void;
}

/** What a line of the log says of an operation. */
export interface OperationFields {
  /** Its name, where it has one. */
  readonly operation?: string;
  readonly kind?: string;
  readonly transport: string;
  readonly viewer?: string;
}

/**
 * A line at `debug` for each operation once it has been answered, or, a subscription, once it has
 * begun: never with its variables, which are people's data.
 */
export function useOperationLog({ logger, onError }: OperationLogOptions): Plugin {
  const begin = (args: ExecutionArgs): ((result: unknown) => void) => {
    const begunAt = performance.now();
    return (result) => {
      const fields = fieldsOf(args);
      const errors =
        result instanceof Subscription ? [] : ((result as ExecutionResult).errors ?? []);
      for (const error of errors) onError(error, fields);
      // What is not written for clients has no code yet.
      const codes = errors.map(({ extensions }) => extensions["code"] ?? "INTERNAL");
      logger.debug(
        {
          ...fields,
          durationMs: Math.round(performance.now() - begunAt),
          ...(codes.length > 0 && { codes }),
        },
        result instanceof Subscription ? "subscription begun" : "operation answered",
      );
    };
  };
  return {
    onExecute({ args }) {
      const end = begin(args);
      return { onExecuteDone: ({ result }) => end(result) };
    },
    onSubscribe({ args }) {
      const end = begin(args);
      return { onSubscribeResult: ({ result }) => end(result) };
    },
  };
}

function fieldsOf({ document, operationName, contextValue }: ExecutionArgs): OperationFields {
  const { request, caller } = contextValue as YogaInitialContext & ApiContext;
  const operation = getOperationAST(document, operationName);
  const name = operation?.name?.value;
  return {
    ...(name !== undefined && { operation: name }),
    ...(operation && { kind: operation.operation }),
    transport: transportOf(request),
    ...(caller?.owner != null && { viewer: caller.owner }),
  };
}
