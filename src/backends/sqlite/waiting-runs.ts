import { chooseFairly } from "../choose-fairly.ts";
import type { Stored } from "../run-columns.ts";
import type { SqliteDatabase } from "./database.ts";

interface Request {
  readonly now: number;
  readonly limit: number;
  readonly maxPerViewer: number | undefined;
  readonly workflows: readonly string[] | undefined;
}

interface Candidate {
  readonly run: number;
  readonly viewer: string | null;
}

/** Enough to find somebody who has no run under lease, nearly always. */
const FIRST_LOOK = 100;

/**
 * The runs to claim of those that are under no lease, or an expired one. Looks at few of them: first
 * at the oldest, which are all unless the queue is long, then at the oldest of each viewer.
 */
export function chooseWaiting(db: SqliteDatabase, request: Request): readonly number[] {
  const { now, limit, maxPerViewer } = request;
  const rows = db.all<{ readonly viewer: string | null; readonly count: number }>(
    "SELECT viewer, count(*) AS count FROM runs INDEXED BY held_runs WHERE lease_until > ? GROUP BY viewer",
    now,
  );
  const held = new Map(rows.map(({ viewer, count }) => [viewer, count]));
  const { candidates, areAll } = oldest(db, request);
  const newcomers = new Set(candidates.map(({ viewer }) => viewer).filter((v) => !held.has(v)));
  const isEnough = areAll || newcomers.size >= limit;
  const chosen = chooseFairly(isEnough ? candidates : oldestOfEachViewer(db, request), {
    viewerOf: ({ viewer }) => viewer,
    held,
    limit,
    maxPerViewer,
  });
  return chosen.map(({ run }) => run);
}

/** The oldest, at least as many as are to be claimed, and whether there are no others. */
function oldest(
  db: SqliteDatabase,
  request: Request,
): { readonly candidates: readonly Candidate[]; readonly areAll: boolean } {
  const count = FIRST_LOOK + request.limit;
  const candidates = db.all<Candidate>(
    `SELECT run, viewer, created_at, id FROM (
       SELECT run, viewer, created_at, id FROM ${waiting("waiting_runs_by_creation", request)}
       ORDER BY created_at, id LIMIT :count
     )
     UNION ALL
     SELECT run, viewer, created_at, id FROM ${expired(request)}
     ORDER BY created_at, id LIMIT :count`,
    { ...valuesOf(request), count },
  );
  return { candidates, areAll: candidates.length < count };
}

/**
 * The oldest `limit` waiting runs of each viewer, and those whose lease has run out. Viewers are found
 * by skipping from one to the next in the index, since one of them may have thousands of runs. The
 * last step finds none: its `NULL` stands for the runs of nobody.
 */
function oldestOfEachViewer(db: SqliteDatabase, request: Request): readonly Candidate[] {
  const ofViewers = waiting("waiting_runs_of_viewer", request);
  return db.all<Candidate>(
    `WITH RECURSIVE viewers (viewer) AS (
       SELECT (SELECT min(runs.viewer) FROM ${ofViewers} AND runs.viewer >= '')
       UNION ALL
       SELECT (SELECT min(runs.viewer) FROM ${ofViewers} AND runs.viewer > viewers.viewer)
       FROM viewers WHERE viewers.viewer IS NOT NULL
     )
     SELECT found.run, found.viewer, found.created_at, found.id
     FROM viewers CROSS JOIN runs AS found ON found.run IN (
       SELECT run FROM ${ofViewers} AND runs.viewer IS viewers.viewer
       ORDER BY created_at, id LIMIT :limit
     )
     UNION ALL
     SELECT run, viewer, created_at, id FROM ${expired(request)}
     ORDER BY created_at, id`,
    { ...valuesOf(request), limit: request.limit },
  );
}

/** The index is named, since SQLite would choose another, and takes this one for its own condition only. */
function waiting(index: string, request: Request): string {
  return `runs INDEXED BY ${index}
    WHERE status IN ('queued', 'running') AND is_active = 1 AND lease_until IS NULL ${wanted(request)}`;
}

function expired(request: Request): string {
  return `runs INDEXED BY held_runs
    WHERE lease_until <= :now AND is_active = 1
      AND (status IN ('queued', 'running') OR status = 'interrupted' AND cancel_requested = 1)
      ${wanted(request)}`;
}

function wanted({ workflows }: Request): string {
  return workflows ? "AND workflow IN (SELECT value FROM json_each(:workflows))" : "";
}

function valuesOf({ now, workflows }: Request): Record<string, Stored> {
  return workflows ? { now, workflows: JSON.stringify(workflows) } : { now };
}
