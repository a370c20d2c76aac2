import type { IncomingMessage } from "node:http";
import { setImmediate } from "node:timers/promises";
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL } from "graphql-ws";
import type { WebSocket } from "ws";
import type { Authenticator } from "../../access/authenticate.ts";
import type { Logger } from "../../logger.ts";
import type { Telemetry } from "../../telemetry.ts";
import { within } from "../../within.ts";
import { createMaskError } from "../pipeline/mask-error.ts";
import { OpenSockets } from "./open-sockets.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { SlowReaders } from "../pipeline/slow-readers.ts";
import { createSocketAdmission } from "./socket-admission.ts";
import { GOING_AWAY } from "./socket-close.ts";
import { carryMessages } from "./socket-messages.ts";
import { SocketOperation } from "./socket-operation.ts";
import { createSocketProtocol } from "./socket-protocol.ts";
import { upgradeOf } from "./socket-request.ts";
import { SocketWriter } from "./socket-writer.ts";
import type { TransportLimits } from "../pipeline/transport-limits.ts";

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

/** Told to clients of the older protocol, `graphql-ws`, say, which goes by another package's name. */
const OTHER_SUBPROTOCOL =
  "Offer the subprotocol graphql-transport-ws, as the npm package graphql-ws does";

/** How long clients may take to be told the rest when the transport is disposed of. */
const END_GRACE_MS = 1_000;

/** How long clients may take to answer a close. */
const CLOSE_GRACE_MS = 1_000;

/**
 * GraphQL over WebSocket: every operation goes through the pipeline, as HTTP requests do, with the same
 * plugins, context and masking.
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
  const sockets = new OpenSockets();
  const operations = new Set<SocketOperation>();
  /** Called when the last operation has ended. */
  let onIdle = (): void => {};
  let isClosed = false;

  const protocol = createSocketProtocol({
    pipeline,
    admit: createSocketAdmission({ authenticate, maxSocketsPerViewer, maskError }),
    maskError,
    connectionInitTimeoutMs,
    begin(subscription, { socket, writer }, id) {
      const operation = new SocketOperation(subscription, { socket, writer, id, onEnd });
      operations.add(operation);
      return operation;
    },
  });

  function onEnd(operation: SocketOperation): void {
    operations.delete(operation);
    if (operations.size === 0) onIdle();
  }

  return {
    accept(socket, request) {
      if (isClosed) return socket.close(GOING_AWAY);
      if (socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
        return socket.close(CloseCode.SubprotocolNotAcceptable, OTHER_SUBPROTOCOL);
      }
      sockets.add(socket, request.socket);
      const writer = new SocketWriter(socket, request);
      socket.on("close", slowReaders.watch(writer));
      const upgrade = upgradeOf(request);
      carryMessages(protocol, {
        connection: { socket, writer, upgrade, use: { subscriptions: 0 }, caller: undefined },
        stream: request.socket,
        logger,
      });
    },
    load() {
      const bufferedBytes = [...sockets].map(({ bufferedAmount }) => bufferedAmount);
      return {
        open: bufferedBytes.length,
        bufferedBytes: bufferedBytes.reduce((sum, one) => sum + one, 0),
      };
    },
    async [Symbol.asyncDispose]() {
      const idle = new Promise<void>((resolve) => (onIdle = resolve));
      if (operations.size > 0) await within(END_GRACE_MS, idle);
      // Their `complete` messages leave in this turn.
      await setImmediate();
      isClosed = true;
      sockets[Symbol.dispose]();
      await within(CLOSE_GRACE_MS, Promise.all([...sockets].map(sendAway)));
      for (const socket of sockets) socket.terminate();
    },
  };
}

/** Resolves once it has closed. */
function sendAway(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.close(GOING_AWAY);
  });
}
