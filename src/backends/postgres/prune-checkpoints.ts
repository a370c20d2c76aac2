import { ancestorsNeeded, type SavedCheckpoint } from "../delta-history.ts";
import type { PostgresDatabase, Statements } from "./database.ts";

/** A checkpoint of a thread. */
interface Place {
  readonly namespace: string;
  readonly id: string;
}

/** What {@link Backend.pruneCheckpoints} promises, in the tables of LangGraph's `PostgresSaver`. */
export async function pruneCheckpoints(
  db: PostgresDatabase,
  threadId: string,
  keep: number,
): Promise<void> {
  // LangGraph's ids are in the order of time.
  const oldestKept = await db.get<{ readonly id: string }>(
    `SELECT checkpoint_id AS id FROM @.checkpoints WHERE thread_id = $1 AND checkpoint_ns = ''
     ORDER BY checkpoint_id DESC LIMIT 1 OFFSET $2`,
    threadId,
    Math.min(keep, Number.MAX_SAFE_INTEGER) - 1,
  );
  if (!oldestKept) return;
  await db.transact((statements) => prune(statements, threadId, oldestKept.id), {
    isRepeatable: true,
  });
}

async function prune(db: Statements, threadId: string, oldestKept: string): Promise<void> {
  const newest = await newestOfSubgraphs(db, threadId, oldestKept);
  const spared = [...newest, ...(await neededBelow(db, threadId, oldestKept, newest))];
  for (const table of ["checkpoints", "checkpoint_writes"]) {
    await db.run(
      `DELETE FROM @.${table} WHERE thread_id = $1 AND checkpoint_id < $2
       AND (checkpoint_ns, checkpoint_id) NOT IN (SELECT * FROM unnest($3::text[], $4::text[]))`,
      threadId,
      oldestKept,
      spared.map(({ namespace }) => namespace),
      spared.map(({ id }) => id),
    );
  }
  // Values of channels, that no checkpoint has any more.
  await db.run(
    `DELETE FROM @.checkpoint_blobs
     WHERE thread_id = $1 AND (checkpoint_ns, channel, version) NOT IN (
       SELECT checkpoint_ns, key, value
       FROM @.checkpoints, jsonb_each_text(checkpoint -> 'channel_versions') WHERE thread_id = $1
     )`,
    threadId,
  );
}

/**
 * The newest of each subgraph that keeps its state between runs, where they are older than what is
 * kept anyway. A colon stands before a task's id.
 */
function newestOfSubgraphs(
  db: Statements,
  threadId: string,
  oldestKept: string,
): Promise<readonly Place[]> {
  return db.all<Place>(
    `SELECT namespace, id FROM (
       SELECT DISTINCT ON (checkpoint_ns) checkpoint_ns AS namespace, checkpoint_id AS id
       FROM @.checkpoints WHERE thread_id = $1 AND strpos(checkpoint_ns, ':') = 0
       ORDER BY checkpoint_ns, checkpoint_id DESC
     ) AS newest WHERE id < $2`,
    threadId,
    oldestKept,
  );
}

/** Older checkpoints that those which are left are rebuilt from. */
async function neededBelow(
  db: Statements,
  threadId: string,
  oldestKept: string,
  newest: readonly Place[],
): Promise<readonly Place[]> {
  // Of what is left, that which may stand on what would go; and all the ancestors of it. LangGraph
  // keeps a channel's value beside the checkpoint: "empty" where there is none.
  const rows = await db.all<SavedCheckpoint & Place & { readonly isStart: number }>(
    `WITH RECURSIVE kept_from (namespace, first) AS (
       SELECT * FROM unnest($3::text[], $4::text[])
     ), line (namespace, id, parent_id, metadata, versions, is_start) AS (
       SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata,
         checkpoint -> 'channel_versions', true
       FROM @.checkpoints LEFT JOIN kept_from ON namespace = checkpoint_ns
       WHERE thread_id = $1 AND metadata ? 'counters_since_delta_snapshot'
         AND checkpoint_id >= coalesce(first, $2) AND parent_checkpoint_id < coalesce(first, $2)
       UNION
       SELECT older.checkpoint_ns, older.checkpoint_id, older.parent_checkpoint_id, older.metadata,
         older.checkpoint -> 'channel_versions', false
       FROM line JOIN @.checkpoints AS older
         ON older.thread_id = $1 AND older.checkpoint_ns = line.namespace
         AND older.checkpoint_id = line.parent_id
     )
     SELECT namespace, id, parent_id AS "parentId", metadata::text AS metadata,
       is_start AS "isStart", jsonb_build_object(
         'channel_versions', versions,
         'channel_values', (
           SELECT coalesce(jsonb_object_agg(channel, true), '{}')
           FROM jsonb_each_text(versions) JOIN @.checkpoint_blobs
             ON thread_id = $1 AND checkpoint_ns = namespace AND channel = key AND version = value
           WHERE type <> 'empty'
         )
       )::text AS checkpoint
     FROM line`,
    threadId,
    oldestKept,
    newest.map(({ namespace }) => namespace),
    newest.map(({ id }) => id),
  );
  const byPlace = new Map(rows.map((row) => [keyOf(row), row]));
  return rows
    .filter(({ isStart }) => isStart === 1)
    .flatMap((start) => {
      const { namespace } = start;
      const load = (id: string) => byPlace.get(keyOf({ namespace, id }));
      return ancestorsNeeded(start, load).map((id) => ({ namespace, id }));
    });
}

function keyOf({ namespace, id }: Place): string {
  return JSON.stringify([namespace, id]);
}
