import type { RunStatus } from "../../events/run-event.ts";
import { isFinal, type Run } from "../../runs/run.ts";
import type { ClaimRequest, LeaseState, RenewRequest } from "../../runs/run-store.ts";
import { readRun, type Stored } from "../run-columns.ts";
import type { SqliteDatabase } from "./database.ts";
import { selectRuns } from "./select-runs.ts";
import { chooseWaiting } from "./waiting-runs.ts";

/** Who works on what. */
export class Claims {
  readonly #db: SqliteDatabase;
  readonly #clock: () => Date;

  constructor(db: SqliteDatabase, clock: () => Date) {
    this.#db = db;
    this.#clock = clock;
  }

  claim(request: ClaimRequest): readonly Run[] {
    const { owner, leaseMs, limit, maxPerViewer, workflows, runId } = request;
    if (limit <= 0) return [];
    return this.#db.transact(() => {
      const now = this.#clock().getTime();
      const chosen =
        runId === undefined
          ? chooseWaiting(this.#db, { now, limit, maxPerViewer, workflows })
          : this.#one(runId, now, workflows);
      return chosen.map((run) => this.#take(run, owner, now + leaseMs));
    });
  }

  renew(request: RenewRequest): readonly LeaseState[] {
    const { owner, leaseMs, runIds } = request;
    return this.#db.transact(() => {
      const leaseUntil = this.#clock().getTime() + leaseMs;
      return runIds.map((runId) => {
        const row = this.#db.get<{ readonly cancel_requested: number }>(
          "UPDATE runs SET lease_until = ? WHERE id = ? AND owner = ? RETURNING cancel_requested",
          leaseUntil,
          runId,
          owner,
        );
        if (!row) return "lost";
        return row.cancel_requested === 1 ? "cancelRequested" : "held";
      });
    });
  }

  /** Gives all leases up: for when nobody can hold one. */
  releaseAll(): void {
    this.#db.run("UPDATE runs SET owner = NULL, lease_until = NULL WHERE lease_until IS NOT NULL");
  }

  #take(run: number, owner: string, leaseUntil: number): Run {
    // The status stays what it was: it tells the executor what it takes over.
    this.#db.run(
      `UPDATE runs SET owner = ?, lease_until = ?, epoch = epoch + 1, batch_after = NULL
       WHERE run = ?`,
      owner,
      leaseUntil,
      run,
    );
    const row = this.#db.get<Record<string, Stored>>(`${selectRuns()} WHERE run = ?`, run);
    return readRun(row ?? {});
  }

  #one(runId: string, now: number, workflows: readonly string[] | undefined): readonly number[] {
    const row = this.#db.get<{
      readonly run: number;
      readonly workflow: string;
      readonly status: RunStatus;
      readonly lease_until: number | null;
    }>("SELECT run, workflow, status, lease_until FROM runs WHERE id = ?", runId);
    if (!row || isFinal(row.status) || (row.lease_until ?? 0) > now) return [];
    return workflows && !workflows.includes(row.workflow) ? [] : [row.run];
  }
}
