import type { PageRequest, ThreadPage, ViewerFilter } from "../../runs/run-store.ts";
import type { Thread } from "../../runs/thread.ts";
import { readThread, type ThreadRow } from "../thread-row.ts";
import { Conditions } from "./conditions.ts";
import type { Statements } from "./database.ts";

/** The columns of a thread, in the order of {@link valuesOf}. */
export const THREAD_COLUMNS = "id, viewer, workflow, is_named, created_at, updated_at";

export function valuesOf(thread: Thread) {
  return [
    thread.id,
    thread.viewer,
    thread.workflow,
    thread.isNamed,
    thread.createdAt.getTime(),
    thread.updatedAt.getTime(),
  ] as const;
}

/** What {@link RunStore.listThreads} promises. */
export async function listThreads(
  db: Statements,
  { viewer }: ViewerFilter,
  page: PageRequest,
): Promise<ThreadPage> {
  const where = new Conditions("threads", page.after);
  where.addViewer(viewer);
  const rows = await db.all<ThreadRow>(
    `SELECT ${THREAD_COLUMNS} FROM @.threads WHERE ${where.sql}
     ORDER BY created_at DESC, id DESC LIMIT ${where.bind(page.first + 1)}`,
    ...where.values,
  );
  return { threads: rows.slice(0, page.first).map(readThread), hasMore: rows.length > page.first };
}
