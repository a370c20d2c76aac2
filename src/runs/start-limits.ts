import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { LimitExceededError } from "../errors.ts";
import type { EngineLimits } from "./engine-options.ts";
import type { RunStore } from "./run-store.ts";

const MINUTE_SECONDS = 60;

export interface StartLimitsOptions {
  readonly runs: Pick<RunStore, "countOpen">;
  readonly limits: Pick<EngineLimits, "maxQueuedRunsPerViewer" | "maxStartsPerMinutePerViewer">;
}

/**
 * How many new runs a viewer may have waiting, and start in a minute. Those of nobody (`null`) are not
 * bound: where nobody is identified, the operator is the only user. The queue is looked at first and
 * the run is stored then, so that of several processes a few more may slip in; starts are counted by
 * each process for itself.
 */
export class StartLimits {
  readonly #options: StartLimitsOptions;
  readonly #starts: RateLimiterMemory;

  constructor(options: StartLimitsOptions) {
    this.#options = options;
    this.#starts = new RateLimiterMemory({
      points: options.limits.maxStartsPerMinutePerViewer,
      duration: MINUTE_SECONDS,
    });
  }

  /**
   * Counts one more start, and returns what takes that back, for a run that is not started after all.
   * Rejects with `LimitExceededError`.
   */
  async admit(viewer: string | null): Promise<() => void> {
    if (viewer === null) return () => {};
    await this.#checkQueue(viewer);
    await this.#countStart(viewer);
    return () => void this.#starts.reward(viewer);
  }

  async #checkQueue(viewer: string): Promise<void> {
    const { runs, limits } = this.#options;
    const max = limits.maxQueuedRunsPerViewer;
    const open = await runs.countOpen({ viewer });
    const queued = open
      .filter(({ status }) => status === "queued")
      .reduce((sum, { count }) => sum + count, 0);
    if (queued < max) return;
    throw new LimitExceededError({
      limit: "maxQueuedRunsPerViewer",
      max,
      message: `${queued} of your runs wait already: start another once one of them has begun`,
    });
  }

  async #countStart(viewer: string): Promise<void> {
    const max = this.#options.limits.maxStartsPerMinutePerViewer;
    try {
      await this.#starts.consume(viewer);
    } catch (refused) {
      const { msBeforeNext: retryAfterMs } = refused as RateLimiterRes;
      throw new LimitExceededError({
        limit: "maxStartsPerMinutePerViewer",
        max,
        retryAfterMs,
        message: `You have started ${max} runs within a minute: start the next in ${Math.ceil(retryAfterMs / 1000)} s`,
      });
    }
  }
}
