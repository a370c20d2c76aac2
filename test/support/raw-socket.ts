import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";
import { until } from "./until.ts";

/** A message of the protocol `graphql-transport-ws`. */
export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A WebSocket that says whatever the test wants, and not what a stock client would. */
export interface RawSocket {
  readonly socket: WebSocket;
  /** All that came, oldest first. */
  readonly messages: readonly Message[];
  /** The code with which the socket was closed. */
  readonly closed: Promise<number>;
  send(message: string | Message): void;
  /** The messages of one operation. */
  of(id: string): readonly Message[];
  /** Resolves with the first message of that operation and type. */
  message(id: string, type: string): Promise<Message>;
}

/** Connects and is acknowledged; `payload` is that of `connection_init`. */
export async function openRawSocket(
  url: string,
  options: ClientOptions = {},
  payload?: object,
): Promise<RawSocket> {
  const raw = wrap(new WebSocket(url, "graphql-transport-ws", options));
  await once(raw.socket, "open");
  raw.send({ type: "connection_init", payload });
  await until(() => raw.messages.some(({ type }) => type === "connection_ack"));
  return raw;
}

/** What a handshake ends with: the HTTP status, or `open` and then the code of the close. */
export function handshake(
  url: string,
  protocol: string | undefined,
  options: ClientOptions = {},
): Promise<number | string> {
  const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], options);
  return new Promise((resolve) => {
    socket.once("unexpected-response", (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.resume();
      socket.terminate();
    });
    socket.once("open", () => {
      socket.once("close", (code) => resolve(`open, then ${code}`));
      if (protocol === "graphql-transport-ws") socket.close(1000);
    });
    socket.once("error", (error) => resolve(error.message));
  });
}

function wrap(socket: WebSocket): RawSocket {
  const messages: Message[] = [];
  socket.on("message", (data: Buffer) => messages.push(JSON.parse(data.toString()) as Message));
  const of = (id: string): readonly Message[] => messages.filter((message) => message.id === id);
  return {
    socket,
    messages,
    closed: new Promise((resolve) => socket.once("close", resolve)),
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    of,
    async message(id, type) {
      const found = (): Message | undefined => of(id).find((message) => message.type === type);
      await until(() => found() !== undefined);
      return found() as Message;
    },
  };
}
