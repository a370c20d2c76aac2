import { parse, type ExecutionResult, type FormattedExecutionResult } from "graphql";
import { makeServer, type OperationResult, type Server, type SubscribePayload } from "graphql-ws";
import type { WebSocket } from "ws";
import type { Caller } from "../../access/caller.ts";
import { Subscription } from "../../projection/subscription.ts";
import { credentialsOf } from "../pipeline/authentication.ts";
import type { MaskError } from "../pipeline/mask-error.ts";
import type { Pipeline, SocketUse, TransportContext } from "../pipeline/pipeline.ts";
import { requestState } from "../pipeline/request-state.ts";
import type { AdmitSocket } from "./socket-admission.ts";
import type { SocketOperation } from "./socket-operation.ts";
import { requestOf, type Upgrade } from "./socket-request.ts";
import type { SocketWriter } from "./socket-writer.ts";
import { withoutInternals } from "../pipeline/without-internals.ts";

/** What is known of a socket. */
export interface Connection {
  readonly socket: WebSocket;
  readonly writer: SocketWriter;
  readonly upgrade: Upgrade;
  readonly use: SocketUse;
  /** Who it is, once the connection is acknowledged. */
  caller: Caller | undefined;
}

export interface SocketProtocolOptions {
  readonly pipeline: Pipeline;
  readonly admit: AdmitSocket;
  readonly maskError: MaskError;
  readonly connectionInitTimeoutMs: number;
  /** Makes an operation of a subscription that has begun, which has the id `id` on its socket. */
  readonly begin: (
    subscription: Subscription,
    connection: Connection,
    id: string,
  ) => SocketOperation;
}

/** graphql-ws looks at the operation only to choose between `subscribe` and `execute`; we do that. */
const ANY_SUBSCRIPTION = parse("subscription { any }");

/**
 * The protocol `graphql-transport-ws` by graphql-ws, with every operation going through the pipeline. A
 * malformed operation ends as an error of that operation, and not as the end of its socket.
 */
export function createSocketProtocol({
  pipeline,
  admit,
  maskError,
  connectionInitTimeoutMs,
  begin,
}: SocketProtocolOptions): Server<Connection> {
  return makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: connectionInitTimeoutMs,
    async onConnect({ extra, connectionParams }) {
      const headers = new Headers(Object.fromEntries(extra.upgrade.headers));
      extra.caller = await admit(extra.socket, credentialsOf(headers, connectionParams));
      return extra.caller !== undefined;
    },
    async onSubscribe({ extra, connectionParams }, id, payload) {
      const request = requestOf(extra.upgrade, connectionParams, pipeline.fetchAPI);
      requestState(request).caller = extra.caller;
      const result = await execute(request, payload, { operationId: id, socket: extra.use });
      const isSubscription = result instanceof Subscription;
      // Refused before it ran: the protocol has a message of its own for that.
      if (!isSubscription && !("data" in result)) {
        return (result.errors ?? []).map(withoutInternals);
      }
      return {
        schema: pipeline.getEnveloped().schema,
        document: ANY_SUBSCRIPTION,
        contextValue: isSubscription ? begin(result, extra, id) : result,
      };
    },
    // Typed without a context, so what `onSubscribe` left in it is known here only. Of a generator,
    // which its types ask for, graphql-ws uses what an iterator has.
    subscribe: ({ contextValue }) => contextValue as OperationResult,
    onNext(_context, _id, _payload, _args, { errors, ...result }) {
      if (!errors) return undefined;
      const formatted = errors.map((error) => withoutInternals(error).toJSON());
      return { ...result, errors: formatted } as FormattedExecutionResult;
    },
  });

  async function execute(
    request: Request,
    params: SubscribePayload,
    context: TransportContext,
  ): Promise<ExecutionResult | Subscription> {
    try {
      const result: unknown = await pipeline.getResultForParams(
        { params: { ...params, variables: params.variables ?? undefined } as never, request },
        { ...context, request, params } as never,
      );
      return result as ExecutionResult | Subscription;
    } catch (error) {
      // Yoga throws what is wrong with the parameters themselves, and what a plugin throws of them: it
      // ends this operation, and not its siblings on the socket.
      return { errors: [maskError(error)] };
    }
  }
}
