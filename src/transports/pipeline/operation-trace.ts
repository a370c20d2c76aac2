import { getOperationAST, type ExecutionArgs, type ExecutionResult } from "graphql";
import type { Plugin, YogaInitialContext } from "graphql-yoga";
import { Subscription } from "../../projection/subscription.ts";
import { inSpan, noteError, startOperation } from "../../tracing.ts";
import { transportOf } from "./transport-of.ts";

/**
 * A span for each operation until it has been answered, or, a subscription, until it has begun: what
 * it starts may go on for hours. The last of the plugins, which wraps what the others have set.
 */
export function useOperationTrace(): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args: ExecutionArgs) => traced(args, executeFn as Execute) as never);
    },
    onSubscribe({ subscribeFn, setSubscribeFn }) {
      setSubscribeFn((args: ExecutionArgs) => traced(args, subscribeFn as Execute) as never);
    },
  };
}

type Execute = (args: ExecutionArgs) => unknown;

function traced(args: ExecutionArgs, execute: Execute): unknown {
  const { request } = args.contextValue as YogaInitialContext;
  const operation = getOperationAST(args.document, args.operationName);
  const span = startOperation({
    name: operation?.name?.value,
    kind: operation?.operation ?? "unknown",
    transport: transportOf(request),
    headers: request.headers,
  });
  if (!span) return execute(args);
  return inSpan(span, async () => {
    try {
      const result = await execute(args);
      const errors =
        result instanceof Subscription ? [] : ((result as ExecutionResult).errors ?? []);
      // Those with a code are answers; what has none is a defect.
      const defect = errors.find(({ extensions }) => extensions["code"] === undefined);
      if (defect) noteError(span, defect.originalError ?? defect);
      return result;
    } catch (error) {
      noteError(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}
