import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Authenticate } from "../../src/index.ts";
import { createGates } from "../support/gate.ts";
import { startService, type RunningService } from "../support/service.ts";
import { steppedGraph } from "../support/stepped.ts";

const PROTOCOL = "graphql-transport-ws";

/** Who shows `none`, or what is no token, is nobody; with `broken` the hook fails, with `slow` it never answers. */
const authenticate: Authenticate = ({ token, connectionParams }) => {
  if (token === "broken") throw new Error("The key server is away");
  if (token === "slow") return new Promise(() => {});
  const isNobody = token === "none" || (token === null && connectionParams !== undefined);
  return isNobody ? null : { viewer: { id: "ann" } };
};

let service: RunningService;
beforeEach(async () => {
  service = await startService({
    workflows: { steps: steppedGraph(createGates()) },
    authenticate,
    limits: { connectionInitTimeoutMs: 1_000, accessTimeoutMs: 200 },
  });
});
afterEach(() => service[Symbol.asyncDispose]());

/** What somebody does on a socket that has just opened. */
type Act = (socket: WebSocket) => void | Promise<void>;

const say =
  (...messages: readonly (string | Buffer)[]): Act =>
  (socket) => {
    for (const message of messages) socket.send(message);
  };

const INIT = '{"type":"connection_init"}';

/** The same once the connection is acknowledged. */
const acknowledged =
  (act: Act): Act =>
  async (socket) => {
    socket.send(INIT);
    await once(socket, "message");
    await act(socket);
  };

const authorizedBy = (token: string): string =>
  JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });

const START =
  'subscription { runWorkflow(runId: \\"1\\", input: { steps: { count: 1 } }) { __typename } }';
const SUBSCRIBE = `{"type":"subscribe","id":"1","payload":{"query":"${START}"}}`;

/** Every way in which a socket is closed, and with which code. */
const CLOSED: readonly (readonly [code: number, why: string, act: Act, protocol?: string])[] = [
  [4400, "text that is not JSON", acknowledged(say("hello"))],
  [4400, "text that is not JSON, before anything else", say("")],
  [4400, "JSON that is no message", acknowledged(say("null"))],
  [4400, "a message of an unknown type", acknowledged(say('{"type":"start","id":"1"}'))],
  [4400, "a message that only servers send", acknowledged(say('{"type":"connection_ack"}'))],
  [4400, "such a message with a wrong payload", acknowledged(say('{"type":"next"}'))],
  [4400, "a subscribe without an id", acknowledged(say(SUBSCRIBE.replace('"id":"1",', "")))],
  [4400, "a subscribe with an empty id", acknowledged(say(SUBSCRIBE.replace('"1"', '""')))],
  [4400, "a subscribe with a number for an id", acknowledged(say(SUBSCRIBE.replace('"1"', "1")))],
  [4400, "a subscribe without a query", acknowledged(say('{"type":"subscribe","id":"1"}'))],
  [
    4400,
    "variables that are text",
    acknowledged(say(SUBSCRIBE.replace("}}", ',"variables":""}}'))),
  ],
  [4400, "a ping whose payload is text", acknowledged(say('{"type":"ping","payload":"a"}'))],
  [4400, "a binary message that is no text", acknowledged(say(Buffer.from([0xff, 0])))],
  [4401, "a subscribe before connection_init", say(SUBSCRIBE)],
  [4403, "a connection_init of nobody", say(authorizedBy("none"))],
  [4403, "a token with a line break", say(authorizedBy("ann\r\nx-api-key: key"))],
  [4403, "a token that no header can carry", say(authorizedBy("тайна"))],
  [4403, "a token with a NUL", say(authorizedBy("ann\0"))],
  [4406, "another subprotocol", () => {}, "graphql-ws"],
  [4406, "no subprotocol", () => {}, ""],
  [4408, "no connection_init in time", () => {}],
  [4409, "an id that is in use", acknowledged(say(SUBSCRIBE, SUBSCRIBE))],
  [4429, "a second connection_init", acknowledged(say(INIT))],
  [4429, "a second connection_init before connection_ack", say(INIT, INIT)],
  [
    4500,
    "a fault of the server's own",
    acknowledged((socket) => {
      const [end] = service.sockets;
      if (end)
        end.send = () => {
          throw new Error("a fault");
        };
      socket.send('{"type":"ping"}');
    }),
  ],
  [1001, "a server that stops", acknowledged(async () => service[Symbol.asyncDispose]())],
  [1002, "a frame that is none", acknowledged((socket) => rawOf(socket).write("hello"))],
  [
    1007,
    "text that is not UTF-8",
    acknowledged((socket) => socket.send(Buffer.from([0xff]), { binary: false })),
  ],
  [1008, "a message in thousands of pieces", acknowledged(sendPieces)],
  [1009, "a message of more than 256 KiB", acknowledged(say("x".repeat(256 * 1024 + 1)))],
  [1013, "a hook that fails", say(authorizedBy("broken"))],
  [1013, "a hook that takes too long", say(authorizedBy("slow"))],
];

test.each(
  CLOSED.map(([code, why, act, protocol = PROTOCOL]) => [code, why, act, protocol] as const),
)("a socket is closed with %i for %s", async (code, _why, act, protocol) => {
  const socket = new WebSocket(service.wsUrl, protocol === "" ? [] : [protocol]);
  const closed = once(socket, "close") as Promise<[number]>;
  await once(socket, "open");
  await act(socket);
  expect((await closed)[0]).toBe(code);
});

test("schema/README.md lists the codes that sockets are closed with, and no others", async () => {
  const contract = await readFile(new URL("../../schema/README.md", import.meta.url), "utf8");
  const listed = [...contract.matchAll(/^\| (\d{4}) /gm)].map(([, code]) => Number(code));
  expect(listed).toEqual([...new Set(CLOSED.map(([code]) => code))].toSorted((a, b) => a - b));
});

async function sendPieces(socket: WebSocket): Promise<void> {
  for (let i = 0; i < 2_000; i++) socket.send("x", { fin: false });
}

/** The connection under a client's socket, for what `ws` would not send. */
function rawOf(socket: WebSocket): { write(text: string): void } {
  return (socket as unknown as { readonly _socket: { write(text: string): void } })._socket;
}
