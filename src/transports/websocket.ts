import type { IncomingMessage } from "node:http";
import { setImmediate } from "node:timers/promises";
import {
  parse,
  type DocumentNode,
  type ExecutionResult,
  type FormattedExecutionResult,
} from "graphql";
import {
  CloseCode,
  GRAPHQL_TRANSPORT_WS_PROTOCOL,
  makeServer,
  MessageType,
  parseMessage,
  type OperationResult,
  type Server,
  type SubscribePayload,
} from "graphql-ws";
import type { WebSocket } from "ws";
import { atExpiry } from "../access/at-expiry.ts";
import type { Authenticator } from "../access/authenticate.ts";
import { placesOf, type Caller } from "../access/caller.ts";
import type { Logger } from "../logger.ts";
import type { Telemetry } from "../telemetry.ts";
import { credentialsOf } from "./authentication.ts";
import { holdBack } from "./hold-back.ts";
import { createMaskError, type MaskError } from "./mask-error.ts";
import type { Pipeline, SocketUse, TransportContext } from "./pipeline.ts";
import { requestState } from "./request-state.ts";
import { Subscription } from "../projection/subscription.ts";
import type { SlowReaders } from "./slow-readers.ts";
import { SocketOperation } from "./socket-operation.ts";
import { SocketWriter } from "./socket-writer.ts";
import { Tally } from "./tally.ts";
import type { TransportLimits } from "./transport-limits.ts";
import { withoutInternals } from "./without-internals.ts";
import { within } from "../within.ts";

