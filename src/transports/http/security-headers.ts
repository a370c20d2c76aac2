/**
 * What every answer tells browsers: to believe its content type, to run and to frame nothing of it,
 * and to let no other site embed it. Pages of allowed sites ask by CORS, which the last does not hinder.
 */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** The same answer with the headers that it does not have yet. */
export function withSecurityHeaders(answer: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!answer.headers.has(name)) answer.headers.set(name, value);
  }
  return answer;
}
