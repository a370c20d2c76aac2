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
import { readThread, type ThreadRow } from "../thread-row.ts";
import { activeRun, IS_OPEN, lockThreadsOf, type OpenRun, promote } from "./active-run.ts";
import { Claims } from "./claims.ts";
import { Conditions } from "./conditions.ts";
import type { PostgresDatabase, Statements } from "./database.ts";
import { insertEvents } from "./event-log.ts";
import { listRuns } from "./list-runs.ts";
import { SELECT_RUNS } from "./select-runs.ts";
import { listThreads, THREAD_COLUMNS, valuesOf } from "./threads.ts";

type Row = Record<string, Stored>;

/** The run records, in the columns that `run-columns.ts` gives them. */
export class PostgresRunStore implements RunStore {
  readonly #db: PostgresDatabase;
  readonly #claims: Claims;

  constructor(db: PostgresDatabase) {
    this.#db = db;
    this.#claims = new Claims(db);
  }

  async create(
    run: Run,
    first: RunEvent,
    { mayWait = false }: { readonly mayWait?: boolean | undefined } = {},
  ): Promise<CreatedRun> {
    const stored = { ...run, lastSeq: first.seq };
    for (;;) {
      const isNew = await this.#db.transact((db) => create(db, stored, first, mayWait));
      if (isNew) return { run: stored, isNew };
      const existing = await this.get(run.id);
      // It may just have been deleted.
      if (existing) return { run: existing, isNew };
    }
  }

  async get(runId: string): Promise<Run | undefined> {
    const row = await this.#db.get<Row>(`${SELECT_RUNS} WHERE id = $1`, runId);
    return row && readRun(row);
  }

  list(filter: RunFilter, page: PageRequest): Promise<RunPage> {
    return listRuns(this.#db, filter, page);
  }

  async ended({ before, hasEvents = false, limit }: EndedFilter): Promise<readonly Run[]> {
    const rows = await this.#db.all<Row>(
      `${SELECT_RUNS} WHERE status IN ('succeeded', 'failed', 'cancelled')
       ${hasEvents ? "AND has_events" : ""} AND finished_at < $1
       ORDER BY finished_at, id LIMIT $2`,
      before?.getTime() ?? Number.MAX_SAFE_INTEGER,
      limit,
    );
    return rows.map(readRun);
  }

  claim(request: ClaimRequest): Promise<readonly Run[]> {
    return this.#claims.claim(request);
  }

  renew(request: RenewRequest): Promise<readonly LeaseState[]> {
    return this.#claims.renew(request);
  }

  async requestCancel(runId: string): Promise<Run | undefined> {
    await this.#db.run(
      `UPDATE @.runs SET cancel_requested = true WHERE id = $1 AND ${IS_OPEN}`,
      runId,
    );
    return this.get(runId);
  }

  countOpen({ viewer }: ViewerFilter): Promise<readonly OpenRuns[]> {
    const where = new Conditions("runs", undefined);
    where.addViewer(viewer);
    return this.#db.all<OpenRuns>(
      `SELECT workflow, status, count(*) AS count FROM @.runs WHERE ${IS_OPEN} AND ${where.sql}
       GROUP BY workflow, status`,
      ...where.values,
    );
  }

  async queuePosition(runId: string): Promise<number | null> {
    const row = await this.#db.get<{ readonly position: number }>(
      `SELECT (
         SELECT count(*) FROM @.runs AS other
         WHERE status = 'queued' AND (other.created_at, other.id) <= (own.created_at, own.id)
       ) AS position FROM @.runs AS own WHERE id = $1 AND own.status = 'queued'`,
      runId,
    );
    return row?.position ?? null;
  }

  async delete(runIds: readonly string[]): Promise<void> {
    await this.#db.transact(
      async (db) => {
        await lockThreadsOf(db, runIds);
        await deleteRuns(db, runIds);
      },
      { isRepeatable: true },
    );
  }

  async createThread(thread: Thread): Promise<boolean> {
    const added = await this.#db.transact((db) =>
      db.run(
        `INSERT INTO @.threads (${THREAD_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING`,
        ...valuesOf(thread),
      ),
    );
    return added > 0;
  }

  async getThread(threadId: string): Promise<Thread | undefined> {
    const row = await this.#db.get<ThreadRow>(
      `SELECT ${THREAD_COLUMNS} FROM @.threads WHERE id = $1`,
      threadId,
    );
    return row && readThread(row);
  }

  listThreads(filter: ViewerFilter, page: PageRequest): Promise<ThreadPage> {
    return listThreads(this.#db, filter, page);
  }

  async deleteThread(threadId: string): Promise<void> {
    await this.#db.transact(
      async (db) => {
        await db.run("SELECT FROM @.threads WHERE id = $1 FOR UPDATE", threadId);
        const active = await activeRun(db, threadId);
        if (active) throw new ThreadBusyError(threadId, active.id);
        const runs = await db.all<{ readonly id: string }>(
          "SELECT id FROM @.runs WHERE thread_id = $1",
          threadId,
        );
        await deleteRuns(
          db,
          runs.map(({ id }) => id),
        );
        await db.run("DELETE FROM @.threads WHERE id = $1", threadId);
      },
      { isRepeatable: true },
    );
  }
}