export interface WebSocketOptions {
  readonly pipeline: Pipeline;
  readonly authenticate: Authenticator;
  readonly limits: TransportLimits;
  readonly slowReaders: SlowReaders;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

export interface WebSocketTransport extends AsyncDisposable {
  /**
   * Serves an accepted socket that speaks `graphql-transport-ws`, until it closes. Once the transport
   * is disposed of, sends it away.
   */
  accept(socket: WebSocket, request: IncomingMessage): void;
  /** What is open, and what of all that was sent has yet to leave this process. */
  load(): { readonly open: number; readonly bufferedBytes: number };
}

/** Tells clients to connect again, later (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;

/** Told to clients of the older protocol, `graphql-ws`, say, which goes by another package's name. */
const OTHER_SUBPROTOCOL =
  "Offer the subprotocol graphql-transport-ws, as the npm package graphql-ws does";

/** Tells clients that what failed passes, so that they come back after a while (IANA's registry of WebSocket close codes). */
const TRY_AGAIN_LATER = 1013;

/** Stock clients come back from it, and ask for their `connectionParams` anew. */
const EXPIRED = "Token expired";

/** How often a socket is pinged; one that has not answered by the next time is gone. */
const KEEP_ALIVE_MS = 12_000;

/** How long clients may take to be told the rest when the transport is disposed of. */
const END_GRACE_MS = 1_000;

/** How long clients may take to answer a close. */
const CLOSE_GRACE_MS = 1_000;

/** Upgrade headers that are about the connection, and not about who makes it. */
const CONNECTION_HEADER = /^(connection|upgrade|host|content-|transfer-|sec-websocket)/;

/** What can stand in a header, and need not be longer (W3C Trace Context §3.3.1.5). */
const HEADER_TEXT = /^[\x20-\x7e]{1,512}$/;

/** graphql-ws looks at the operation only to choose between `subscribe` and `execute`; we do that. */
const ANY_SUBSCRIPTION: DocumentNode = parse("subscription { any }");

interface Extra {
  readonly socket: WebSocket;
  readonly writer: SocketWriter;
  readonly use: SocketUse;
  /** Of the upgrade: a request is larger than what is needed of it, and a socket may stay for long. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Who it is, once the connection is acknowledged. */
  caller: Caller | undefined;
}

/**
 * GraphQL over WebSocket by graphql-ws, with every operation going through the pipeline, as HTTP
 * requests do: the same plugins, context and masking. A malformed operation ends as an error of that
 * operation, and not as the end of its socket.
 */
export function createWebSocketTransport({
  pipeline,
  authenticate,
  limits: { connectionInitTimeoutMs, maxSocketsPerViewer },
  slowReaders,
  logger,
  telemetry,
}: WebSocketOptions): WebSocketTransport {
  const maskError = createMaskError(logger, telemetry);
  const ofViewers = new Tally(maxSocketsPerViewer);
  /** Those that are open, and whether each has answered since it was pinged last. */
  const sockets = new Map<WebSocket, boolean>();
  const keepAlive = setInterval(() => pingAll(sockets), KEEP_ALIVE_MS).unref();
  const operations = new Set<SocketOperation>();
  /** Called when the last operation has ended. */
  let onIdle = (): void => {};
  let isClosed = false;

  const protocol = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: connectionInitTimeoutMs,
    async onConnect({ extra, connectionParams }) {
      const { socket } = extra;
      try {
        const headers = new Headers(Object.fromEntries(extra.headers));
        extra.caller = await authenticate(credentialsOf(headers, connectionParams));
        const keep = atExpiry(extra.caller, () => socket.close(CloseCode.Forbidden, EXPIRED));
        socket.once("close", keep);
        // It may have closed while its viewer was found out.
        if (socket.readyState === socket.CLOSED) keep();
      } catch (error) {
        const { extensions } = maskError(error);
        if (extensions["code"] === "INTERNAL") {
          socket.close(TRY_AGAIN_LATER, `Internal error ${String(extensions["errorId"])}`);
        } else {
          socket.close(CloseCode.Forbidden, "Unauthenticated");
        }
        return false;
      }
      return hasRoom(socket, extra.caller);
    },
    async onSubscribe({ extra, connectionParams }, id, payload) {
      const request = toRequest(pipeline, extra, connectionParams);
      requestState(request).caller = extra.caller;
      const result = await runOperation({ pipeline, maskError }, request, payload, {
        operationId: id,
        socket: extra.use,
      });
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

  /**
   * Counts a viewer's socket; closes one too many. Not with 4429, which clients take for the end: of
   * tabs that reconnect together the sockets that they have lost may still be open here.
   */
  function hasRoom(socket: WebSocket, caller: Caller): boolean {
    // Nobody is told from anybody where nobody is identified.
    const places = placesOf(caller);
    if (places === null) return true;
    const leave = ofViewers.enter(places);
    if (!leave) {
      socket.close(TRY_AGAIN_LATER, "Too many sockets");
      return false;
    }
    socket.once("close", leave);
    // It may have closed while its viewer was found out.
    if (socket.readyState === socket.CLOSED) leave();
    return true;
  }

  function onEnd(operation: SocketOperation): void {
    operations.delete(operation);
    if (operations.size === 0) onIdle();
  }

  function begin(subscription: Subscription, extra: Extra, id: string): SocketOperation {
    const { socket, writer } = extra;
    const operation = new SocketOperation(subscription, { socket, writer, id, onEnd });
    operations.add(operation);
    return operation;
  }

  return {
    accept(socket, request) {
      if (isClosed) return socket.close(GOING_AWAY);
      if (socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
        return socket.close(CloseCode.SubprotocolNotAcceptable, OTHER_SUBPROTOCOL);
      }
      sockets.set(socket, true);
      socket.on("pong", () => sockets.set(socket, true));
      socket.once("close", () => sockets.delete(socket));
      const writer = new SocketWriter(socket, request);
      socket.once("close", slowReaders.watch(writer));
      serveSocket(protocol, socket, { writer, use: { subscriptions: 0 }, request, logger });
    },
    load() {
      const bufferedBytes = [...sockets.keys()].map(({ bufferedAmount }) => bufferedAmount);
      return {
        open: sockets.size,
        bufferedBytes: bufferedBytes.reduce((sum, one) => sum + one, 0),
      };
    },
    async [Symbol.asyncDispose]() {
      const idle = new Promise<void>((resolve) => (onIdle = resolve));
      if (operations.size > 0) await within(END_GRACE_MS, idle);
      // Their `complete` messages leave in this turn.
      await setImmediate();
      isClosed = true;
      clearInterval(keepAlive);
      await within(CLOSE_GRACE_MS, Promise.all([...sockets.keys()].map(closeSocket)));
      for (const socket of sockets.keys()) socket.terminate();
    },
  };
}

interface ServeOptions extends Pick<Extra, "writer" | "use"> {
  readonly request: IncomingMessage;
  readonly logger: Logger;
}

/** Connects a socket to graphql-ws, as its own `useServer` does for a server of sockets. */
function serveSocket(
  protocol: Server<Extra>,
  socket: WebSocket,
  { writer, use, request, logger }: ServeOptions,
): void {
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(text, (error) => (error ? reject(error) : resolve()));
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (listener) => {
        socket.on("message", (data) => {
          // Whoever is sent away is not heard any more, however long the goodbye takes.
          if (socket.readyState !== socket.OPEN) return;
          holdBack(socket, request.socket);
          // A buffer, however it came: that is the `binaryType` of `ws` unless one asks for others.
          const text = (data as Buffer).toString();
          listener(text).catch((error: unknown) => {
            if (isForClients(text)) {
              return socket.close(CloseCode.BadRequest, "Only servers send such messages");
            }
            logger.error({ err: error }, "a WebSocket message could not be handled");
            socket.close(CloseCode.InternalServerError, "Internal server error");
          });
        });
      },
    },
    {
      socket,
      writer,
      use,
      ...upgradeOf(request),
      caller: undefined,
    },
  );
  // The client's doing: a frame that is none, or a message that is too large. `ws` closes it.
  socket.on("error", (error) => logger.debug({ err: error }, "a WebSocket broke the protocol"));
  socket.once("close", (code, reason) => {
    closed(code, String(reason)).catch((error: unknown) => {
      logger.error({ err: error }, "a WebSocket's operations could not be ended");
    });
  });
}

