import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
} from "graphql";
import type { ApiContext } from "../api/context.ts";
import type { EventStream } from "../api/event-stream.ts";
import type { Telemetry } from "../telemetry.ts";
import { compile, interpret } from "./compile.ts";
import { Operation, type ErrorPlace } from "./operation.ts";
import { Subscription, type SubscriptionOptions } from "./subscription.ts";
import { withoutRootArguments } from "./without-root-arguments.ts";

export interface SubscribeOptions {
  /** Whether operations are compiled; if not, graphql-js interprets them for each event. */
  readonly compile: boolean;
  /** What clients may see of an error; `where` is for the log. */
  readonly present: (error: GraphQLError, where: ErrorPlace) => GraphQLError;
  readonly telemetry: Telemetry;
  /**
   * Called with the context of an operation before anything of it begins. What it throws the operation
   * is refused with; what it returns is called once, when the operation has ended.
   */
  readonly admit: (context: ApiContext) => () => void;
}

/**
 * graphql-js' `subscribe` for our schema, but for how results are made: those who watch alike share
 * them. A refusal is a result, as there.
 */
export function createSubscribe({
  compile: isCompiled,
  present,
  telemetry,
  admit,
}: SubscribeOptions): (args: ExecutionArgs) => Promise<Subscription | ExecutionResult> {
  /** What is made of a document lasts as long as the document, which Yoga keeps for those who send it again. */
  const operations = new WeakMap<DocumentNode, Map<string, Operation>>();

  return async (args) => {
    // Before a run is started by it: all of that run's events are then younger.
    const begunAt = Date.now();
    const onEnd = admit(args.contextValue ?? {});
    const result = await begin({ args, begunAt, onEnd }).catch((error: unknown) => {
      onEnd();
      throw error;
    });
    if (!(result instanceof Subscription)) onEnd();
    return result;
  };

  async function begin({
    args,
    begunAt,
    onEnd,
  }: Pick<SubscriptionOptions, "args" | "begunAt" | "onEnd">): Promise<
    Subscription | ExecutionResult
  > {
    const stream = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in stream)) return stream;
    const subscription = new Subscription({
      stream: stream as EventStream,
      operation: operationOf(args),
      args,
      begunAt,
      telemetry,
      onEnd,
    });
    // A client that left meanwhile is not heard of again.
    const { request } = (args.contextValue ?? {}) as { readonly request?: Request };
    if (request?.signal.aborted) subscription.close();
    return subscription;
  }

  function operationOf(args: ExecutionArgs): Operation {
    const ofDocument = operations.get(args.document) ?? new Map<string, Operation>();
    operations.set(args.document, ofDocument);
    const name = args.operationName ?? "";
    const known = ofDocument.get(name);
    if (known) return known;
    const { schema, operationName } = args;
    const { document, variables } = withoutRootArguments(args);
    const execute = (isCompiled ? compile : interpret)({ schema, document, operationName });
    const operation = new Operation({ name: operationName, execute, variables, present });
    ofDocument.set(name, operation);
    return operation;
  }
}
