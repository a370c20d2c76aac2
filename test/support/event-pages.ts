import { EventStream, type StreamItem } from "../../src/api/event-stream.ts";
import type { Observer } from "../../src/events/observer.ts";
import type { EventPage } from "../../src/events/event-log.ts";
import type { RunEvent } from "../../src/events/run-event.ts";

export const RUN = { createdAt: new Date(0), id: "run-1", workflow: "report" };

export interface PagedStream {
  readonly stream: EventStream;
  /** How many pages have been asked for. */
  readonly pulls: number;
  readonly isClosed: boolean;
}

/**
 * The stream of a log that is read in these pages and then ends, with an error if there is one. Each
 * page comes at once when it is asked for.
 */
export function streamOf(
  pages: readonly (readonly RunEvent[])[],
  { error }: { readonly error?: Error } = {},
): PagedStream {
  let pulls = 0;
  let isClosed = false;
  const follow = (observer: Observer<EventPage>) => ({
    pull() {
      const events = pages[pulls];
      pulls += 1;
      if (events) observer.next({ events, oldestSeq: 1, lastSeq: 0, closed: false });
      else if (error) observer.error(error);
      else observer.complete();
    },
    close() {
      isClosed = true;
    },
  });
  const stream = new EventStream({
    run: RUN,
    follow,
    typeNameOf: () => "CustomEvent",
    only: undefined,
    statusType: "RunStatusEvent",
    conflation: undefined,
    wantsTicks: true,
  });
  return {
    stream,
    get pulls() {
      return pulls;
    },
    get isClosed() {
      return isClosed;
    },
  };
}

/** What a stream makes of an event. */
export function itemOf(event: RunEvent, kind: StreamItem["kind"] = "event"): StreamItem {
  return { kind, run: RUN, event };
}
