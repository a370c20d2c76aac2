import { retryDelayMs, wait } from "./backoff.ts";
import { EventStreamRequest, type RequestOptions } from "./event-stream-request.ts";
import { Position } from "./position.ts";
import { OperationRefusedError } from "./refused-error.ts";
import type { OperationResult } from "./result.ts";
import { createMemory, isPlace, type ReloadOptions } from "./run-memory.ts";
import { uuid } from "./uuid.ts";

export interface FetchSubscriptionOptions extends RequestOptions, ReloadOptions {
  /** Names the subscription in `storage`; see `ResumableOptions.key`. */
  readonly key?: string | undefined;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what becomes of the connection. Throwing from it ends the iteration with that error. */
  readonly onConnection?:
    | ((connection: "connecting" | "live" | "reconnecting") => void)
    | undefined;
}

/**
 * Follows a subscription over server-sent events, read by `fetch`, which can send headers. Iterates
 * over its results, each once and in order, until the run has ended: a connection that is lost, or
 * says nothing for 30 s, is made again, after a quarter of a second and then ever more rarely, at
 * least every 15 s, and goes on where it was. Begins when the first result is asked for; `return()`
 * ends it at once.
 *
 * Throws `OperationRefusedError` for what trying again would not change, `CURSOR_EXPIRED` among it.
 */
export function subscribeByFetch<Data = Record<string, unknown>>(
  options: FetchSubscriptionOptions,
): AsyncIterableIterator<OperationResult<Data>, void, void> {
  const abort = new AbortController();
  const results = follow(options, abort) as AsyncGenerator<OperationResult<Data>, void, void>;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => results.next(),
    return() {
      // A generator does not return while it waits, and this one waits for the network.
      abort.abort();
      return results.return();
    },
  };
}

async function* follow(
  options: FetchSubscriptionOptions,
  abort: AbortController,
): AsyncGenerator<OperationResult, void, void> {
  const stop = (): void => abort.abort();
  options.signal?.addEventListener("abort", stop);
  if (options.signal?.aborted) stop();
  try {
    yield* reconnect(options, abort.signal);
  } finally {
    options.signal?.removeEventListener("abort", stop);
  }
}

async function* reconnect(
  options: FetchSubscriptionOptions,
  signal: AbortSignal,
): AsyncGenerator<OperationResult, void, void> {
  const { onConnection } = options;
  const position = new Position(createMemory(options, options.key));
  // The id names the run until the server has, as that of an operation does on a WebSocket.
  const extensions = { ...options.extensions, operationId: uuid(), resume: position.resume };
  let cursor: string | undefined;
  let retries = 0;
  onConnection?.("connecting");
  while (!signal.aborted) {
    const request = new EventStreamRequest({ ...options, extensions }, signal);
    try {
      const answer = await request.send(cursor);
      if (answer.kind === "ended") return position.end();
      if (answer.kind === "result") return yield answer.result;
      if (answer.kind === "events") {
        onConnection?.("live");
        for await (const { id, event, data } of answer.events) {
          retries = 0;
          if (event === "complete") return position.end();
          cursor = id ?? cursor;
          if (event !== "next" || data === undefined) continue;
          const result = JSON.parse(data) as OperationResult;
          if (isRefusal(result)) throw new OperationRefusedError(200, result.errors ?? []);
          if (!position.moveTo(result.extensions)) continue;
          yield result;
          position.keep();
        }
      }
    } catch (error) {
      if (error instanceof OperationRefusedError) position.noteRefusal(error.errors);
      throw error;
    } finally {
      request.close();
    }
    if (signal.aborted) return;
    onConnection?.("reconnecting");
    await wait(retryDelayMs(retries++), signal);
  }
}

/** Whether the operation could not begin, or go on: its errors stand at no place in a run. */
function isRefusal({ data, errors, extensions }: OperationResult): boolean {
  return errors !== undefined && data == null && !isPlace(extensions);
}
