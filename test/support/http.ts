import type { Result } from "./result.ts";

export interface Operation {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** A query or mutation over HTTP; `authorization` is the header of that name. */
export async function post(
  url: string,
  operation: Operation,
  authorization?: string,
): Promise<Result> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      ...(authorization !== undefined && { authorization }),
    },
    body: JSON.stringify(operation),
  });
  return (await response.json()) as Result;
}

/** One block of an event stream. */
export interface Frame {
  /** The last `id:` so far. */
  readonly id: string;
  readonly event: string;
  /** `undefined` in a block without data, which an `EventSource` does not report. */
  readonly data: string | undefined;
}

/** The blocks of an event stream, read as the HTML standard says (9.2.6). */
export async function* readFrames(response: Response): AsyncGenerator<Frame, void> {
  if (!response.body) return;
  const decoder = new TextDecoder();
  let text = "";
  let id = "";
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = fieldsOf(block);
      id = fields.get("id") ?? id;
      if (fields.size > 0)
        yield { id, event: fields.get("event") ?? "message", data: fields.get("data") };
    }
  }
}

function fieldsOf(block: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]+):? ?(.*)$/s.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, value);
  }
  return fields;
}

/** What a browser's `EventSource` sends; `lastEventId` when it comes back. */
export function openEventSource(
  url: string,
  operation: Operation,
  options: {
    readonly lastEventId?: string;
    readonly headers?: HeadersInit;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Response> {
  const address = new URL(url);
  address.searchParams.set("query", operation.query);
  for (const name of ["variables", "extensions"] as const) {
    if (operation[name]) address.searchParams.set(name, JSON.stringify(operation[name]));
  }
  const headers = new Headers(options.headers);
  headers.set("accept", "text/event-stream");
  if (options.lastEventId !== undefined) headers.set("last-event-id", options.lastEventId);
  return fetch(address, { headers, ...(options.signal && { signal: options.signal }) });
}

/** A subscription as a POST that asks for an event stream. */
export function postEvents(
  url: string,
  operation: Operation,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
    body: JSON.stringify(operation),
  });
}

/** The results in an event stream, up to its end. */
export async function readResults(response: Response): Promise<readonly Result[]> {
  const results: Result[] = [];
  for await (const { event, data } of readFrames(response)) {
    if (event === "next" && data !== undefined) results.push(JSON.parse(data) as Result);
  }
  return results;
}
