import { isFinal } from "../../runs/run.ts";
import type { PageRequest, RunFilter, RunPage } from "../../runs/run-store.ts";
import { readRun, type Stored } from "../run-columns.ts";
import type { SqliteDatabase } from "./database.ts";
import { keyset } from "./keyset.ts";
import { selectRuns } from "./select-runs.ts";

/** What {@link RunStore.list} promises. */
export function listRuns(db: SqliteDatabase, filter: RunFilter, page: PageRequest): RunPage {
  const { conditions, values } = keyset("runs", page.after);
  const add = (condition: string, value: Stored) => {
    conditions.push(condition);
    values.push(value);
  };
  const { viewer, workflow, threadId, statuses } = filter;
  if (viewer !== undefined) add("viewer IS ?", viewer);
  if (workflow !== undefined) add("workflow = ?", workflow);
  if (threadId !== undefined) add("thread_id = ?", threadId);
  if (statuses?.length === 1) add("status = ?", statuses[0] ?? "");
  else if (statuses) add("status IN (SELECT value FROM json_each(?))", JSON.stringify(statuses));
  const index = indexFor(filter);
  // SQLite takes a partial index only if its condition stands here word for word.
  if (index === "open_runs") conditions.push("status IN ('queued', 'running', 'interrupted')");
  const rows = db.all<Record<string, Stored>>(
    `${selectRuns(index)} WHERE ${conditions.join(" AND ")}
     ORDER BY created_at DESC, id DESC LIMIT ?`,
    ...values,
    page.first + 1,
  );
  return { runs: rows.slice(0, page.first).map(readRun), hasMore: rows.length > page.first };
}

/**
 * The index that leaves the fewest runs to look at one by one. All of them are in the order of the
 * list, so that a page costs what it holds.
 */
function indexFor({ viewer, workflow, threadId, statuses }: RunFilter): string {
  if (threadId !== undefined) return "runs_of_thread";
  if (statuses && !statuses.some(isFinal)) return "open_runs";
  if (typeof viewer === "string") return "runs_of_viewer";
  if (statuses?.length === 1) return "runs_of_status";
  if (workflow !== undefined) return "runs_of_workflow";
  // Nobody's runs: often all there are, so it comes last.
  return viewer === null ? "runs_of_viewer" : "runs_by_creation";
}
