import { createServer } from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { Work } from "../graph.ts";
import { answer, optionsOfChild } from "../support/child.ts";
import { opened } from "../support/gates.ts";
import { listen } from "../support/listen.ts";
import { sendTurns, type RawOptions } from "../support/raw.ts";

/**
 * What the wire gives: `ws` alone, which sends the bytes that ours sent. It speaks just enough of
 * graphql-ws that the client is the same.
 */
const { text, batched } = optionsOfChild<RawOptions>();
const COMPLETE = '{"id":"1","type":"complete"}';

interface Watcher {
  readonly websocket: WebSocket;
  readonly socket: Socket;
}

const runs = new Map<string, Set<Watcher>>();
const server = createServer();
const options = { server, handleProtocols: () => "graphql-transport-ws" };
new WebSocketServer(options).on("connection", (websocket, { socket }) => {
  websocket.on("error", () => websocket.terminate());
  websocket.on("message", (data: Buffer) => {
    const { type, payload } = JSON.parse(data.toString()) as Request;
    if (type === "connection_init") websocket.send('{"type":"connection_ack"}');
    else if (type === "subscribe") subscribe({ websocket, socket }, payload.variables);
  });
});

interface Request {
  readonly type: string;
  readonly payload: { readonly variables: Variables };
}

interface Variables {
  readonly runId?: string;
  readonly input?: { readonly write: Work };
}

function subscribe(watcher: Watcher, { runId, input }: Variables): void {
  if (input) return void run(input.write, new Set([watcher]));
  const watchers = runs.get(runId ?? "");
  watchers?.add(watcher);
  watcher.websocket.once("close", () => watchers?.delete(watcher));
  // What is before the gate.
  watcher.websocket.send(text);
}

async function run(work: Work, watchers: ReadonlySet<Watcher>): Promise<void> {
  if (work.gate !== undefined) await opened(work.gate);
  const sockets = new Set([...watchers].map(({ socket }) => socket));
  const broadcast = (): void => {
    for (const { websocket } of watchers) websocket.send(text);
  };
  await sendTurns(work, broadcast, sockets, batched);
  for (const { websocket } of watchers) websocket.send(COMPLETE);
}

answer(await listen(server), {
  start(work: Work): string {
    const id = String(runs.size);
    const watchers = new Set<Watcher>();
    runs.set(id, watchers);
    void run(work, watchers);
    return id;
  },
});
