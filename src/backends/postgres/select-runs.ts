import { RUN_COLUMNS } from "../run-columns.ts";

/** Whole runs: add `WHERE …` and give the rows to `readRun`. */
export const SELECT_RUNS = `SELECT ${RUN_COLUMNS} FROM @.runs JOIN @.run_values USING (run)`;
