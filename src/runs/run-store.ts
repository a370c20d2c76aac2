import type { RunEvent, RunStatus } from "../events/run-event.ts";
import type { Run } from "./run.ts";

/** Which runs to list. */
export interface RunFilter {
  /** `undefined` for anybody's, `null` for those of nobody. */
  readonly viewer?: string | null | undefined;
  readonly workflow?: string | undefined;
  readonly statuses?: readonly RunStatus[] | undefined;
  /** Only runs that ended before this. */
  readonly finishedBefore?: Date | undefined;
}

/** What became of a lease that was to be renewed. */
export type LeaseState = "held" | "lost" | "cancelRequested";

/**
 * The records of all runs, and the queue in one: a run waits by being `queued`, and is worked on by
 * whoever holds its lease. Leases use the store's clock. Lives in the same engine as the runs' logs.
 */
export interface RunStore {
  /**
   * Stores a new run with its first event, atomically; `run.lastSeq` is `first.seq`. If a run with this id exists, stores nothing
   * and returns that one, with `isNew: false`: what to make of it is the caller's decision. MUST
   * reject with `NotFoundError` if the thread has a run of another viewer, and with
   * `ThreadBusyError` if another run of the thread has not ended.
   */
  create(run: Run, first: RunEvent): Promise<{ readonly run: Run; readonly isNew: boolean }>;

  get(runId: string): Promise<Run | undefined>;

  /**
   * Newest first, by `createdAt` and id. `after` is the id of the run that came last before, which
   * need not match the filter; an unknown one gives an empty page.
   */
  list(
    filter: RunFilter,
    page: { readonly first: number; readonly after?: string | undefined },
  ): Promise<{ readonly runs: readonly Run[]; readonly hasMore: boolean }>;

  /**
   * Takes over at most `limit` runs that are `queued` or `running` and under no lease, or an expired
   * one, oldest first by `createdAt`. Takes the lease, raises the epoch by one and changes nothing
   * else, `status` included. A run is given to one caller only. With `runId`, considers that run
   * alone, under the same conditions, and an `interrupted` one as well.
   */
  claim(request: {
    readonly owner: string;
    readonly leaseMs: number;
    readonly limit: number;
    readonly runId?: string | undefined;
  }): Promise<readonly Run[]>;

  /**
   * Prolongs the leases of `owner`; says for each of `runIds`, in order, how it stands. One that
   * expired and was not taken over is still `held`; `cancelRequested` prolongs it too.
   */
  renew(request: {
    readonly owner: string;
    readonly leaseMs: number;
    readonly runIds: readonly string[];
  }): Promise<readonly LeaseState[]>;

  /** Notes that the run is to be cancelled, unless it has ended. Returns it; `undefined` if unknown. */
  requestCancel(runId: string): Promise<Run | undefined>;

  /** Forgets runs and their logs. Returns the threads that have no run any more, each once. */
  delete(runIds: readonly string[]): Promise<readonly string[]>;
}
