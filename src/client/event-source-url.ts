import type { Operation } from "./result.ts";

export interface EventSourceUrlOptions extends Operation {
  /** The server's address: `https://example.com/graphql`. */
  readonly url: string;
  /** The `lastEventId` of an event, to go on behind it. @default from the run's beginning */
  readonly after?: string | undefined;
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
 */
export function eventSourceUrl({ url, after, ...operation }: EventSourceUrlOptions): string {
  const { query, operationName, variables } = operation;
  const extensions =
    after === undefined
      ? operation.extensions
      : { ...operation.extensions, resume: { cursor: after } };
  const parameters = new URLSearchParams({ query });
  if (operationName != null) parameters.set("operationName", operationName);
  if (variables) parameters.set("variables", JSON.stringify(variables));
  if (extensions) parameters.set("extensions", JSON.stringify(extensions));
  return `${url}${url.includes("?") ? "&" : "?"}${parameters}`;
}
