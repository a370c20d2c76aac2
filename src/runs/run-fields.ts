import type { Run } from "./run.ts";

/** What every line of the log says that is about a run: which it is, and whose. */
export function runFields({ id, workflow, epoch, viewer }: Run) {
  return { runId: id, workflow, attempt: epoch, ...(viewer !== null && { viewer }) };
}
