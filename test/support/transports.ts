import { openEventSource, post, postEvents, readResults, type Operation } from "./http.ts";
import { partsOf, postMultipart } from "./multipart.ts";
import { openRawSocket } from "./raw-socket.ts";
import type { Result } from "./result.ts";
import { until } from "./until.ts";

/** What an operation's first result is, by each way in which it can reach the API at `url`. */
export const BY_TRANSPORT: Readonly<
  Record<string, (url: string, operation: Operation) => Promise<Result>>
> = {
  POST: post,
  GET: async (url, { query, variables = {} }) => {
    const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    const headers = { accept: "application/json", "apollo-require-preflight": "1" };
    return (await (await fetch(`${url}?${search}`, { headers })).json()) as Result;
  },
  "server-sent events": async (url, operation) => firstOf(await postEvents(url, operation)),
  EventSource: async (url, operation) =>
    firstOf(
      await openEventSource(url, operation, { headers: { "apollo-require-preflight": "1" } }),
    ),
  multipart: async (url, operation) => {
    const answer = await postMultipart(url, operation);
    const text = await answer.text();
    if (!answer.headers.get("content-type")?.startsWith("multipart")) {
      return JSON.parse(text) as Result;
    }
    const [first] = partsOf(text) as readonly (Result & { readonly payload?: Result | null })[];
    return first?.payload ?? (first as Result);
  },
  WebSocket: async (url, operation) => {
    const raw = await openRawSocket(url.replace("http", "ws"));
    raw.send({ type: "subscribe", id: "1", payload: operation });
    await until(() => raw.of("1").length > 0);
    raw.socket.close();
    const [first] = raw.of("1");
    return first?.type === "error"
      ? { errors: first.payload as NonNullable<Result["errors"]> }
      : (first?.payload as Result);
  },
};

async function firstOf(answer: Response): Promise<Result> {
  if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) {
    return (await answer.json()) as Result;
  }
  const [first] = await readResults(answer);
  if (!first) throw new Error("The stream ended without a result");
  return first;
}

/** The ways in which the events of a subscription can come. */
export const STREAMS = Object.entries(BY_TRANSPORT).filter(
  ([name]) => name !== "POST" && name !== "GET",
);
