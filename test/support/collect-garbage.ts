import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// As `--expose-gc` does, without a process of its own.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects what nothing refers to any more, buffers too. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    // What a turn of the event loop still holds is let go.
    await setImmediate();
    collect();
  }
}

/** The bytes that are in use once garbage has been collected: objects and buffers. */
export async function usedBytes(): Promise<number> {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Resolves once all of these objects are gone. */
export async function untilCollected(references: readonly WeakRef<object>[]): Promise<void> {
  while (references.some((reference) => reference.deref() !== undefined)) await collectGarbage();
}
