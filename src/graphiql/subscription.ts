import { createClient } from "graphql-ws";
import { accumulate } from "./accumulate.ts";
import type { ArrivedResult, ShownResult } from "./accumulate.ts";
import { oncePerFrame } from "./frame.ts";

export interface SubscriptionOptions {
  /** A `ws:` or `wss:` address. */
  readonly url: string;
  readonly query: string;
  readonly variables?: Record<string, unknown> | undefined;
  readonly operationName?: string | undefined;
  /** Sent as the connection's init payload, as GraphiQL's own fetchers do with its headers. */
  readonly connectionParams?: Record<string, unknown> | undefined;
}

/** Hears of a subscription. GraphiQL's observers look like this. */
export interface SubscriptionObserver {
  next(shown: ShownResult): void;
  complete(): void;
}

const MAX_WAITING_RESULTS = 1_000; // so that a hidden page, which draws nothing, stays small

/**
 * Runs one subscription over a WebSocket of its own and tells `observer`, once a frame, everything
 * that came so far. Failures are told as `errors` beside the events, which therefore stay on the
 * page. Returns how to stop: that sends `complete`, and the socket closes.
 */
export function subscribe(
  options: SubscriptionOptions,
  observer: SubscriptionObserver,
): () => void {
  const { url, connectionParams, ...operation } = options;
  let shown: ShownResult = {};
  let waiting: ArrivedResult[] = [];
  let resume: Resume | undefined;
  let hasConnected = false;
  let isStopped = false;

  const settle = (): void => {
    shown = accumulate(shown, waiting);
    waiting = [];
  };
  const drawing = oncePerFrame(() => {
    settle();
    observer.next(shown);
  });
  const arrive = (result: ArrivedResult): void => {
    if (isStopped) return;
    waiting.push(result);
    if (waiting.length >= MAX_WAITING_RESULTS) settle();
    drawing.request();
  };
  const finish = (): void => {
    // A stopped connection ends later, when GraphiQL may already run its next subscription.
    if (isStopped) return;
    drawing.flush();
    observer.complete();
  };

  const client = createClient({
    url,
    lazy: true,
    ...(connectionParams && { connectionParams }),
    // A server that was never reached has no such endpoint or refuses us: say so at once. One that
    // was reached and went away is probably restarting.
    shouldRetry: () => hasConnected,
    on: {
      connected() {
        hasConnected = true;
      },
    },
  });
  const stop = client.subscribe<Record<string, unknown>, Record<string, unknown>>(
    {
      ...operation,
      // Read anew each time the client sends the operation: after a reconnect the server goes on
      // behind the last event that came, and no event stands in the pane twice.
      get extensions() {
        return resume && { resume };
      },
    },
    {
      next(result) {
        resume = resumeAfter(result) ?? resume;
        arrive(result);
      },
      error(reason) {
        arrive({ errors: errorsOf(reason, url) });
        finish();
      },
      complete: finish,
    },
  );
  return () => {
    drawing.flush();
    isStopped = true;
    stop();
  };
}

interface Resume {
  readonly runId?: string;
  readonly cursor: string;
}

/** Where to go on after `result`. Every result of a run carries its cursor in `extensions`. */
function resumeAfter({ extensions }: ArrivedResult): Resume | undefined {
  const { runId, cursor } = extensions ?? {};
  if (typeof cursor !== "string") return undefined;
  return { ...(typeof runId === "string" && { runId }), cursor };
}

/** graphql-ws rejects with GraphQL errors, with the close event, or with what went wrong. */
function errorsOf(reason: unknown, url: string): readonly unknown[] {
  if (Array.isArray(reason)) return reason;
  if (reason instanceof CloseEvent) {
    const said = [reason.code, reason.reason].filter(Boolean).join(" ");
    return [{ message: `The WebSocket to ${url} was closed: ${said}` }];
  }
  const said = reason instanceof Error ? reason.message : "no connection";
  return [{ message: `The WebSocket to ${url} failed: ${said}` }];
}
