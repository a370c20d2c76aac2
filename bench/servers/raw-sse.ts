import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { Work } from "../graph.ts";
import { answer, optionsOfChild } from "../support/child.ts";
import { listen } from "../support/listen.ts";
import { sendTurns, type RawOptions } from "../support/raw.ts";

/** What the wire gives: Node's `response.write` with the bytes that ours sent. */
const { text } = optionsOfChild<RawOptions>();
const server = createServer((request, response) => void handle(request, response));

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { variables } = (await json(request)) as { variables: { input: { write: Work } } };
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (): void => void response.write(text);
  await sendTurns(variables.input.write, send, new Set([response]));
  response.end("event: complete\ndata:\n\n");
}

answer(await listen(server));
