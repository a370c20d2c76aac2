import { setTimeout as sleep } from "node:timers/promises";
import { BackendUnavailableError } from "./errors.ts";

/** What a restart may take. */
const PATIENCE_MS = 30_000;

/** Waits so long before it tries again, at first and at most. */
const FIRST_WAIT_MS = 50;
const MAX_WAIT_MS = 1_000;

/**
 * Does `work`, and again as long as the backend cannot be reached: what a restart of its engine takes.
 * To be used for what may be done twice. Rejects with what else `work` rejects with, and with the
 * `BackendUnavailableError` itself once half a minute has passed, or nobody waits any more.
 */
export async function whileUnavailable<T>(
  work: () => Promise<T>,
  isOver: () => boolean = () => false,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      const isLast = performance.now() + waitMs > deadline || isOver();
      if (!(error instanceof BackendUnavailableError) || isLast) throw error;
      await sleep(waitMs, undefined, { ref: false });
    }
  }
}
