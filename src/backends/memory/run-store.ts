import { NotFoundError, ThreadBusyError } from "../../errors.ts";
import type { RunEvent } from "../../events/run-event.ts";
import { isFinal, type Run } from "../../runs/run.ts";
import type { LeaseState, RunFilter, RunStore } from "../../runs/run-store.ts";
import type { Entries } from "./entries.ts";
import type { Entry } from "./entry.ts";
import { Timeline } from "./timeline.ts";

/** The run records. Every method is done before it returns its promise, which makes it atomic. */
export class MemoryRunStore implements RunStore {
  readonly #entries: Entries;
  readonly #clock: () => Date;

  constructor(entries: Entries, clock: () => Date) {
    this.#entries = entries;
    this.#clock = clock;
  }

  async create(run: Run, first: RunEvent): Promise<{ readonly run: Run; readonly isNew: boolean }> {
    const existing = this.#entries.get(run.id);
    if (existing) return { run: existing.run, isNew: false };
    const sibling = this.#entries.anyOf(run.threadId);
    if (sibling && sibling.run.viewer !== run.viewer) {
      throw new NotFoundError("Thread", run.threadId);
    }
    const active = this.#entries.active(run.threadId);
    if (active) throw new ThreadBusyError(run.threadId, active.run.id);
    const stored = { ...run, lastSeq: first.seq };
    this.#entries.add({ run: stored, events: [first], batchAfter: undefined });
    return { run: stored, isNew: true };
  }

  async get(runId: string): Promise<Run | undefined> {
    return this.#entries.get(runId)?.run;
  }

  async list(
    filter: RunFilter,
    page: { readonly first: number; readonly after?: string | undefined },
  ): Promise<{ readonly runs: readonly Run[]; readonly hasMore: boolean }> {
    const last = page.after === undefined ? undefined : this.#entries.get(page.after);
    if (page.after !== undefined && !last) return { runs: [], hasMore: false };
    const runs: Run[] = [];
    for (const { run } of this.#candidates(filter).newestFirst(last?.run)) {
      if (!matches(run, filter)) continue;
      if (runs.length >= page.first) return { runs, hasMore: true };
      runs.push(run);
    }
    return { runs, hasMore: false };
  }

  async claim(request: {
    readonly owner: string;
    readonly leaseMs: number;
    readonly limit: number;
    readonly runId?: string | undefined;
  }): Promise<readonly Run[]> {
    const { owner, leaseMs, limit, runId } = request;
    const now = this.#clock().getTime();
    const chosen: Entry[] = [];
    for (const entry of runId === undefined ? this.#entries.free(now) : this.#one(runId)) {
      if (chosen.length >= limit) break;
      if (isFree(entry.run, now)) chosen.push(entry);
    }
    const leaseUntil = new Date(now + leaseMs);
    return chosen.map((entry) => {
      // The status stays what it was: it tells the executor what it takes over.
      this.#entries.replace(entry, { ...entry.run, owner, leaseUntil, epoch: entry.run.epoch + 1 });
      entry.batchAfter = undefined;
      return entry.run;
    });
  }

  async renew(request: {
    readonly owner: string;
    readonly leaseMs: number;
    readonly runIds: readonly string[];
  }): Promise<readonly LeaseState[]> {
    const { owner, leaseMs, runIds } = request;
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

  async delete(runIds: readonly string[]): Promise<readonly string[]> {
    const threadIds = new Set<string>();
    for (const runId of runIds) {
      const entry = this.#entries.get(runId);
      if (!entry) continue;
      this.#entries.remove(entry);
      threadIds.add(entry.run.threadId);
    }
    return [...threadIds].filter((threadId) => !this.#entries.anyOf(threadId));
  }

  #one(runId: string): readonly Entry[] {
    const entry = this.#entries.get(runId);
    return entry ? [entry] : [];
  }

  /** A timeline that holds all runs that match, and not many others. */
  #candidates({ finishedBefore }: RunFilter): Timeline {
    const { created, ended } = this.#entries;
    if (finishedBefore === undefined) return created;
    const old = ended.before(finishedBefore);
    // Retention keeps them few. Where they are most of all, sorting them would cost more than it saves.
    return old.length > created.size / 2 ? created : new Timeline((run) => run.createdAt, old);
  }
}

function isFree(run: Run, now: number): boolean {
  return !isFinal(run.status) && (run.leaseUntil === null || run.leaseUntil.getTime() <= now);
}

function matches(run: Run, { viewer, workflow, statuses, finishedBefore }: RunFilter): boolean {
  return (
    (viewer === undefined || run.viewer === viewer) &&
    (workflow === undefined || run.workflow === workflow) &&
    (statuses === undefined || statuses.includes(run.status)) &&
    (finishedBefore === undefined || (run.finishedAt !== null && run.finishedAt < finishedBefore))
  );
}