/** What only servers send, and graphql-ws, which has parsed it already, throws at. */
function isForClients(text: string): boolean {
  const { type } = parseMessage(text);
  return [MessageType.ConnectionAck, MessageType.Next, MessageType.Error].includes(type);
}

/** Finds out sockets whose client vanished without a word. */
function pingAll(sockets: Map<WebSocket, boolean>): void {
  for (const [socket, isAlive] of sockets) {
    // Its answer would not be heard.
    if (socket.isPaused) continue;
    if (!isAlive) {
      socket.terminate();
      continue;
    }
    sockets.set(socket, false);
    socket.ping();
  }
}

function closeSocket(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.close(GOING_AWAY);
  });
}

async function runOperation(
  { pipeline, maskError }: { readonly pipeline: Pipeline; readonly maskError: MaskError },
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

/** What an upgrade says of who makes it. */
function upgradeOf({ url = "/", headers }: IncomingMessage): Pick<Extra, "url" | "headers"> {
  const told = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === "string" && !CONNECTION_HEADER.test(name) ? [[name, value] as const] : [],
  );
  // Whoever upgraded it may have let anything pass, `//` for example, which is no address.
  const address = URL.canParse(url, "ws://localhost") ? url : "/";
  return { url: new URL(address, "ws://localhost").href, headers: told };
}

/** The upgrade as the pipeline wants it; what it authorises with may come in `connection_init`. */
function toRequest(
  pipeline: Pipeline,
  { url, headers: told }: Extra,
  connectionParams: Readonly<Record<string, unknown>> | undefined,
): Request {
  const headers = new pipeline.fetchAPI.Headers();
  for (const [name, value] of told) headers.set(name, value);
  const authorization = connectionParams?.["authorization"] ?? connectionParams?.["Authorization"];
  if (typeof authorization === "string") headers.set("authorization", authorization);
  for (const name of ["traceparent", "tracestate"]) {
    const value = connectionParams?.[name];
    if (typeof value === "string" && HEADER_TEXT.test(value)) headers.set(name, value);
  }
  return new pipeline.fetchAPI.Request(url, { method: "POST", headers });
}
