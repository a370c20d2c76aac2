import { WebSocket } from "ws";
import type { Operation } from "./http.ts";
import { partsOf } from "./multipart.ts";
import type { Result, ResultError } from "./result.ts";
import type { RunningService } from "./service.ts";

/** The ways on which something can be asked for. */
export const TRANSPORTS = [
  "HTTP",
  "server-sent events",
  "EventSource",
  "multipart",
  "WebSocket",
  "POST /stream",
] as const;

export type Transport = (typeof TRANSPORTS)[number];

/** What is asked for, and what is shown with it. `POST /stream` takes `stream`, all others `operation`. */
export interface Asked {
  readonly operation: Operation;
  readonly stream: { readonly workflow: string; readonly body: string };
  readonly headers: Readonly<Record<string, string>>;
  /** What is open already on the same socket. */
  readonly beside?: Operation | undefined;
}

/** What became of it. */
export interface Answer {
  /** That of the first error; `null` for none. */
  readonly code: string | null;
  /** The HTTP status, of a socket's handshake too, or the code it was closed with; `null` for an open one. */
  readonly status: number | null;
  /** All that came. */
  readonly text: string;
}

/** Asks by a transport, and reads the answer to its end. */
export function askBy(
  transport: Transport,
  service: RunningService,
  asked: Asked,
): Promise<Answer> {
  const { url } = service;
  const { operation, stream, headers } = asked;
  const body = JSON.stringify(operation);
  const post = async (accept: string): Promise<Answer> =>
    answerOf(
      await fetch(url, { method: "POST", headers: { ...JSON_BODY, ...headers, accept }, body }),
    );
  switch (transport) {
    case "HTTP":
      return post("application/graphql-response+json");
    case "server-sent events":
      return post("text/event-stream");
    case "multipart":
      return post("multipart/mixed;subscriptionSpec=1.0");
    case "EventSource":
      return openEventSource(url, operation, headers);
    case "WebSocket":
      return askOnSocket(service.wsUrl, asked);
    case "POST /stream": {
      const address = new URL(`/stream/${stream.workflow}`, url);
      const init = { method: "POST", headers: { ...JSON_BODY, ...headers }, body: stream.body };
      return fetch(address, init).then(answerOf);
    }
  }
}

const JSON_BODY = { "content-type": "application/json" };

async function openEventSource(
  url: string,
  { query, variables = {} }: Operation,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  const accept = "text/event-stream";
  // Without it a GET starts nothing, whoever asks.
  const simple = { "apollo-require-preflight": "1" };
  return answerOf(await fetch(`${url}?${search}`, { headers: { ...simple, ...headers, accept } }));
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "";
  return { code: codeOf(resultsIn(text, type)), status: response.status, text };
}

/** The results in an answer of any form. */
function resultsIn(text: string, type: string): readonly Result[] {
  if (type.startsWith("multipart/mixed")) {
    const parts = partsOf(text) as readonly (Result & { readonly payload?: Result | null })[];
    return parts.map(({ payload, errors }) => payload ?? { errors });
  }
  if (!type.startsWith("text/event-stream")) return text === "" ? [] : [JSON.parse(text) as Result];
  return [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as Result);
}

function codeOf(results: readonly Result[]): string | null {
  const [error] = results.flatMap(({ errors }) => errors ?? []);
  return error ? String(error.extensions?.["code"]) : null;
}

interface SocketMessage {
  readonly id?: string;
  readonly type: string;
  readonly payload?: Result | readonly ResultError[];
}

/** On a socket of its own, which shows in `connection_init` what elsewhere stands in `authorization`. */
function askOnSocket(
  url: string,
  { operation, beside, headers: { authorization, ...headers } }: Asked,
): Promise<Answer> {
  const socket = new WebSocket(url, "graphql-transport-ws", { headers });
  const results: Result[] = [];
  return new Promise((resolve) => {
    const end = (status: number | null): void => {
      resolve({ code: codeOf(results), status, text: JSON.stringify(results) });
      socket.terminate();
    };
    const say = (message: object): void => socket.send(JSON.stringify(message));
    socket.on("error", () => {});
    socket.on("unexpected-response", (_request, { statusCode = 0 }) => end(statusCode));
    socket.on("close", (code) => end(code));
    socket.on("open", () => say({ type: "connection_init", payload: { authorization } }));
    socket.on("message", (data: Buffer) => {
      const { id, type, payload } = JSON.parse(data.toString()) as SocketMessage;
      if (type === "connection_ack") {
        if (beside) say({ type: "subscribe", id: "0", payload: beside });
        say({ type: "subscribe", id: "1", payload: operation });
      } else if (id !== "1") return;
      else if (type === "next") results.push(payload as Result);
      else if (type === "error") {
        results.push({ errors: payload as readonly ResultError[] });
        end(null);
      } else if (type === "complete") end(null);
    });
  });
}
