import { RUN_COLUMNS } from "../run-columns.ts";

/**
 * `SELECT` for whole runs: add `WHERE …` and give the rows to `readRun`. The index is named where
 * SQLite, which keeps no statistics of the tables, would choose another.
 */
export function selectRuns(index?: string): string {
  const indexed = index === undefined ? "" : `INDEXED BY ${index}`;
  return `SELECT ${RUN_COLUMNS} FROM runs ${indexed} JOIN run_values USING (run)`;
}
