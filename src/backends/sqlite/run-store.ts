import { NotFoundError, ThreadBusyError } from "../../errors.ts";
import type { RunEvent } from "../../events/run-event.ts";
import type { Run } from "../../runs/run.ts";
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
import { columnsOf, readRun, type Stored } from "../run-columns.ts";
import { threadOf } from "../thread-of.ts";
import { activeRun, type OpenRun, promote } from "./active-run.ts";
import { Claims } from "./claims.ts";
import type { SqliteDatabase } from "./database.ts";
import type { Eraser } from "./eraser.ts";
import { insertEvents } from "./event-log.ts";
import { listRuns } from "./list-runs.ts";
import { selectRuns } from "./select-runs.ts";
import { Threads } from "./threads.ts";

type Row = Record<string, Stored>;

/** The run records, in the columns that `run-columns.ts` gives them. */
export class SqliteRunStore implements RunStore {
  readonly #db: SqliteDatabase;
  readonly #eraser: Eraser;
  readonly #claims: Claims;
  readonly #threads: Threads;

  constructor(db: SqliteDatabase, eraser: Eraser, clock: () => Date) {
    this.#db = db;
    this.#eraser = eraser;
    this.#claims = new Claims(db, clock);
    this.#threads = new Threads(db);
  }

  async create(
    run: Run,
    first: RunEvent,
    { mayWait = false }: { readonly mayWait?: boolean | undefined } = {},
  ): Promise<CreatedRun> {
    return this.#db.transact(() => {
      const existing = this.#get(run.id);
      if (existing) return { run: existing, isNew: false };
      const thread = this.#threads.get(run.threadId);
      if (thread && thread.viewer !== run.viewer) throw new NotFoundError("Thread", run.threadId);
      const active = activeRun(this.#db, run.threadId);
      if (active && !mayWait) throw new ThreadBusyError(run.threadId, active.id);
      this.#threads.put(threadOf(run, thread));
      const stored = { ...run, lastSeq: first.seq };
      insertEvents(this.#db, this.#insert(stored, active), [first]);
      return { run: stored, isNew: true };
    });
  }

  async get(runId: string): Promise<Run | undefined> {
    return this.#get(runId);
  }

  async list(filter: RunFilter, page: PageRequest): Promise<RunPage> {
    return listRuns(this.#db, filter, page);
  }

  async ended({ before, hasEvents = false, limit }: EndedFilter): Promise<readonly Run[]> {
    const rows = this.#db.all<Row>(
      `${selectRuns(hasEvents ? "ended_runs_with_events" : "ended_runs")}
       WHERE status IN ('succeeded', 'failed', 'cancelled')
       ${hasEvents ? "AND oldest_seq <= last_seq" : ""} AND finished_at < ?
       ORDER BY finished_at, id LIMIT ?`,
      before?.getTime() ?? Number.MAX_SAFE_INTEGER,
      limit,
    );
    return rows.map(readRun);
  }

  async claim(request: ClaimRequest): Promise<readonly Run[]> {
    return this.#claims.claim(request);
  }

  async renew(request: RenewRequest): Promise<readonly LeaseState[]> {
    return this.#claims.renew(request);
  }

  async requestCancel(runId: string): Promise<Run | undefined> {
    this.#db.run(
      `UPDATE runs SET cancel_requested = 1
       WHERE id = ? AND status IN ('queued', 'running', 'interrupted')`,
      runId,
    );
    return this.#get(runId);
  }

  async countOpen({ viewer }: ViewerFilter): Promise<readonly OpenRuns[]> {
    const ofViewer = viewer === undefined ? "" : "AND viewer IS ?";
    return this.#db.all<OpenRuns>(
      `SELECT workflow, status, count(*) AS count FROM runs INDEXED BY open_runs
       WHERE status IN ('queued', 'running', 'interrupted') ${ofViewer}
       GROUP BY workflow, status`,
      ...(viewer === undefined ? [] : [viewer]),
    );
  }

  async queuePosition(runId: string): Promise<number | null> {
    const row = this.#db.get<{ readonly position: number }>(
      `SELECT (
         SELECT count(*) FROM runs
         WHERE status = 'queued' AND (created_at, id) <= (own.created_at, own.id)
       ) AS position FROM runs AS own WHERE id = ? AND own.status = 'queued'`,
      runId,
    );
    return row?.position ?? null;
  }

  async delete(runIds: readonly string[]): Promise<void> {
    this.#db.transact(() => {
      for (const runId of runIds) this.#delete(runId);
    });
    await this.#eraser.eraseDeleted();
  }

  async createThread(thread: Thread): Promise<boolean> {
    return this.#threads.add(thread);
  }

  async getThread(threadId: string): Promise<Thread | undefined> {
    return this.#threads.get(threadId);
  }

  async listThreads(filter: ViewerFilter, page: PageRequest): Promise<ThreadPage> {
    return this.#threads.list(filter, page);
  }

  async deleteThread(threadId: string): Promise<void> {
    this.#db.transact(() => {
      const active = activeRun(this.#db, threadId);
      if (active) throw new ThreadBusyError(threadId, active.id);
      const ofThread = this.#db.all<{ readonly id: string }>(
        "SELECT id FROM runs WHERE thread_id = ?",
        threadId,
      );
      for (const { id } of ofThread) this.#delete(id);
      this.#threads.remove(threadId);
    });
    await this.#eraser.eraseDeleted();
  }

  #get(runId: string): Run | undefined {
    const row = this.#db.get<Row>(`${selectRuns()} WHERE id = ?`, runId);
    return row && readRun(row);
  }

  /** Returns the number that its events go by. */
  #insert(run: Run, active: OpenRun | undefined): number {
    const isFirst = !active || precedes(run, active);
    const own = columnsOf("runs", run);
    const names = [...own.names, "oldest_seq", "is_active"];
    const row = this.#db.get<{ readonly run: number }>(
      `INSERT INTO runs (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})
       RETURNING run`,
      ...own.values,
      run.lastSeq,
      isFirst ? 1 : 0,
    );
    if (!row) throw new Error(`Run ${JSON.stringify(run.id)} could not be stored`);
    if (active && isFirst) this.#db.run("UPDATE runs SET is_active = 0 WHERE run = ?", active.run);
    const large = columnsOf("run_values", run);
    this.#db.run(
      `INSERT INTO run_values (run, ${large.names.join(", ")})
       VALUES (?, ${large.names.map(() => "?").join(", ")})`,
      row.run,
      ...large.values,
    );
    return row.run;
  }

  /** All but its events, which go a slice at a time. */
  #delete(runId: string): void {
    const row = this.#db.get<{ readonly run: number; readonly thread_id: string }>(
      "DELETE FROM runs WHERE id = ? RETURNING run, thread_id",
      runId,
    );
    if (!row) return;
    this.#db.run("DELETE FROM run_values WHERE run = ?", row.run);
    this.#db.run("INSERT INTO deleted_runs VALUES (?)", row.run);
    this.#db.run("DELETE FROM threads WHERE id = ? AND is_named = 0", row.thread_id);
    promote(this.#db, row.thread_id);
  }
}

function precedes(run: Run, other: OpenRun): boolean {
  const time = run.createdAt.getTime();
  return time < other.createdAt || (time === other.createdAt && run.id < other.id);
}
