import type { Run } from "../runs/run.ts";
import type { Thread } from "../runs/thread.ts";

/** The record of a run's thread once the run is created on it. */
export function threadOf(run: Run, existing: Thread | undefined): Thread {
  return {
    id: run.threadId,
    viewer: run.viewer,
    workflow: run.workflow,
    isNamed: existing?.isNamed === true || run.threadId !== run.id,
    createdAt: existing?.createdAt ?? run.createdAt,
    updatedAt: run.createdAt,
  };
}
