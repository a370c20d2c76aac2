import { chooseFairly } from "../choose-fairly.ts";
import type { Statements, Value } from "./database.ts";

interface Request {
  readonly limit: number;
  readonly maxPerViewer?: number | undefined;
  readonly workflows?: readonly string[] | undefined;
  /** Not these: others are taking them. */
  readonly except: readonly number[];
}

interface Candidate {
  readonly run: number;
  readonly viewer: string | null;
}

/** Enough to find somebody who has no run under lease, nearly always. */
const FIRST_LOOK = 100;

/** Once for the statement, not for every row. */
const NOW = "(SELECT @.now_ms())";

/** Whether there is a run to claim, as far as the viewers of those under lease leave one. */
export async function isAnyWaiting(
  db: Statements,
  { workflows }: Pick<Request, "workflows">,
): Promise<boolean> {
  const sql = `SELECT FROM @.runs WHERE (${IS_FREE} OR ${IS_EXPIRED}) ${WANTED} LIMIT 1`;
  return (await db.get(sql, ...wantedOf({ workflows, except: [] }))) !== undefined;
}

/**
 * The runs to claim of those that are under no lease, or an expired one. Looks at few of them: first
 * at the oldest, which are all unless the queue is long, then at the oldest of each viewer.
 */
export async function chooseWaiting(db: Statements, request: Request): Promise<readonly number[]> {
  const { limit, maxPerViewer } = request;
  const { candidates, areAll } = await oldest(db, request);
  if (candidates.length === 0) return [];
  const rows = await db.all<{ readonly viewer: string | null; readonly count: number }>(
    `SELECT viewer, count(*) AS count FROM @.runs
     WHERE owner IS NOT NULL AND lease_until > ${NOW} GROUP BY viewer`,
  );
  const held = new Map(rows.map(({ viewer, count }) => [viewer, count]));
  const newcomers = new Set(candidates.map(({ viewer }) => viewer).filter((v) => !held.has(v)));
  const isEnough = areAll || newcomers.size >= limit;
  const chosen = chooseFairly(isEnough ? candidates : await oldestOfEachViewer(db, request), {
    viewerOf: ({ viewer }) => viewer,
    held,
    limit,
    maxPerViewer,
  });
  return chosen.map(({ run }) => run);
}

/** Takes a lock of those of the runs that still wait, and that nobody else has one of. */
export async function lockWaiting(
  db: Statements,
  runs: readonly number[],
): Promise<readonly number[]> {
  const rows = await db.all<{ readonly run: number }>(
    `SELECT run FROM @.runs WHERE run = ANY ($1) AND (${IS_FREE} OR ${IS_EXPIRED})
     FOR NO KEY UPDATE SKIP LOCKED`,
    runs,
  );
  const locked = new Set(rows.map(({ run }) => run));
  return runs.filter((run) => locked.has(run));
}

const IS_FREE = "(status IN ('queued', 'running') AND is_active AND owner IS NULL)";
const IS_EXPIRED = `(
  (status IN ('queued', 'running') OR status = 'interrupted' AND cancel_requested)
  AND is_active AND owner IS NOT NULL AND lease_until <= ${NOW}
)`;

/** The oldest, at least as many as are to be claimed, and whether there are no others. */
async function oldest(
  db: Statements,
  request: Request,
): Promise<{ readonly candidates: readonly Candidate[]; readonly areAll: boolean }> {
  const count = FIRST_LOOK + request.limit;
  const candidates = await db.all<Candidate>(
    `(SELECT run, viewer, created_at, id FROM @.runs WHERE ${IS_FREE} ${WANTED}
      ORDER BY created_at, id LIMIT $3)
     UNION ALL
     (SELECT run, viewer, created_at, id FROM @.runs WHERE ${IS_EXPIRED} ${WANTED})
     ORDER BY created_at, id LIMIT $3`,
    ...wantedOf(request),
    count,
  );
  return { candidates, areAll: candidates.length < count };
}

/**
 * The oldest `limit` runs to claim of each viewer, and of nobody. Looks at all that wait, in the order
 * of an index. Skipping from viewer to viewer instead takes Postgres a thousand times longer as long as
 * it has no statistics of the table.
 */
function oldestOfEachViewer(db: Statements, request: Request): Promise<readonly Candidate[]> {
  return db.all<Candidate>(
    `SELECT run, viewer FROM (
       SELECT run, viewer, created_at, id,
         row_number() OVER (PARTITION BY viewer ORDER BY created_at, id) AS place
       FROM @.runs WHERE (${IS_FREE} OR ${IS_EXPIRED}) ${WANTED}
     ) AS waiting WHERE place <= $3 ORDER BY created_at, id`,
    ...wantedOf(request),
    request.limit,
  );
}

const WANTED = "AND run <> ALL ($1) AND ($2::text[] IS NULL OR workflow = ANY ($2))";

function wantedOf({
  workflows,
  except,
}: Pick<Request, "workflows" | "except">): readonly [Value, Value] {
  return [except, workflows ?? null];
}