/** Returns whether it was stored: not if there is one with its id. */
async function create(
  db: Statements,
  run: Run,
  first: RunEvent,
  mayWait: boolean,
): Promise<boolean> {
  // First, so that nothing is stored of one that is there. Others with this id wait for us here.
  const number = await insertRun(db, run);
  if (number === undefined) return false;
  const thread = await lockThread(db, threadOf(run, undefined));
  if (thread && thread.viewer !== run.viewer) throw new NotFoundError("Thread", run.threadId);
  const active = await activeRun(db, run.threadId, run.id);
  if (active && !mayWait) throw new ThreadBusyError(run.threadId, active.id);
  if (thread) await updateThread(db, threadOf(run, thread));
  if (active) {
    const last = precedes(run, active) ? active.run : number;
    await db.run("UPDATE @.runs SET is_active = false WHERE run = $1", last);
  }
  await insertValues(db, number, run);
  await insertEvents(db, number, [first]);
  return true;
}

/** Returns the number that its events go by. */
async function insertRun(db: Statements, run: Run): Promise<number | undefined> {
  const { names, values } = columnsOf("runs", run);
  const all = [...values, run.lastSeq, true, true];
  const row = await db.get<{ readonly run: number }>(
    `INSERT INTO @.runs (${[...names, "oldest_seq", "has_events", "is_active"].join(", ")})
     VALUES (${all.map((_value, i) => `$${i + 1}`).join(", ")})
     ON CONFLICT (id) DO NOTHING RETURNING run`,
    ...all,
  );
  return row?.run;
}

async function insertValues(db: Statements, number: number, run: Run): Promise<void> {
  const { names, values } = columnsOf("run_values", run);
  await db.run(
    `INSERT INTO @.run_values (run, ${names.join(", ")})
     VALUES ($1, ${values.map((_value, i) => `$${i + 2}`).join(", ")})`,
    number,
    ...values,
  );
}

/**
 * Stores the thread unless there is one with its id, which is returned. Until the end of the
 * transaction others who change its runs wait for us, whether it is new or not.
 */
async function lockThread(db: Statements, thread: Thread): Promise<Thread | undefined> {
  const row = await db.get<ThreadRow & { readonly is_new: number }>(
    `INSERT INTO @.threads (${THREAD_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id
     RETURNING ${THREAD_COLUMNS}, xmax = 0 AS is_new`,
    ...valuesOf(thread),
  );
  return row && row.is_new !== 1 ? readThread(row) : undefined;
}

async function updateThread(db: Statements, thread: Thread): Promise<void> {
  await db.run(
    `UPDATE @.threads SET (${THREAD_COLUMNS}) = ($1, $2, $3, $4, $5, $6) WHERE id = $1`,
    ...valuesOf(thread),
  );
}

/** With their events. The caller has locked their threads. */
async function deleteRuns(db: Statements, runIds: readonly string[]): Promise<void> {
  const deleted = await db.all<{ readonly run: number; readonly thread_id: string }>(
    "DELETE FROM @.runs WHERE id = ANY ($1) RETURNING run, thread_id",
    runIds,
  );
  if (deleted.length === 0) return;
  const runs = deleted.map(({ run }) => run);
  const threadIds = deleted.map(({ thread_id }) => thread_id);
  // Once nobody can append to them any more.
  await db.run("DELETE FROM @.events WHERE run = ANY ($1)", runs);
  await db.run("DELETE FROM @.run_values WHERE run = ANY ($1)", runs);
  await db.run("DELETE FROM @.threads WHERE id = ANY ($1) AND NOT is_named", threadIds);
  await promote(db, threadIds);
}

function precedes(run: Run, other: OpenRun): boolean {
  const time = run.createdAt.getTime();
  return time < other.createdAt || (time === other.createdAt && run.id < other.id);
}
