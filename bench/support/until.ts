import { setTimeout } from "node:timers/promises";
import type { Child } from "./processes.ts";

/** Asks again and again, with a pause in between. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await setTimeout(20);
}

/** Waits for the end of a run of ours, however it ends; one that is forgotten has ended. */
export function untilEnded(child: Child, runId: string): Promise<void> {
  return until(async () => {
    const status = await child.call<string | null>("status", runId);
    return status === null || ["SUCCEEDED", "FAILED", "CANCELLED"].includes(status);
  });
}
