import { setImmediate } from "node:timers/promises";

/** Resolves once `isTrue`; never gives up by itself, the test's own timeout does. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  // Every turn of the event loop, so that no figure of a clock decides.
  while (!(await isTrue())) await setImmediate();
}
