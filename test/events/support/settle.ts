import { setImmediate } from "node:timers/promises";
import type { WatchedRun } from "./watched-run.ts";

/** Lets all that is held go on, and all readers pull, until nothing more happens. No time passes. */
export async function settle(run: WatchedRun): Promise<void> {
  const { reads, wakeups, readers } = run;
  // What was scheduled for the next turn may schedule something itself.
  for (let idle = 0; idle < 3; idle++) {
    await setImmediate();
    const isIdle = reads.waiting + wakeups.subscribing + wakeups.underWay === 0;
    if (!isIdle || readers.some(({ isLive, isWaiting }) => isLive && !isWaiting)) idle = -1;
    while (wakeups.subscribing > 0) wakeups.settle(true);
    while (wakeups.underWay > 0) wakeups.deliver(1);
    while (reads.waiting > 0) reads.settle("early");
    for (const reader of readers) reader.pull();
  }
}
