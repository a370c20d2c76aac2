import { StaleWriterError } from "../../errors.ts";
import type { Run } from "../../runs/run.ts";
import { inSchema, type PostgresDatabase } from "../postgres/database.ts";
import type { Fence } from "../postgres/fence.ts";

/** In a database of its own for what Redis keeps; runs have their epochs in Redis. */
export const CREATE_FENCES =
  "CREATE TABLE IF NOT EXISTS @.fences (run_id text PRIMARY KEY, epoch bigint NOT NULL)";

/**
 * The epochs of runs beside their checkpoints, so that a checkpoint and the right to keep it are in one
 * transaction. They only rise, also when a failover takes Redis back in time.
 */
export class Fences {
  readonly #db: PostgresDatabase;
  readonly #schema: string;

  constructor(db: PostgresDatabase, schema: string) {
    this.#db = db;
    this.#schema = schema;
  }

  /**
   * Fences off all executors of these runs but those that claimed them just now. Resolves with the
   * epochs they have from here on: their own, unless there has been a higher one.
   */
  async raise(runs: readonly Run[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#db.all<{ readonly id: string; readonly epoch: number }>(
      `INSERT INTO @.fences SELECT * FROM unnest($1::text[], $2::bigint[])
       ON CONFLICT (run_id) DO UPDATE SET epoch = greatest(excluded.epoch, fences.epoch + 1)
       RETURNING run_id AS id, epoch`,
      runs.map(({ id }) => id),
      runs.map(({ epoch }) => epoch),
    );
    return new Map(rows.map(({ id, epoch }) => [id, epoch]));
  }

  /** Lets the executor of this epoch write, and holds up whoever claims the run until that is written. */
  fenceOf({ id, epoch }: { readonly id: string; readonly epoch: number }): Fence {
    const text = inSchema(
      "SELECT FROM @.fences WHERE run_id = $1 AND epoch = $2 FOR SHARE",
      this.#schema,
    );
    return async (client) => {
      const { rowCount } = await client.query({ text, values: [id, epoch] });
      if (rowCount !== 1) throw new StaleWriterError(id, epoch);
    };
  }

  async forget(runIds: readonly string[]): Promise<void> {
    if (runIds.length === 0) return;
    await this.#db.run("DELETE FROM @.fences WHERE run_id = ANY($1)", runIds);
  }
}
