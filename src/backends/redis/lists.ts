import { isFinal } from "../../runs/run.ts";
import type {
  PageRequest,
  RunFilter,
  RunPage,
  ThreadPage,
  ViewerFilter,
} from "../../runs/run-store.ts";
import type { RedisConnection } from "./connection.ts";
import { readRun, readThread, viewerText } from "./run-fields.ts";
import { LIST } from "./scripts/lists.ts";

/** So many records are looked at before Redis serves others: a millisecond or two. */
const LOOKS_AT_ONCE = 1_000;

/** What {@link RunStore.list} promises. */
export async function listRuns(
  connection: RedisConnection,
  filter: RunFilter,
  page: PageRequest,
): Promise<RunPage> {
  const { viewer, workflow, threadId, statuses } = filter;
  if (statuses?.length === 0) return { runs: [], hasMore: false };
  const { hashes, hasMore } = await walk(connection, page, {
    kind: "run",
    set: setOf(filter),
    fields: [
      ...(viewer === undefined ? [] : ["viewer", viewerText(viewer)]),
      ...(workflow === undefined ? [] : ["workflow", workflow]),
      ...(threadId === undefined ? [] : ["threadId", threadId]),
    ],
    statuses: statuses ?? [],
  });
  return { runs: hashes.flatMap((hash) => readRun(hash) ?? []), hasMore };
}

/** What {@link RunStore.listThreads} promises. */
export async function listThreads(
  connection: RedisConnection,
  { viewer }: ViewerFilter,
  page: PageRequest,
): Promise<ThreadPage> {
  const { hashes, hasMore } = await walk(connection, page, {
    kind: "thread",
    set: viewer === undefined ? "threads" : `threads:${viewerText(viewer)}`,
    fields: [],
    statuses: [],
  });
  return { threads: hashes.flatMap((hash) => readThread(hash) ?? []), hasMore };
}

/** That which leaves the fewest runs to look at one by one. */
function setOf({ viewer, threadId, statuses }: RunFilter): string {
  if (threadId !== undefined) return `thread-runs:${threadId}`;
  if (statuses && !statuses.some(isFinal)) return "open";
  return viewer === undefined ? "runs" : `runs:${viewerText(viewer)}`;
}

/** Records are looked at a slice at a time, until the page is full. */
async function walk(
  connection: RedisConnection,
  page: PageRequest,
  of: {
    readonly kind: "run" | "thread";
    readonly set: string;
    /** Field and text in turn. */
    readonly fields: readonly string[];
    readonly statuses: readonly string[];
  },
): Promise<{ readonly hashes: readonly string[][]; readonly hasMore: boolean }> {
  // One more, to see whether there is.
  const wanted = page.first + 1;
  const hashes: string[][] = [];
  let [time, after] = ["", page.after ?? ""];
  do {
    const answer = await connection.run(
      LIST,
      of.kind,
      of.set,
      wanted - hashes.length,
      LOOKS_AT_ONCE,
      time,
      after,
      of.fields.length / 2,
      ...of.fields,
      ...of.statuses,
    );
    const [nextTime, nextAfter, ...found] = answer as [string, string, ...string[][]];
    [time, after] = [nextTime, nextAfter];
    hashes.push(...found);
  } while (after !== "" && hashes.length < wanted);
  return { hashes: hashes.slice(0, page.first), hasMore: hashes.length >= wanted };
}
