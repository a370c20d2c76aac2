import { createClient } from "graphql-ws";
import {
  eventSourceUrl,
  initialRunView,
  reconnectOptions,
  reduceRun,
  resumable,
  subscribeByFetch,
  type RunView,
  type StorageLike,
} from "../../src/client/index.ts";

/** What the test looks at. */
export interface Seen {
  /** The seqs that came, in order. */
  readonly socket: number[];
  readonly fetch: number[];
  readonly eventSource: number[];
  readonly complete: string[];
  view: RunView;
}

/** What this page finds in its browser. */
interface Browser {
  readonly location: { readonly href: string };
  readonly sessionStorage: StorageLike;
  readonly EventSource: new (url: string) => {
    addEventListener(
      type: string,
      listener: (event: { readonly data: string; readonly lastEventId: string }) => void,
    ): void;
    close(): void;
  };
  seen: Seen;
}

const QUERY = `subscription {
  runWorkflow(input: { steps: { count: 6 } }) {
    __typename
    ... on RunEvent { seq node taskId namespace attempt nodeAttempt }
    ... on ProgressEvent { current total }
    ... on NodeEvent { phase }
    ... on RunStatusEvent { runStatus }
  }
}`;

const FOLLOW = `subscription ($runId: ID!) {
  workflowEvents(runId: $runId) { __typename ... on RunEvent { seq } }
}`;

const browser = globalThis as unknown as Browser;
const url = browser.location.href;
const storage = browser.sessionStorage;
const seen: Seen = { socket: [], fetch: [], eventSource: [], complete: [], view: initialRunView };
browser.seen = seen;

const client = resumable(createClient({ url: url.replace(/^http/, "ws"), ...reconnectOptions }), {
  storage,
  key: ({ query }) => query,
});
client.subscribe(
  { query: QUERY },
  {
    next(result) {
      seen.view = reduceRun(seen.view, result as object);
      seen.socket.push(seen.view.lastSeq);
      if (seen.socket.length === 1) followInOtherWays(String(seen.view.runId));
    },
    error: (error) => seen.complete.push(`socket: ${String(error)}`),
    complete: () => seen.complete.push("socket"),
  },
);

function followInOtherWays(runId: string): void {
  const operation = { query: FOLLOW, variables: { runId } };
  void (async () => {
    for await (const { extensions } of subscribeByFetch({ url, ...operation })) {
      seen.fetch.push(Number(extensions?.["seq"]));
    }
    seen.complete.push("fetch");
  })();

  const kept = storage.getItem("eventSource") ?? undefined;
  const events = new browser.EventSource(eventSourceUrl({ url, ...operation, after: kept }));
  events.addEventListener("next", ({ data, lastEventId }) => {
    const { extensions } = JSON.parse(data) as { extensions: { seq: number } };
    seen.eventSource.push(extensions.seq);
    storage.setItem("eventSource", lastEventId);
  });
  events.addEventListener("complete", () => {
    events.close();
    seen.complete.push("eventSource");
  });
}
