import { ancestorsNeeded, type SavedCheckpoint } from "../delta-history.ts";
import type { SqliteDatabase } from "./database.ts";

/** What {@link Backend.pruneCheckpoints} promises, in the tables of LangGraph's `SqliteSaver`. */
export async function pruneCheckpoints(
  db: SqliteDatabase,
  threadId: string,
  keep: number,
): Promise<void> {
  // LangGraph's ids are in the order of time.
  const oldestKept = db.get<{ readonly id: string }>(
    `SELECT checkpoint_id AS id FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ''
     ORDER BY checkpoint_id DESC LIMIT 1 OFFSET ?`,
    threadId,
    Math.min(keep, Number.MAX_SAFE_INTEGER) - 1,
  )?.id;
  if (oldestKept === undefined) return;
  db.transact(() => {
    for (const namespace of namespacesOf(db, threadId)) {
      pruneNamespace(db, threadId, namespace, oldestKept);
    }
  });
  await db.giveBackSpace();
}

/** Those that have checkpoints, by skipping from one to the next in the index. */
function namespacesOf(db: SqliteDatabase, threadId: string): readonly string[] {
  const rows = db.all<{ readonly namespace: string | null }>(
    `WITH RECURSIVE namespaces (namespace) AS (
       SELECT min(checkpoint_ns) FROM checkpoints WHERE thread_id = :threadId
       UNION ALL
       SELECT (SELECT min(checkpoint_ns) FROM checkpoints
               WHERE thread_id = :threadId AND checkpoint_ns > namespaces.namespace)
       FROM namespaces WHERE namespace IS NOT NULL
     )
     SELECT namespace FROM namespaces WHERE namespace IS NOT NULL`,
    { threadId },
  );
  return rows.flatMap(({ namespace }) => namespace ?? []);
}

function pruneNamespace(
  db: SqliteDatabase,
  threadId: string,
  namespace: string,
  oldestKept: string,
): void {
  const place = { threadId, namespace };
  // That of a subgraph that keeps its state between runs; a colon stands before a task's id.
  const newest = namespace.includes(":")
    ? null
    : (db.get<{ readonly id: string | null }>(
        `SELECT max(checkpoint_id) AS id FROM checkpoints
         WHERE thread_id = :threadId AND checkpoint_ns = :namespace`,
        place,
      )?.id ?? null);
  const spared = [
    ...(newest === null ? [] : [newest]),
    ...neededBelow(db, place, newest !== null && newest < oldestKept ? newest : oldestKept),
  ];
  for (const table of ["checkpoints", "writes"]) {
    db.run(
      `DELETE FROM ${table} WHERE thread_id = :threadId AND checkpoint_ns = :namespace
       AND checkpoint_id < :oldestKept
       AND checkpoint_id NOT IN (SELECT value FROM json_each(:spared))`,
      { ...place, oldestKept, spared: JSON.stringify(spared) },
    );
  }
}

/** Older checkpoints that those from `first` on are rebuilt from. */
function neededBelow(
  db: SqliteDatabase,
  place: { readonly threadId: string; readonly namespace: string },
  first: string,
): readonly string[] {
  const load = (id: string) =>
    db.get<SavedCheckpoint>(
      `SELECT parent_checkpoint_id AS parentId, CAST(metadata AS TEXT) AS metadata,
         CAST(checkpoint AS TEXT) AS checkpoint
       FROM checkpoints
       WHERE thread_id = :threadId AND checkpoint_ns = :namespace AND checkpoint_id = :id`,
      { ...place, id },
    );
  // Only those that stand on older ones: the others have their ancestors among these.
  const starts = db.all<{ readonly id: string }>(
    `SELECT checkpoint_id AS id FROM checkpoints
     WHERE thread_id = :threadId AND checkpoint_ns = :namespace AND checkpoint_id >= :first
     AND parent_checkpoint_id < :first`,
    { ...place, first },
  );
  return starts.flatMap(({ id }) => {
    const start = load(id);
    return start ? ancestorsNeeded(start, load) : [];
  });
}
