import type { RunEvent } from "../../events/run-event.ts";
import type { Run } from "../../runs/run.ts";
import type { Thread } from "../../runs/thread.ts";
import { type Order, Timeline } from "./timeline.ts";

/** A run and its log. */
export interface Entry {
  /** Replaced on change, never mutated: callers hold it. Only `Entries.replace` sets it. */
  run: Run;
  /** Grows at its end, is trimmed at its start; without gaps, up to `run.lastSeq`. */
  readonly events: RunEvent[];
  /** The `after` of the newest batch under the run's epoch; `null` before there is one. */
  batchAfter: number | null;
}

/** A thread and its runs. */
export interface ThreadEntry {
  /** Replaced on change, never mutated. */
  thread: Thread;
  readonly runs: Timeline<Entry>;
  /** Those that have not ended: the first is the active one. */
  readonly open: Timeline<Entry>;
}

export const BY_CREATION: Order<Entry> = {
  timeOf: ({ run }) => run.createdAt.getTime(),
  idOf: ({ run }) => run.id,
};

export const BY_END: Order<Entry> = {
  timeOf: ({ run }) => run.finishedAt?.getTime() ?? 0,
  idOf: ({ run }) => run.id,
};

export const THREADS_BY_CREATION: Order<ThreadEntry> = {
  timeOf: ({ thread }) => thread.createdAt.getTime(),
  idOf: ({ thread }) => thread.id,
};

export function newThreadEntry(thread: Thread): ThreadEntry {
  return { thread, runs: new Timeline(BY_CREATION), open: new Timeline(BY_CREATION) };
}
