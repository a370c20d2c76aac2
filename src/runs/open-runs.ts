import type { RunStatus } from "../events/run-event.ts";
import type { RunFilter, RunStore } from "./run-store.ts";
import type { Run } from "./run.ts";

/** Runs in these keep their thread busy. */
export const NOT_ENDED: readonly RunStatus[] = ["queued", "running", "interrupted"];

/** How many are read at a time. */
const PAGE = 100;

/** A thread's runs that have not ended, newest first, as they are stored: nothing to show to anybody. */
export async function* openRuns(
  store: Pick<RunStore, "list">,
  filter: Pick<RunFilter, "viewer"> & { readonly threadId: string },
): AsyncGenerator<Run, void> {
  let after: string | undefined;
  for (let hasMore = true; hasMore;) {
    const found = await store.list({ ...filter, statuses: NOT_ENDED }, { first: PAGE, after });
    yield* found.runs;
    after = found.runs.at(-1)?.id;
    hasMore = found.hasMore;
  }
}
