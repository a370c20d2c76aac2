import type { Run } from "../../runs/run.ts";
import type { ClaimRequest, LeaseState, RenewRequest } from "../../runs/run-store.ts";
import { readRun, RUN_COLUMNS, type Stored } from "../run-columns.ts";
import { IS_OPEN } from "./active-run.ts";
import type { PostgresDatabase, Statements } from "./database.ts";
import { chooseWaiting, isAnyWaiting, lockWaiting } from "./waiting-runs.ts";

/** How often a claim looks again for runs in the place of those that others took meanwhile. */
const MAX_LOOKS = 5;

/** Who works on what. */
export class Claims {
  readonly #db: PostgresDatabase;

  constructor(db: PostgresDatabase) {
    this.#db = db;
  }

  async claim(request: ClaimRequest): Promise<readonly Run[]> {
    const { runId, limit } = request;
    if (limit <= 0) return [];
    if (runId !== undefined) return this.#db.transact((db) => claimOne(db, runId, request));
    // Processes ask all the time, and mostly nothing waits.
    if (!(await isAnyWaiting(this.#db, request))) return [];
    return this.#db.transact((db) => claimWaiting(db, request));
  }

  async renew(request: RenewRequest): Promise<readonly LeaseState[]> {
    const { owner, leaseMs, runIds } = request;
    if (runIds.length === 0) return [];
    const rows = await this.#db.all<{ readonly id: string; readonly cancel_requested: number }>(
      `UPDATE @.runs SET lease_until = @.now_ms() + $1::bigint
       WHERE id = ANY ($2) AND owner = $3 RETURNING id, cancel_requested`,
      leaseMs,
      runIds,
      owner,
    );
    const isCancelled = new Map(rows.map((row) => [row.id, row.cancel_requested === 1]));
    return runIds.map((runId) => {
      const isToBeCancelled = isCancelled.get(runId);
      if (isToBeCancelled === undefined) return "lost";
      return isToBeCancelled ? "cancelRequested" : "held";
    });
  }
}

async function claimOne(
  db: Statements,
  runId: string,
  { owner, leaseMs, workflows }: ClaimRequest,
): Promise<readonly Run[]> {
  const free = await db.all<{ readonly run: number }>(
    `SELECT run FROM @.runs
     WHERE id = $1 AND ${IS_OPEN} AND (owner IS NULL OR lease_until <= @.now_ms())
       AND ($2::text[] IS NULL OR workflow = ANY ($2))
     FOR NO KEY UPDATE`,
    runId,
    workflows ?? null,
  );
  return take(
    db,
    free.map(({ run }) => run),
    { owner, leaseMs },
  );
}

/** Those that are to be chosen, and others in the place of those that somebody else takes meanwhile. */
async function claimWaiting(db: Statements, request: ClaimRequest): Promise<readonly Run[]> {
  // Whoever holds to a bound counts what the others have taken: one after the other.
  if (request.maxPerViewer !== undefined) {
    await db.run("SELECT pg_advisory_xact_lock(tableoid::bigint) FROM @.version LIMIT 1");
  }
  const missed: number[] = [];
  for (let looks = 1; ; looks++) {
    const chosen = await chooseWaiting(db, { ...request, except: missed });
    const locked = await lockWaiting(db, chosen);
    if (locked.length === chosen.length || looks === MAX_LOOKS) return take(db, locked, request);
    missed.push(...chosen.filter((run) => !locked.includes(run)));
  }
}

/** In the order of `runs`, of which the caller has locks. */
async function take(
  db: Statements,
  runs: readonly number[],
  { owner, leaseMs }: Pick<ClaimRequest, "owner" | "leaseMs">,
): Promise<readonly Run[]> {
  if (runs.length === 0) return [];
  // The status stays what it was: it tells the executor what it takes over.
  const rows = await db.all<Record<string, Stored>>(
    `WITH taken AS (
       UPDATE @.runs SET owner = $2, lease_until = @.now_ms() + $3::bigint, epoch = epoch + 1,
         batch_after = NULL
       WHERE run = ANY ($1) RETURNING *
     )
     SELECT ${RUN_COLUMNS} FROM taken JOIN @.run_values USING (run)
     ORDER BY array_position($1::bigint[], run)`,
    runs,
    owner,
    leaseMs,
  );
  return rows.map(readRun);
}
