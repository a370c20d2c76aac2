import type { Client, FormattedExecutionResult, Sink, SubscribePayload } from "graphql-ws";
import { giveUpLostSockets } from "./lost-sockets.ts";
import { PingCursors } from "./ping-cursors.ts";
import { Position } from "./position.ts";
import { ResultQueue } from "./result-queue.ts";
import { createMemory, type ReloadOptions } from "./run-memory.ts";

export interface ResumableOptions extends ReloadOptions {
  /**
   * Names a subscription, so that it is recognised after a reload; `undefined` for one of which
   * nothing is kept. It is the key in `storage`, and must differ where runs are to differ: make it
   * of the operation and its input, say.
   * @default no subscription has a name
   */
  readonly key?: ((payload: SubscribePayload) => string | undefined) | undefined;
}

/**
 * Makes a graphql-ws client resume: when it connects again, every subscription goes on behind its
 * last result, and each result comes once, in order. Returns the same kind of client, so that
 * whatever is built on one resumes with it, such as Apollo's `GraphQLWsLink`:
 *
 * ```ts
 * const client = resumable(createClient({ url, ...reconnectOptions }));
 * ```
 *
 * Any document will do, since the cursor travels in `extensions`; queries and mutations pass through.
 * What the server refuses comes to the sink as it is: `CURSOR_EXPIRED` says that events in between
 * are no longer stored. Then query the run, show what it says, and subscribe to `workflowEvents`
 * with its `lastSeq` as `after`.
 *
 * With `storage` and `key` a subscription goes on with its run when the page is loaded again. The
 * run is forgotten once it has ended or is no longer there; to begin anew before, remove the key from
 * `storage`. Before the first result, or ten seconds if none comes, there is nothing to remember:
 * pass `runWorkflow` a `runId` that you keep yourself if a reload may come sooner.
 *
 * Wrap a client once, and use only what is returned.
 */
export function resumable<C extends Client>(client: C, options: ResumableOptions = {}): C {
  giveUpLostSockets(client);
  const pings = new PingCursors(client);
  let isDisposed = false;

  const subscribe: Client["subscribe"] = (payload, sink) => {
    const position = new Position(createMemory(options, options.key?.(payload)));
    const pinged = pings.open((place) => {
      if (position.moveTo(place)) position.keep();
    });
    let hasLeft = false;
    const stop = client.subscribe(resuming(payload, position, pinged.sent), {
      next(result: Parameters<typeof sink.next>[0]) {
        pinged.heard();
        if (hasLeft || !position.moveTo(result.extensions)) return;
        sink.next(result);
        position.keep();
      },
      error(error) {
        pinged.heard();
        position.noteRefusal(error);
        sink.error(error);
      },
      complete() {
        // Who leaves before the end is told the same.
        if (!hasLeft && !isDisposed) position.end();
        sink.complete();
      },
    });
    return () => {
      hasLeft = true;
      pinged.leave();
      stop();
    };
  };

  return {
    ...client,
    subscribe,
    iterate: (payload: SubscribePayload) => iterate(subscribe, payload),
    dispose() {
      isDisposed = true;
      return client.dispose();
    },
  };
}

/** The operation with its cursor: graphql-ws reads it again whenever it sends it. */
function resuming(
  payload: SubscribePayload,
  position: Position,
  onSent: () => void,
): SubscribePayload {
  const extensions = {
    enumerable: true,
    get() {
      onSent();
      const { resume } = position;
      return resume ? { ...payload.extensions, resume } : payload.extensions;
    },
  };
  const given = Object.getOwnPropertyDescriptors(payload);
  return Object.defineProperties({}, { ...given, extensions }) as SubscribePayload;
}

/** What graphql-ws's own `iterate` does, which would go past our `subscribe`. */
function iterate<Data, Extensions>(
  subscribe: Client["subscribe"],
  payload: SubscribePayload,
): ResultQueue<FormattedExecutionResult<Data, Extensions>> {
  const results = new ResultQueue<FormattedExecutionResult<Data, Extensions>>(() => stop());
  const sink: Sink<FormattedExecutionResult<Data, Extensions>> = {
    next: (result) => results.push(result),
    error: (error) => results.fail(error),
    complete: () => results.end(),
  };
  const stop = subscribe<Data, Extensions>(payload, sink);
  return results;
}
