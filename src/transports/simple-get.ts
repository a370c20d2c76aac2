/**
 * Headers that make a browser ask before it sends a request to another site (Fetch standard, "CORS
 * safelisted request headers" are all others). The first two are those of Apollo's and Yoga's
 * prevention of cross-site request forgery.
 */
const PREFLIGHT_HEADERS = [
  "apollo-require-preflight",
  "x-graphql-yoga-csrf",
  "x-requested-with",
  "authorization",
];

/**
 * Why this request may not start a run, if it may not. Any page on the web can have a browser GET
 * an address; so a GET only follows runs, unless it proves that a script of an allowed site, or no
 * browser, made it.
 */
export function simpleGetIsForbidden(
  request: Request,
  allowedOrigins: readonly string[],
): string | undefined {
  if (request.method !== "GET") return undefined;
  const origin = request.headers.get("origin");
  if (origin !== null && allowedOrigins.includes(origin)) return undefined;
  if (PREFLIGHT_HEADERS.some((name) => request.headers.has(name))) return undefined;
  return (
    "A GET does not start a run: use POST, or startRun and then workflowEvents, " +
    `or send the header ${PREFLIGHT_HEADERS[0]}`
  );
}
