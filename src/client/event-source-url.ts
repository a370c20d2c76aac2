import type { Operation } from "./result.ts";

export interface EventSourceUrlOptions extends Operation {
  /** The server's address: `https://example.com/graphql`. */
  readonly url: string;
  /** The `lastEventId` of an event, to go on behind it. @default from the run's beginning */
  readonly after?: string | undefined;
  /** A watch token of the run: an `EventSource` sends no header to put it in. */
  readonly token?: string | undefined;
}

/**
 * The address of a subscription for a browser's `EventSource`, which sends no body:
 *
 * ```ts
 * const events = new EventSource(eventSourceUrl({ url, query, variables: { runId }, after }));
 * events.addEventListener("next", ({ data, lastEventId }) => show(JSON.parse(data), lastEventId));
 * events.addEventListener("complete", () => events.close());
 * ```
 *
 * It resumes by itself while the page lives; keep the last `lastEventId` to go on after a reload. It
 * follows runs, and starts none; it does not tell why the server refuses, and gives up at the first
 * answer that is not 200, such as a proxy's 502. `subscribeByFetch` does all that.
 *
 * With a `token` it also gives up when that ends: give it one that lasts as long as the run may take, or
 * use `subscribeByFetch`, whose `headers` may be a function that asks for a fresh one.
 */
export function eventSourceUrl({ url, after, token, ...operation }: EventSourceUrlOptions): string {
  const { query, operationName, variables } = operation;
  const extensions =
    after === undefined
      ? operation.extensions
      : { ...operation.extensions, resume: { cursor: after } };
  const parameters = new URLSearchParams({ query });
  if (operationName != null) parameters.set("operationName", operationName);
  if (variables) parameters.set("variables", JSON.stringify(variables));
  if (extensions) parameters.set("extensions", JSON.stringify(extensions));
  if (token !== undefined) parameters.set("token", token);
  return `${url}${url.includes("?") ? "&" : "?"}${parameters}`;
}
