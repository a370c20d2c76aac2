import { NotFoundError, ThreadBusyError } from "../../errors.ts";
import type { RunEvent } from "../../events/run-event.ts";
import { isFinal, type Run } from "../../runs/run.ts";
import type {
  ClaimRequest,
  CreatedRun,
  EndedFilter,
  LeaseState,
  OpenRuns,
  PageRequest,
  RenewRequest,
  RunFilter,
  RunPage,
  RunStore,
  ThreadPage,
  ViewerFilter,
} from "../../runs/run-store.ts";
import type { Thread } from "../../runs/thread.ts";
import { chooseFairly } from "../choose-fairly.ts";
import { threadOf } from "../thread-of.ts";
import type { Entries } from "./entries.ts";
import type { Entry, ThreadEntry } from "./entry.ts";

/** The run records. Every method is done before it returns its promise, which makes it atomic. */
export class MemoryRunStore implements RunStore {
  readonly #entries: Entries;
  readonly #clock: () => Date;

  constructor(entries: Entries, clock: () => Date) {
    this.#entries = entries;
    this.#clock = clock;
  }

  async create(
    run: Run,
    first: RunEvent,
    { mayWait = false }: { readonly mayWait?: boolean | undefined } = {},
  ): Promise<CreatedRun> {
    const existing = this.#entries.get(run.id);
    if (existing) return { run: existing.run, isNew: false };
    const sibling = this.#entries.thread(run.threadId);
    if (sibling && sibling.thread.viewer !== run.viewer) {
      throw new NotFoundError("Thread", run.threadId);
    }
    const active = sibling?.open.first;
    if (active && !mayWait) throw new ThreadBusyError(run.threadId, active.run.id);
    const thread = threadOf(run, sibling?.thread);
    if (sibling) sibling.thread = thread;
    else this.#entries.addThread(thread);
    const entry: Entry = { run: { ...run, lastSeq: first.seq }, events: [], batchAfter: null };
    this.#entries.add(entry);
    this.#entries.addEvents(entry, [first]);
    return { run: entry.run, isNew: true };
  }

  async get(runId: string): Promise<Run | undefined> {
    return this.#entries.get(runId)?.run;
  }

  async list(filter: RunFilter, page: PageRequest): Promise<RunPage> {
    const { threadId } = filter;
    const last = page.after === undefined ? undefined : this.#entries.get(page.after);
    const timeline =
      threadId === undefined ? this.#entries.created : this.#entries.thread(threadId)?.runs;
    if (!timeline || (page.after !== undefined && !last)) return { runs: [], hasMore: false };
    const { found, hasMore } = take(timeline.newestFirst(last), page.first, ({ run }) =>
      matches(run, filter),
    );
    return { runs: found.map(({ run }) => run), hasMore };
  }

  async ended({ before, hasEvents = false, limit }: EndedFilter): Promise<readonly Run[]> {
    const runs: Run[] = [];
    for (const { run, events } of this.#entries.ended.oldestFirst()) {
      const isTooLate = before !== undefined && run.finishedAt !== null && run.finishedAt >= before;
      if (isTooLate || runs.length >= limit) break;
      if (!hasEvents || events.length > 0) runs.push(run);
    }
    return runs;
  }

  async claim(request: ClaimRequest): Promise<readonly Run[]> {
    const { owner, leaseMs, limit, maxPerViewer, workflows, runId } = request;
    const now = this.#clock().getTime();
    const isWanted = ({ run }: Entry) => !workflows || workflows.includes(run.workflow);
    const chosen =
      runId === undefined
        ? this.#chooseFree(now, { limit, maxPerViewer }, isWanted)
        : this.#one(runId).filter((entry) => isFree(entry.run, now) && isWanted(entry));
    const leaseUntil = new Date(now + leaseMs);
    return chosen.slice(0, limit).map((entry) => {
      // The status stays what it was: it tells the executor what it takes over.
      this.#entries.replace(entry, { ...entry.run, owner, leaseUntil, epoch: entry.run.epoch + 1 });
      entry.batchAfter = null;
      return entry.run;
    });
  }

