import type { RunEvent, RunStatus } from "../events/run-event.ts";
import type { Run } from "./run.ts";
import type { Thread } from "./thread.ts";

/** Whose: `undefined` for anybody's, `null` for those of nobody. */
export interface ViewerFilter {
  readonly viewer?: string | null | undefined;
}

/** Which runs to list. */
export interface RunFilter extends ViewerFilter {
  readonly workflow?: string | undefined;
  readonly threadId?: string | undefined;
  readonly statuses?: readonly RunStatus[] | undefined;
}

/** At most `first`, those after the one whose id is `after`. */
export interface PageRequest {
  readonly first: number;
  /** The id of the one that came last before; an unknown one gives an empty page. */
  readonly after?: string | undefined;
}

export interface RunPage {
  readonly runs: readonly Run[];
  readonly hasMore: boolean;
}

export interface ThreadPage {
  readonly threads: readonly Thread[];
  readonly hasMore: boolean;
}

/** A run that was to be created, or the one that had its id before. */
export interface CreatedRun {
  readonly run: Run;
  readonly isNew: boolean;
}

/** Which runs that have ended. */
export interface EndedFilter {
  /** Only those that ended before it. */
  readonly before?: Date | undefined;
  /** Only those that still have events stored. */
  readonly hasEvents?: boolean | undefined;
  readonly limit: number;
}

/** Who takes runs over, for how long, and which: see {@link RunStore.claim}. */
export interface ClaimRequest {
  readonly owner: string;
  readonly leaseMs: number;
  readonly limit: number;
  readonly maxPerViewer?: number | undefined;
  readonly workflows?: readonly string[] | undefined;
  readonly runId?: string | undefined;
}

/** Whose leases, for how long from now. */
export interface RenewRequest {
  readonly owner: string;
  readonly leaseMs: number;
  readonly runIds: readonly string[];
}

/** What became of a lease that was to be renewed. */
export type LeaseState = "held" | "lost" | "cancelRequested";

/** So many runs of a workflow are `queued`, `running` or `interrupted`. */
export interface OpenRuns {
  readonly workflow: string;
  readonly status: RunStatus;
  readonly count: number;
}

/**
 * The records of all runs and threads, and the queue in one: a run waits by being `queued`, and is
 * worked on by whoever holds its lease. Of the runs of a thread that have not ended the one that was
 * created first, by `createdAt` and id, is its *active* one; the others wait for it. Leases use the
 * store's clock. Lives in the same engine as the runs' logs.
 */
export interface RunStore {
  /**
   * Stores a new run with its first event, and its thread, atomically; `run.lastSeq` is `first.seq`.
   * If a run with this id exists, stores nothing and returns that one, with `isNew: false`: what to
   * make of it is the caller's decision. MUST reject with `NotFoundError` if the thread is another
   * viewer's, and, unless `mayWait`, with `ThreadBusyError` if another run of the thread has not
   * ended. A thread is *named* once a run other than the one whose id it has is created on it.
   */
  create(
    run: Run,
    first: RunEvent,
    options?: { readonly mayWait?: boolean | undefined },
  ): Promise<CreatedRun>;

  get(runId: string): Promise<Run | undefined>;

  /** Newest first, by `createdAt` and id. The run `page.after` need not match the filter. */
  list(filter: RunFilter, page: PageRequest): Promise<RunPage>;

  /** At most `limit` runs that have ended, those that ended first in front. */
  ended(filter: EndedFilter): Promise<readonly Run[]>;

  /**
   * Takes over at most `limit` runs that are `queued` or `running`, under no lease or an expired
   * one, and active on their thread; and those that are `interrupted` and to be cancelled, under an
   * expired one: whoever took it to end them has died. Fair between viewers: those of the viewer with the fewest runs
   * under lease come first, counting those chosen so far; then oldest first by `createdAt` and id.
   * Takes the lease, raises the epoch by one and changes nothing else, `status` included. A run is
   * given to one caller only. With `workflows`, considers runs of those alone. With `runId`,
   * considers that run alone, under the same conditions, and one that is `interrupted` or not active
   * on its thread as well. With `maxPerViewer`, leaves alone the runs of a viewer who has so many
   * under lease, counting those chosen so far; those of nobody (`viewer: null`) and `runId` are not bound by it.
   */
  claim(request: ClaimRequest): Promise<readonly Run[]>;

  /**
   * Prolongs the leases of `owner`; says for each of `runIds`, in order, how it stands. One that
   * expired and was not taken over is still `held`; `cancelRequested` prolongs it too.
   */
  renew(request: RenewRequest): Promise<readonly LeaseState[]>;

  /** Notes that the run is to be cancelled, unless it has ended. Returns it; `undefined` if unknown. */
  requestCancel(runId: string): Promise<Run | undefined>;

  /**
   * How many runs have not ended, by workflow and status; with `viewer`, of those of that viewer
   * alone, `null` for those of nobody. Without the combinations that there are none of.
   */
  countOpen(filter: ViewerFilter): Promise<readonly OpenRuns[]>;

  /** How many `queued` runs were created before this one, and one more; `null` unless it is `queued`. */
  queuePosition(runId: string): Promise<number | null>;

  /** Forgets runs and their logs, and threads that were made for them and not named. */
  delete(runIds: readonly string[]): Promise<void>;

  /** Stores a thread without runs. If there is one with this id, stores nothing and returns `false`. */
  createThread(thread: Thread): Promise<boolean>;

  getThread(threadId: string): Promise<Thread | undefined>;

  /** Newest first, by `createdAt` and id. */
  listThreads(filter: ViewerFilter, page: PageRequest): Promise<ThreadPage>;

  /**
   * Forgets a thread with its runs and their logs; does nothing if it is unknown. MUST reject with
   * `ThreadBusyError` if one of its runs has not ended.
   */
  deleteThread(threadId: string): Promise<void>;
}
