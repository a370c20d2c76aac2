/**
 * Headers that make a browser ask before it sends a request to another site (Fetch standard, "CORS
 * safelisted request headers" are all others). The first two are those of Apollo's and Yoga's
 * prevention of cross-site request forgery.
 */
const PREFLIGHT_HEADERS = ["apollo-require-preflight", "x-graphql-yoga-csrf", "x-requested-with"];

/** What an HTML form can send, with which a browser does not ask before either. */
const FORM_CONTENT_TYPE =
  /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b|^$/i;

/**
 * Why this request may only read, if so. Any page on the web can have a browser GET an address or
 * POST a form to it; so such a request starts and cancels nothing, unless it proves that a script of
 * an allowed site, or no browser, made it.
 */
export function whyReadOnly(
  request: Request,
  allowedOrigins: readonly string[],
): string | undefined {
  const { host, protocol } = new URL(request.url);
  // The handshake of a WebSocket has looked at its origin.
  if (protocol === "ws:") return undefined;
  const origin = request.headers.get("origin");
  if (origin !== null && allowedOrigins.includes(origin)) return undefined;
  if (PREFLIGHT_HEADERS.some((name) => request.headers.has(name))) return undefined;
  if (request.method === "GET") {
    return (
      "A GET does not start a run: use POST, or startRun and then workflowEvents, " +
      `or send the header ${PREFLIGHT_HEADERS[0]}`
    );
  }
  // Browsers name the origin of every POST, and nobody else does.
  if (origin === null || (URL.canParse(origin) && new URL(origin).host === host)) return undefined;
  if (!FORM_CONTENT_TYPE.test(request.headers.get("content-type") ?? "")) return undefined;
  return "A form of another site starts and cancels nothing: send application/json, from an allowed site";
}
