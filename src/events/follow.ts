import { setImmediate } from "node:timers/promises";
import { CursorExpiredError, ServiceStoppingError } from "../errors.ts";
import type { EventLog, EventPage } from "./event-log.ts";
import type { Tails } from "./tail.ts";

/** How many events are read at a time. */
const PAGE_LIMIT = 500;

export interface FollowOptions {
  readonly runId: string;
  /** The seq of the last event the reader has; 0 for none. */
  readonly after: number;
  /** Ends the iteration, without an error, as soon as it is aborted. */
  readonly signal: AbortSignal;
  readonly log: EventLog;
  readonly tails: Tails;
}

/**
 * The one way to read a run's events: replays what comes after a seq, then goes on live, and ends
 * when the run has ended. Every event once, in order, in the pages in which they were found; never
 * an empty page. Readers pull: nothing is read before they ask for it.
 *
 * Throws `CursorExpiredError` when events after `after` are no longer, or never were, in the log, and
 * `ServiceStoppingError` when the tails are closed and the run has not ended: all that the log has
 * was delivered by then.
 * Abort `signal` to stop it while it waits: `return()` alone would wait with it.
 */
export async function* follow(options: FollowOptions): AsyncGenerator<EventPage, void, undefined> {
  const { runId, signal, log, tails } = options;
  const tail = await tails.acquire(runId);
  try {
    let last = options.after;
    while (!signal.aborted) {
      // Look at the tail first: what is appended between the read and the wait must wake us.
      const seen = tail.generation;
      const isLastLook = tails.isClosed;
      let page: EventPage;
      do {
        page = await log.read(runId, { after: last, limit: PAGE_LIMIT });
        checkReach(page, last);
        if (page.events.length > 0) {
          yield page;
          last = page.events.at(-1)?.seq ?? last;
          // A socket that takes all at once never waits; others must get their turn all the same.
          if (last < page.lastSeq) await setImmediate();
        }
      } while (last < page.lastSeq && !signal.aborted);
      if (page.closed || signal.aborted) return;
      if (isLastLook) throw new ServiceStoppingError();
      await tail.changedSince(seen, signal);
    }
  } finally {
    tail.release();
  }
}

/** Throws `CursorExpiredError` unless every event after `after` is in the log that `page` is of. */
export function checkReach({ oldestSeq, lastSeq }: EventPage, after: number): void {
  if (after > lastSeq) throw new CursorExpiredError({ oldestSeq, lastSeq, reason: "REWOUND" });
  if (after < oldestSeq - 1)
    throw new CursorExpiredError({ oldestSeq, lastSeq, reason: "TRIMMED" });
}
