import type { Sendable, WatcherTelemetry } from "../telemetry.ts";

/**
 * Upper bounds of what a delivery takes, in milliseconds. Events carry whole milliseconds: the first
 * bucket has those that left in the millisecond in which they were recorded.
 */
export const BOUNDS_MS: readonly number[] = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000,
];

/**
 * What one transport sends, as plain numbers: this is told of every event that anybody is sent, and
 * must cost next to nothing. An event is *live* if it was recorded since its subscription began, and
 * *replayed* otherwise; only of live ones is it of interest how long they took.
 */
export class WatcherCounts implements WatcherTelemetry {
  subscribers = 0;
  replayed = 0;
  /** Live events by what they took: one number for each bound, and one for what took longer. */
  readonly took = new Float64Array(BOUNDS_MS.length + 1);
  /** What all live events took, in milliseconds. */
  tookMs = 0;

  get live(): number {
    return this.took.reduce((sum, count) => sum + count, 0);
  }

  began(): void {
    this.subscribers += 1;
  }

  ended(): void {
    this.subscribers -= 1;
  }

  sent(batch: readonly Sendable[], end: number, count: number, begunAt: number): void {
    const now = Date.now();
    // Neighbours were mostly recorded in the same millisecond.
    let createdAt = -1;
    let tookMs = 0;
    let bucket = 0;
    for (let i = end - count; i < end; i += 1) {
      const item = batch[i];
      if (!item || item.kind === "tick") continue;
      if (item.event.createdAt !== createdAt) {
        createdAt = item.event.createdAt;
        // Another process may have recorded it, whose clock is ahead.
        tookMs = Math.max(0, now - createdAt);
        bucket = bucketOf(tookMs);
      }
      if (createdAt < begunAt) {
        this.replayed += 1;
      } else {
        this.took[bucket] = (this.took[bucket] ?? 0) + 1;
        this.tookMs += tookMs;
      }
    }
  }
}

function bucketOf(tookMs: number): number {
  let bucket = 0;
  while (bucket < BOUNDS_MS.length && tookMs > (BOUNDS_MS[bucket] ?? 0)) bucket += 1;
  return bucket;
}
