import type { ExecutionResult } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { CursorExtensions, Format } from "../../projection/frame.ts";
import { resultJson } from "../../projection/result-json.ts";
import { Subscription } from "../../projection/subscription.ts";
import { singleFrame, type ReadFrames } from "./read-frames.ts";
import { requestState } from "../pipeline/request-state.ts";
import type { SlowReaders } from "../pipeline/slow-readers.ts";
import { streamedResponse } from "./streamed-response.ts";
import { withoutInternals } from "../pipeline/without-internals.ts";

/** Proxies close what is silent for long; and a write is how a vanished client is found out. */
const HEARTBEAT_MS = 5_000;

const CONTENT_TYPE = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0';

/**
 * Apollo's multipart protocol for subscriptions, which its clients speak over plain HTTP: one part a
 * result, `{ payload }`; an empty part as heartbeat; and `{ payload: null, errors }` for an error
 * that ends the operation.
 * https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
 */
export function useMultipart(slowReaders: SlowReaders): Plugin {
  return {
    onResultProcess({ request, result, setResultProcessor }) {
      if (!acceptsMultipart(request) || Array.isArray(result)) return;
      // Refused before it began: whoever reads JSON gets it, with a status.
      const isStream = result instanceof Subscription;
      if (!isStream && acceptsJson(request)) return;
      setResultProcessor((_result, fetchApi) => {
        const read: ReadFrames = isStream
          ? (observer) => result.watch(FORMAT, observer)
          : singleFrame(writePart(present(result as ExecutionResult), undefined));
        const { caller } = requestState(request);
        return streamedResponse(read, FRAMING, fetchApi, { slowReaders, caller });
      }, "multipart/mixed");
    },
  };
}

/** Whether a request knows the protocol, in any of the ways to write so. */
export function acceptsMultipart(request: Request): boolean {
  return acceptedBy(request).some(
    (type) => /^multipart\/mixed\b/i.test(type) && /;\s*subscriptionSpec="?1\.0"?/i.test(type),
  );
}

function acceptsJson(request: Request): boolean {
  return acceptedBy(request).some((type) =>
    /^(application\/(graphql-response\+)?json|application\/\*|\*\/\*)/i.test(type),
  );
}

function acceptedBy(request: Request): readonly string[] {
  return (request.headers.get("accept") ?? "").split(",").map((type) => type.trim());
}

/** The delimiter comes right after each part: with it a client knows the part to be whole. */
const part = (json: string): string =>
  `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--graphql`;

const HEARTBEAT = part("{}");

const FRAMING = {
  headers: { "content-type": CONTENT_TYPE, "cache-control": "no-cache", "x-accel-buffering": "no" },
  // Tells at once that the stream is open.
  opening: `\r\n--graphql${HEARTBEAT}`,
  ping: HEARTBEAT,
  pingMs: HEARTBEAT_MS,
  // Clients have no way to take a cursor without a result.
  tick: () => HEARTBEAT,
  ending: "--\r\n",
};

const FORMAT: Format = { name: "multipart", write: writePart };

function writePart(result: ExecutionResult, at: CursorExtensions | undefined): string {
  return result.errors && !at
    ? // At no place in a run: the operation could not begin, or go on.
      part(JSON.stringify({ payload: null, errors: result.errors }))
    : part(`{"payload":${resultJson(result, at)}}`);
}

function present({ errors, ...result }: ExecutionResult): ExecutionResult {
  return errors ? { ...result, errors: errors.map(withoutInternals) } : result;
}
