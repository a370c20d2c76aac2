import type { CloseEvent } from "ws";
import { openEventSource, postEvents, type Operation } from "./http.ts";
import { partsOf } from "./multipart.ts";
import type { Result, ResultError } from "./result.ts";
import type { RunningService } from "./service.ts";
import { following } from "./stepped.ts";
import { collect, connect } from "./web-socket.ts";

/** What became of a request. */
export interface Outcome {
  /** That of the first error; `null` for none. */
  readonly code: string | null;
  /** The HTTP status, or the code that the socket was closed with; `null` for one that stayed open. */
  readonly status: number | null;
}

/** Who asks: what stands in `authorization`, if anything. */
export interface Asker {
  readonly authorization?: string | undefined;
}

/** Asks for something about a run, in some way; the run has ended. */
export type Ask = (service: RunningService, runId: string, asker: Asker) => Promise<Outcome>;

/** Every way to ask for a run that exists. */
export const WAYS_TO_ASK: Readonly<Record<string, Ask>> = {
  "a query": (service, runId, asker) => json(service, asker, RUN(runId)),
  "a query by GET": async ({ url }, runId, asker) => {
    const address = new URL(url);
    const { query, variables } = RUN(runId);
    address.searchParams.set("query", query);
    address.searchParams.set("variables", JSON.stringify(variables));
    const headers = { ...headersOf(asker), accept: "application/json" };
    return outcomeOf(await fetch(address, { headers }));
  },
  "a mutation": (service, runId, asker) => json(service, asker, CANCEL(runId)),
  "server-sent events": async ({ url }, runId, asker) =>
    outcomeOf(await postEvents(url, following(runId), headersOf(asker))),
  "an EventSource": async ({ url }, runId, asker) =>
    outcomeOf(await openEventSource(url, following(runId), { headers: headersOf(asker) })),
  "multipart parts": async ({ url }, runId, asker) =>
    outcomeOf(
      await fetch(url, {
        method: "POST",
        headers: {
          ...headersOf(asker),
          "content-type": "application/json",
          accept: "multipart/mixed;subscriptionSpec=1.0, application/json",
        },
        body: JSON.stringify(following(runId)),
      }),
    ),
  "a WebSocket's subscription": (service, runId, asker) => socket(service, asker, following(runId)),
  "a WebSocket's query": (service, runId, asker) => socket(service, asker, RUN(runId)),
  "a WebSocket's mutation": (service, runId, asker) => socket(service, asker, CANCEL(runId)),
};

/** Those that name no run. */
export const OTHER_WAYS_TO_ASK: Readonly<Record<string, Ask>> = {
  introspection: (service, _runId, asker) =>
    json(service, asker, { query: "{ __schema { queryType { name } } }" }),
  "a list": (service, _runId, asker) => json(service, asker, { query: "{ workflows { name } }" }),
  "POST /stream": async ({ url }, _runId, asker) =>
    outcomeOf(
      await fetch(new URL("/stream/work", url), {
        method: "POST",
        headers: { ...headersOf(asker), "content-type": "application/json" },
        body: "{}",
      }),
    ),
};

const RUN = (runId: string): Operation => ({
  query: "query ($runId: ID!) { run(id: $runId) { id } }",
  variables: { runId },
});

const CANCEL = (runId: string): Operation => ({
  query: "mutation ($runId: ID!) { cancelRun(runId: $runId) { run { id } } }",
  variables: { runId },
});

function headersOf({ authorization }: Asker): Record<string, string> {
  return authorization === undefined ? {} : { authorization };
}

async function json({ url }: RunningService, asker: Asker, operation: Operation): Promise<Outcome> {
  const headers = { ...headersOf(asker), "content-type": "application/json" };
  const accept = "application/json";
  return outcomeOf(
    await fetch(url, {
      method: "POST",
      headers: { ...headers, accept },
      body: JSON.stringify(operation),
    }),
  );
}

/** Of an answer in any form. */
async function outcomeOf(response: Response): Promise<Outcome> {
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "";
  const results = type.startsWith("multipart/mixed")
    ? (
        partsOf(text) as readonly { readonly payload: Result | null; readonly errors?: never }[]
      ).map(({ payload, errors }) => payload ?? { errors })
    : type.startsWith("text/event-stream")
      ? [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as Result)
      : [JSON.parse(text) as Result];
  return { code: codeOf(results.flatMap(({ errors }) => errors ?? [])), status: response.status };
}

async function socket(
  { wsUrl }: RunningService,
  { authorization }: Asker,
  operation: Operation,
): Promise<Outcome> {
  const client = connect(wsUrl, { connectionParams: { authorization }, retryAttempts: 0 });
  try {
    const results = await collect(client, operation);
    return { code: codeOf(results.flatMap(({ errors }) => errors ?? [])), status: null };
  } catch (error) {
    if (Array.isArray(error)) return { code: codeOf(error as ResultError[]), status: null };
    return { code: null, status: (error as CloseEvent).code };
  } finally {
    await client.dispose();
  }
}

function codeOf(errors: readonly ResultError[]): string | null {
  const [error] = errors;
  return error ? String(error.extensions?.["code"]) : null;
}
