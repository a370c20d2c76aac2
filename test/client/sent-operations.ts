import type { SubscribePayload } from "graphql-ws";
import type { WebSocket } from "ws";
import type { Message } from "../support/raw-socket.ts";
import type { RunningService } from "../support/service.ts";

/** What clients have said, all sockets together, in order. */
export interface SentOperations {
  readonly operations: readonly SubscribePayload[];
  /** The ids of those that their client has left. */
  readonly completed: readonly string[];
  /** The payloads of the answers to pings. */
  readonly pongs: readonly unknown[];
}

/** Listens at the server's ends of the sockets. */
export function sentBy(service: RunningService): SentOperations {
  const messages: Message[] = [];
  const sockets = service.sockets as WebSocket[];
  const { push } = sockets;
  sockets.push = (...added) => {
    for (const socket of added) {
      socket.on("message", (data: Buffer) => messages.push(JSON.parse(data.toString()) as Message));
    }
    return push.apply(sockets, added);
  };
  const of = (type: string): readonly Message[] => messages.filter((each) => each.type === type);
  return {
    get operations() {
      return of("subscribe").map(({ payload }) => payload as SubscribePayload);
    },
    get completed() {
      return of("complete").map(({ id }) => id ?? "");
    },
    get pongs() {
      return of("pong").map(({ payload }) => payload);
    },
  };
}