  async renew({ owner, leaseMs, runIds }: RenewRequest): Promise<readonly LeaseState[]> {
    const leaseUntil = new Date(this.#clock().getTime() + leaseMs);
    return runIds.map((runId) => {
      const entry = this.#entries.get(runId);
      if (entry?.run.owner !== owner) return "lost";
      this.#entries.replace(entry, { ...entry.run, leaseUntil });
      return entry.run.cancelRequested ? "cancelRequested" : "held";
    });
  }

  async requestCancel(runId: string): Promise<Run | undefined> {
    const entry = this.#entries.get(runId);
    if (entry && !isFinal(entry.run.status)) {
      this.#entries.replace(entry, { ...entry.run, cancelRequested: true });
    }
    return entry?.run;
  }

  async countOpen({ viewer }: ViewerFilter): Promise<readonly OpenRuns[]> {
    const counts = new Map<string, OpenRuns>();
    for (const { run } of this.#entries.open.oldestFirst()) {
      if (viewer !== undefined && run.viewer !== viewer) continue;
      const { workflow, status } = run;
      const key = JSON.stringify([workflow, status]);
      counts.set(key, { workflow, status, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    return [...counts.values()];
  }

  async queuePosition(runId: string): Promise<number | null> {
    const entry = this.#entries.get(runId);
    return entry?.run.status === "queued" ? this.#entries.queued.countBefore(entry) + 1 : null;
  }

  async delete(runIds: readonly string[]): Promise<void> {
    for (const entry of runIds.flatMap((runId) => this.#one(runId))) {
      // Asked for twice.
      if (this.#entries.get(entry.run.id) !== entry) continue;
      this.#entries.remove(entry);
      const thread = this.#entries.thread(entry.run.threadId);
      if (thread && !thread.thread.isNamed) this.#entries.removeThread(thread);
    }
  }

  async createThread(thread: Thread): Promise<boolean> {
    if (this.#entries.thread(thread.id)) return false;
    this.#entries.addThread(thread);
    return true;
  }

  async getThread(threadId: string): Promise<Thread | undefined> {
    return this.#entries.thread(threadId)?.thread;
  }

  async listThreads({ viewer }: ViewerFilter, page: PageRequest): Promise<ThreadPage> {
    const last = page.after === undefined ? undefined : this.#entries.thread(page.after);
    if (page.after !== undefined && !last) return { threads: [], hasMore: false };
    const isWanted = ({ thread }: ThreadEntry) => viewer === undefined || thread.viewer === viewer;
    const { found, hasMore } = take(this.#entries.threads.newestFirst(last), page.first, isWanted);
    return { threads: found.map(({ thread }) => thread), hasMore };
  }

  async deleteThread(threadId: string): Promise<void> {
    const thread = this.#entries.thread(threadId);
    if (!thread) return;
    const active = thread.open.first;
    if (active) throw new ThreadBusyError(threadId, active.run.id);
    for (const entry of Array.from(thread.runs.oldestFirst())) this.#entries.remove(entry);
    this.#entries.removeThread(thread);
  }

  #one(runId: string): readonly Entry[] {
    const entry = this.#entries.get(runId);
    return entry ? [entry] : [];
  }

  #chooseFree(
    now: number,
    bounds: { readonly limit: number; readonly maxPerViewer: number | undefined },
    isWanted: (entry: Entry) => boolean,
  ): readonly Entry[] {
    const held = this.#entries.leases.countByViewer(now);
    const viewerOf = ({ run }: Entry) => run.viewer;
    return chooseFairly(this.#free(now, isWanted), { viewerOf, held, ...bounds });
  }

  *#free(now: number, isWanted: (entry: Entry) => boolean): Iterable<Entry> {
    for (const entry of this.#entries.free(now)) {
      if (isWanted(entry) && this.#entries.isActive(entry)) yield entry;
    }
  }
}

/** The first `limit` of those wanted, and whether there are more. */
function take<T>(
  items: Iterable<T>,
  limit: number,
  isWanted: (item: T) => boolean,
): { readonly found: readonly T[]; readonly hasMore: boolean } {
  const found: T[] = [];
  for (const item of items) {
    if (!isWanted(item)) continue;
    if (found.length >= limit) return { found, hasMore: true };
    found.push(item);
  }
  return { found, hasMore: false };
}

function isFree(run: Run, now: number): boolean {
  return !isFinal(run.status) && (run.leaseUntil === null || run.leaseUntil.getTime() <= now);
}

function matches(run: Run, { viewer, workflow, statuses }: RunFilter): boolean {
  return (
    (viewer === undefined || run.viewer === viewer) &&
    (workflow === undefined || run.workflow === workflow) &&
    (statuses === undefined || statuses.includes(run.status))
  );
}
