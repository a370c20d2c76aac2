import { isFinal } from "../../runs/run.ts";
import type { PageRequest, RunFilter, RunPage } from "../../runs/run-store.ts";
import { readRun, type Stored } from "../run-columns.ts";
import { IS_OPEN } from "./active-run.ts";
import { Conditions } from "./conditions.ts";
import type { Statements } from "./database.ts";
import { SELECT_RUNS } from "./select-runs.ts";

/** What {@link RunStore.list} promises. */
export async function listRuns(
  db: Statements,
  { viewer, workflow, threadId, statuses }: RunFilter,
  page: PageRequest,
): Promise<RunPage> {
  const where = new Conditions("runs", page.after);
  where.addViewer(viewer);
  if (workflow !== undefined) where.add((name) => `workflow = ${name}`, workflow);
  if (threadId !== undefined) where.add((name) => `thread_id = ${name}`, threadId);
  if (statuses?.length === 1) where.add((name) => `status = ${name}`, statuses[0] ?? "");
  else if (statuses) where.add((name) => `status = ANY (${name})`, statuses);
  // Postgres takes the index of these only if it is told so.
  const areOpen = statuses?.length !== 1 && statuses?.some(isFinal) === false;
  const rows = await db.all<Record<string, Stored>>(
    `${SELECT_RUNS} WHERE ${where.sql} ${areOpen ? `AND ${IS_OPEN}` : ""}
     ORDER BY created_at DESC, id DESC LIMIT ${where.bind(page.first + 1)}`,
    ...where.values,
  );
  return { runs: rows.slice(0, page.first).map(readRun), hasMore: rows.length > page.first };
}
