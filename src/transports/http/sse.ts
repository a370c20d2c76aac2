import { GraphQLError, type ExecutionResult } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { Format } from "../../projection/frame.ts";
import { resultJson } from "../../projection/result-json.ts";
import { Subscription } from "../../projection/subscription.ts";
import { eventSourceResponse, idLine } from "./event-source-response.ts";
import { httpHeadersOf, httpStatusOf } from "./http-status.ts";
import { acceptsMultipart } from "./multipart.ts";
import { requestState } from "../pipeline/request-state.ts";
import type { SlowReaders } from "../pipeline/slow-readers.ts";
import { withoutInternals } from "../pipeline/without-internals.ts";

const FORMAT: Format = {
  name: "sse",
  write: (result, at) => `${idLine(at)}event: next\ndata: ${resultJson(result, at)}\n\n`,
};

/**
 * Server-sent events as graphql-sse's "distinct connections mode" has them (`event: next`,
 * `event: complete`), with the cursor as `id:`, so that a browser's `EventSource` resumes by itself.
 * Once its cursor is at the end the answer is 204, and an error before the first event a status that
 * is not 200, since both stop an `EventSource`, which retries whatever else ends.
 */
export function useEventSource(slowReaders: SlowReaders): Plugin {
  return {
    // Before it starts a run whose events nobody could be sent.
    onSubscribe({ args, setResultAndStopExecution }) {
      const { request } = args.contextValue;
      if (canStream(request)) return;
      const message =
        "A subscription comes as events: accept text/event-stream, or multipart/mixed;subscriptionSpec=1.0";
      const extensions = { code: "BAD_USER_INPUT", http: { status: 406 } };
      setResultAndStopExecution({ errors: [new GraphQLError(message, { extensions })] });
    },
    onResultProcess({ request, result, setResultProcessor }) {
      if (result instanceof Subscription) {
        setResultProcessor(
          (_result, fetchApi) =>
            eventSourceResponse(request, result, FORMAT, fetchApi, slowReaders),
          "text/event-stream",
        );
      } else if (isEventSource(request) && !Array.isArray(result)) {
        const { errors, ...rest } = result as ExecutionResult;
        const init = {
          status: errors ? httpStatusOf(errors) : 406,
          headers: httpHeadersOf(errors),
        };
        const body = errors ? { ...rest, errors: errors.map(withoutInternals) } : rest;
        setResultProcessor(
          (_result, { Response }) => Response.json(body, init),
          "application/json",
        );
      }
    },
  };
}

/** Whether events can be sent in answer: always on a socket, and by the stream endpoint. */
function canStream(request: Request): boolean {
  if (request.url.startsWith("ws:") || requestState(request).isStreamEndpoint) return true;
  if (acceptsMultipart(request)) return true;
  const accept = request.headers.get("accept") ?? "*/*";
  return accept.includes("text/event-stream") || accept.includes("*/*");
}

/** A browser's `EventSource` sends a GET that accepts nothing else. */
function isEventSource(request: Request): boolean {
  return request.method === "GET" && request.headers.get("accept") === "text/event-stream";
}
