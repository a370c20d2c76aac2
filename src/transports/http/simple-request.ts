import type { Origins, PageHeaders } from "./origins.ts";

/**
 * Headers that make a browser ask before it sends a request to another site (Fetch standard, "CORS
 * safelisted request headers" are all others). The first two are those of Apollo's and Yoga's
 * prevention of cross-site request forgery.
 */
const PREFLIGHT_HEADERS = ["apollo-require-preflight", "x-graphql-yoga-csrf", "x-requested-with"];

/**
 * Why this request may only read, if so. Any page on the web can have a browser GET an address, by a
 * link or an image; so a GET starts and cancels nothing, unless it proves that a script of an allowed
 * site, or no browser, made it. Of other requests browsers name the origin, and {@link Origins} judges.
 */
export function whyReadOnly(request: Request, origins: Origins): string | undefined {
  // The handshake of a WebSocket has looked at its origin.
  if (request.method !== "GET" || request.url.startsWith("ws:")) return undefined;
  if (origins.isAllowed(request.headers.get("origin"))) return undefined;
  if (PREFLIGHT_HEADERS.some((name) => request.headers.has(name))) return undefined;
  return (
    "A GET does not start a run: use POST, or startRun and then workflowEvents, " +
    `or send the header ${PREFLIGHT_HEADERS[0]}`
  );
}

/** What a request says of its page. */
export function pageHeadersOf({ headers, url }: Request): PageHeaders {
  return {
    origin: headers.get("origin") ?? undefined,
    host: headers.get("host") ?? new URL(url).host,
    fetchSite: headers.get("sec-fetch-site") ?? undefined,
  };
}
