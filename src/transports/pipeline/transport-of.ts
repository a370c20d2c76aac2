import { acceptsMultipart } from "../http/multipart.ts";
import { requestState } from "./request-state.ts";

/** What brought an operation, by the name under which what it is sent is counted. */
export function transportOf(request: Request): string {
  if (request.url.startsWith("ws:")) return "websocket";
  if (requestState(request).isStreamEndpoint) return "stream";
  if (acceptsMultipart(request)) return "multipart";
  return request.headers.get("accept")?.includes("text/event-stream") ? "sse" : "http";
}
