import { OperationRefusedError } from "./refused-error.ts";
import type { Operation, OperationResult } from "./result.ts";
import { readServerSentEvents, type ServerSentEvent } from "./server-sent-events.ts";

/** How long a server may say nothing, in milliseconds; ours says something every 12 s. */
const SILENCE_MS = 30_000;

export interface RequestOptions extends Operation {
  /** The server's address: `https://example.com/graphql`. */
  readonly url: string | URL;
  /** Sent with every request; a function is asked before each, so that a token can be renewed. */
  readonly headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>) | undefined;
  /** @default "same-origin" */
  readonly credentials?: "omit" | "same-origin" | "include" | undefined;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** What a server answers. `lost`: nothing, or something that passes, so that one may ask again. */
export type Answer =
  | { readonly kind: "events"; readonly events: AsyncIterable<ServerSentEvent> }
  | { readonly kind: "result"; readonly result: OperationResult }
  | { readonly kind: "ended" }
  | { readonly kind: "lost" };

/** One request for an event stream. */
export class EventStreamRequest {
  readonly #options: RequestOptions;
  readonly #signal: AbortSignal;
  readonly #connection = new AbortController();
  readonly #drop = (): void => this.#connection.abort();

  /** Aborting `signal` is like losing the connection. */
  constructor(options: RequestOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    signal.addEventListener("abort", this.#drop);
    if (signal.aborted) this.#drop();
  }

  /** Asks for what comes after `cursor`. Throws `OperationRefusedError`. */
  async send(cursor: string | undefined): Promise<Answer> {
    const headers = await this.#headers(cursor);
    const response = await this.#unlessLost(this.#fetch(headers));
    if (!response) return { kind: "lost" };
    if (response.status === 204) return { kind: "ended" };
    if (response.ok && response.headers.get("content-type")?.startsWith("text/event-stream")) {
      return { kind: "events", events: readServerSentEvents(this.#texts(response)) };
    }
    const result = await this.#unlessLost(readResult(response));
    if (result?.data != null) return { kind: "result", result };
    if (isPassing(response.status, result)) return { kind: "lost" };
    throw new OperationRefusedError(response.status, result?.errors ?? []);
  }

  /** Closes the connection. */
  close(): void {
    this.#signal.removeEventListener("abort", this.#drop);
    this.#drop();
  }

  async #headers(cursor: string | undefined): Promise<Headers> {
    const { headers: given } = this.#options;
    const headers = new Headers(typeof given === "function" ? await given() : given);
    headers.set("content-type", "application/json");
    headers.set("accept", "text/event-stream");
    if (cursor !== undefined) headers.set("last-event-id", cursor);
    return headers;
  }

  #fetch(headers: Headers): Promise<Response> {
    const { url, fetch = globalThis.fetch, credentials = "same-origin" } = this.#options;
    const { query, operationName, variables, extensions } = this.#options;
    return fetch(url, {
      method: "POST",
      headers,
      credentials,
      body: JSON.stringify({ query, operationName, variables, extensions }),
      signal: this.#connection.signal,
    });
  }

  /** The text of an answer as it comes; ends when the connection does, one way or the other. */
  async *#texts({ body }: Response): AsyncGenerator<string, void, void> {
    const reader = body?.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const read = reader && (await this.#unlessLost(reader.read()));
      if (!read || read.done) return;
      yield decoder.decode(read.value, { stream: true });
    }
  }

  /** What the server gives; `undefined` if the connection is lost, or says nothing for too long. */
  async #unlessLost<T>(given: Promise<T>): Promise<T | undefined> {
    const silence = setTimeout(this.#drop, SILENCE_MS);
    try {
      return await given;
    } catch {
      return undefined;
    } finally {
      clearTimeout(silence);
    }
  }
}

/** The result that an answer is; `undefined` when it is something else, a proxy's page say. */
async function readResult(response: Response): Promise<OperationResult | undefined> {
  const body = (await response.json()) as OperationResult | null;
  return Array.isArray(body?.errors) || body?.data != null ? body : undefined;
}

/** Whether a server that is starting, stopping or busy answers like this, or what is before it. */
function isPassing(status: number, result: OperationResult | undefined): boolean {
  // The server has refused, and says by its status whether that will pass: that it stops, for example.
  if (result?.errors) return status === 503;
  return status >= 500 || status === 408 || status === 425 || status === 429;
}
