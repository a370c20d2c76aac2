import type { IncomingMessage } from "node:http";
import {
  GraphQLError,
  parse,
  type DocumentNode,
  type ExecutionResult,
  type FormattedExecutionResult,
} from "graphql";
import type { ServerOptions, SubscribePayload } from "graphql-ws";
import { useServer, type Extra } from "graphql-ws/use/ws";
import { WebSocketServer, type WebSocket } from "ws";
import { cursorOfResult, isTick } from "./subscribe.ts";
import type { Pipeline } from "./pipeline.ts";

export interface WebSocketTransport extends AsyncDisposable {
  /** Serves an accepted socket that speaks `graphql-transport-ws`, until it closes. */
  accept(socket: WebSocket, request: IncomingMessage): void;
}

type Results = AsyncGenerator<ExecutionResult, void, void>;

/** Upgrade headers that are about the connection, and not about who makes it. */
const CONNECTION_HEADER = /^(connection|upgrade|host|content-|transfer-|sec-websocket)/;

/** graphql-ws looks at the operation only to choose between `subscribe` and `execute`; we do that. */
const ANY_SUBSCRIPTION: DocumentNode = parse("subscription { any }");

/**
 * GraphQL over WebSocket by graphql-ws, with every operation going through the pipeline, as HTTP
 * requests do: the same plugins, context and masking. A malformed operation ends as an error of that
 * operation, and not as the end of its socket.
 */
export function createWebSocketTransport(pipeline: Pipeline): WebSocketTransport {
  // Only hands sockets to graphql-ws; it never listens.
  const server = new WebSocketServer({ noServer: true });
  const options: ServerOptions<Record<string, unknown>, Extra> = {
    async onSubscribe({ extra, connectionParams }, id, payload) {
      const request = toRequest(pipeline, extra.request, connectionParams);
      const result = await runOperation(pipeline, request, payload, id);
      // Refused before it ran: the protocol has a message of its own for that.
      if (!isStream(result) && !("data" in result))
        return (result.errors ?? []).map(withoutInternals);
      const results = isStream(result) ? result : single(result);
      return {
        schema: pipeline.getEnveloped().schema,
        document: ANY_SUBSCRIPTION,
        contextValue: whileOpen(results, extra.socket, id),
      };
    },
    // Typed without a context, so what `onSubscribe` left in it is known here only.
    subscribe: ({ contextValue }) => contextValue as Results,
    onNext(_context, _id, _payload, _args, { errors, ...result }) {
      if (!errors) return undefined;
      const formatted = errors.map((error) => withoutInternals(error).toJSON());
      return { ...result, errors: formatted } as FormattedExecutionResult;
    },
  };
  const { dispose } = useServer(options, server);
  return {
    accept: (socket, request) => void server.emit("connection", socket, request),
    [Symbol.asyncDispose]: async () => dispose(),
  };
}

async function runOperation(
  pipeline: Pipeline,
  request: Request,
  params: SubscribePayload,
  operationId: string,
): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
  try {
    const result: unknown = await pipeline.getResultForParams(
      { params: { ...params, variables: params.variables ?? undefined } as never, request },
      { operationId, request, params } as never,
    );
    return result as ExecutionResult | AsyncIterable<ExecutionResult>;
  } catch (error) {
    // Yoga throws what is wrong with the parameters themselves.
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
}

/** The upgrade request as the pipeline wants it; what it authorises with may come in `connection_init`. */
function toRequest(
  pipeline: Pipeline,
  upgrade: IncomingMessage,
  connectionParams: Readonly<Record<string, unknown>> | undefined,
): Request {
  const headers = new pipeline.fetchAPI.Headers();
  for (const [name, value] of Object.entries(upgrade.headers)) {
    if (typeof value === "string" && !CONNECTION_HEADER.test(name)) headers.set(name, value);
  }
  const authorization = connectionParams?.["authorization"] ?? connectionParams?.["Authorization"];
  if (typeof authorization === "string") headers.set("authorization", authorization);
  const url = new URL(upgrade.url ?? "/", "ws://localhost");
  return new pipeline.fetchAPI.Request(url.href, { method: "POST", headers });
}

/**
 * The results that a socket is sent, for as long as it is open. A tick becomes a `ping` with the
 * cursor in its payload: clients that do not know it answer and go on.
 */
function whileOpen(
  results: AsyncIterable<ExecutionResult>,
  socket: WebSocket,
  id: string,
): Results {
  const iterator = results[Symbol.asyncIterator]();
  const end = async (): Promise<IteratorResult<ExecutionResult, void>> => {
    await iterator.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      for (;;) {
        // graphql-ws goes on reading for a socket that closed while the operation was being prepared.
        if (socket.readyState !== socket.OPEN) return end();
        const { done, value } = await iterator.next();
        if (done === true) return { done, value: undefined };
        if (!isTick(value)) return { done: false, value };
        socket.send(JSON.stringify({ type: "ping", payload: { id, ...cursorOfResult(value) } }));
      }
    },
    return: end,
    async throw(error) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

async function* single(result: ExecutionResult): AsyncGenerator<ExecutionResult, void, void> {
  yield result;
}

function isStream(
  result: ExecutionResult | AsyncIterable<ExecutionResult>,
): result is AsyncIterable<ExecutionResult> {
  return Symbol.asyncIterator in result;
}

/** Yoga leaves word for its HTTP side in the extensions of errors. */
function withoutInternals(error: GraphQLError): GraphQLError {
  const { http, unexpected, ...extensions } = error.extensions;
  if (http === undefined && unexpected === undefined) return error;
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions,
  });
}
