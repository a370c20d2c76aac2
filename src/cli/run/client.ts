import { setTimeout } from "node:timers/promises";
import { createClient, type Client } from "graphql-ws";
import { WebSocket } from "ws";
import { LostConnectionError, toCommandError, UnknownRunError } from "./client-errors.ts";
import { EXIT, type CommandError } from "./command-error.ts";
import type { EventFields } from "./run-event.ts";

/** How often a lost connection is tried again: for about a minute. */
const RETRY_ATTEMPTS = 15;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

/** A connection that says nothing for so long is asked whether it is there, and given as long to answer. */
const KEEP_ALIVE_MS = 10_000;

export interface ClientOptions {
  /** `http://localhost:4000/graphql`, or the same with `ws`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly onReconnecting: () => void;
  readonly onReconnected: () => void;
}

/** What the events of a run are asked for with; the cursor is added when it is known. */
export interface Following {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly after: string | undefined;
  readonly onEvent: (event: EventFields) => void;
}

/** Talks to a server over one WebSocket, by graphql-ws, and connects again when it is lost. */
export class RunClient implements Disposable {
  readonly #client: Client;
  readonly #url: string;
  /** Where the stream of events stands. */
  #cursor: string | undefined;
  #wasConnected = false;
  #isConnected = false;

  constructor({ url, headers, onReconnecting, onReconnected }: ClientOptions) {
    this.#url = url;
    let isReconnecting = false;
    this.#client = createClient({
      url: url.replace(/^http/, "ws"),
      webSocketImpl: socketsWith(headers),
      // Between operations it stays open.
      lazyCloseTimeout: KEEP_ALIVE_MS,
      retryAttempts: RETRY_ATTEMPTS,
      retryWait: async (retries) => {
        await setTimeout(Math.min(FIRST_RETRY_MS * 2 ** retries, LONGEST_RETRY_MS));
      },
      // A server that has never answered is not there; one that has may be starting again.
      shouldRetry: () => this.#wasConnected,
      keepAlive: KEEP_ALIVE_MS,
      on: {
        connecting: (isRetry) => {
          if (!isRetry || isReconnecting) return;
          isReconnecting = true;
          onReconnecting();
        },
        connected: () => {
          if (isReconnecting) onReconnected();
          this.#wasConnected = true;
          this.#isConnected = true;
          isReconnecting = false;
        },
        closed: () => {
          this.#isConnected = false;
        },
      },
    });
    this.#terminateWhenSilent();
  }

  /** Whether what is asked goes out now, as far as anybody knows. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** The place just after the last event that came. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** Asks once. Rejects with `CommandError`. */
  async request<T>(query: string, variables: Readonly<Record<string, unknown>>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(this.#explain(error));
      this.#client.subscribe<T>(
        { query, variables },
        {
          next: ({ data, errors }) => (errors || !data ? fail(errors) : resolve(data)),
          error: fail,
          // After the answer it changes nothing.
          complete: () => reject(new LostConnectionError(this.#url)),
        },
      );
    });
  }

  /** Takes all events until the stream ends, each once. Rejects with `CommandError`. */
  async follow({ query, variables, after, onEvent }: Following): Promise<void> {
    this.#cursor = after;
    const currentCursor = (): string | undefined => this.#cursor;
    let hasBegun = false;
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        const refused = this.#explain(error);
        // Nothing that is refused after the beginning is refused for wrong input.
        const isLate =
          hasBegun && refused.exitCode === EXIT.badInput && !(refused instanceof UnknownRunError);
        reject(isLate ? refused.as(EXIT.failed) : refused);
      };
      this.#client.subscribe<{ readonly event: EventFields }, { readonly cursor?: string }>(
        {
          query,
          // Read again whenever the operation is sent again: it goes on where it was.
          variables: {
            ...variables,
            get after() {
              return currentCursor();
            },
          },
        },
        {
          next: ({ data, errors, extensions }) => {
            if (errors || !data) return fail(errors);
            this.#cursor = extensions?.cursor ?? this.#cursor;
            hasBegun = true;
            onEvent(data.event);
          },
          error: fail,
          complete: resolve,
        },
      );
    });
  }

  [Symbol.dispose](): void {
    // While it connects again this would wait for that, and fail with it.
    Promise.resolve(this.#client.dispose()).catch(() => undefined);
  }

  #explain(thrown: unknown): CommandError {
    return toCommandError(thrown, this.#url, this.#wasConnected);
  }

  /** A connection may be gone without a word: graphql-ws asks, and leaves it to us to wait for the answer. */
  #terminateWhenSilent(): void {
    let silence: NodeJS.Timeout | undefined;
    this.#client.on("ping", (isReceived) => {
      if (isReceived) return;
      silence = globalThis.setTimeout(() => this.#client.terminate(), KEEP_ALIVE_MS);
    });
    this.#client.on("pong", (isReceived) => {
      if (isReceived) clearTimeout(silence);
    });
    this.#client.on("closed", () => clearTimeout(silence));
  }
}

/** The `WebSocket` of graphql-ws takes an address and nothing else. */
function socketsWith(headers: Readonly<Record<string, string>>): unknown {
  return class extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers });
    }
  };
}
