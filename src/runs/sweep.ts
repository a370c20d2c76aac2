import { setImmediate as nextTurn } from "node:timers/promises";
import type { Backend } from "../backend.ts";
import type { Logger } from "../logger.ts";
import type { Workflows } from "../workflows/workflow.ts";
import type { Run } from "./run.ts";
import type { ThreadLocks } from "./thread-locks.ts";
import { saverOf } from "./thread-savers.ts";

const MAX_INTERVAL_MS = 60_000;
const MIN_INTERVAL_MS = 1_000;

/** So many runs are forgotten, or their logs emptied, before others get their turn. */
const BATCH = 20;

export interface SweeperOptions {
  readonly workflows: Workflows;
  readonly backend: Backend;
  readonly locks: ThreadLocks;
  readonly clock: () => Date;
  readonly logger: Logger;
}

/** Keeps what is stored within the backend's retention. */
export class Sweeper implements AsyncDisposable {
  readonly #options: SweeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #isClosed = false;
  #isTooLarge = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** Sweeps now, and then from time to time: four times in the retention, but at least once a minute. */
  open(): void {
    const { endedMs } = this.#options.backend.retention;
    const intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, endedMs / 4));
    this.#timer = setInterval(() => void this.sweep(), intervalMs).unref();
    void this.sweep();
  }

  /** Sweeps once, unless it does already. Never rejects: what fails is logged, and tried again next time. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    await this.#attempt(() => this.#forgetEnded());
    await this.#attempt(() => this.#shrink());
  }

  async #attempt(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#options.logger.error({ err: error }, "old runs could not be removed; will try again");
    }
  }

  /** Forgets runs that ended longer ago than they are kept, and the threads that were made for them. */
  async #forgetEnded(): Promise<void> {
    const { backend, clock } = this.#options;
    const before = new Date(clock().getTime() - backend.retention.endedMs);
    // They are kept for ever, or for longer than a date can tell.
    if (Number.isNaN(before.getTime())) return;
    while (!this.#isClosed) {
      const runs = await backend.runs.ended({ before, limit: BATCH });
      for (const run of runs) await this.#forget(run);
      if (runs.length < BATCH) return;
      await nextTurn();
    }
  }

  async #forget(run: Run): Promise<void> {
    const { backend, locks } = this.#options;
    await locks.run(run.threadId, async () => {
      // First, so that the next thread of this name never finds checkpoints that a crash left behind.
      if (await this.#hasOwnThread(run)) {
        await saverOf(this.#options, run.workflow)?.deleteThread(run.threadId);
      }
      await backend.runs.delete([run.id]);
    });
  }

  /** Empties the logs of the runs that ended first until all of it fits. */
  async #shrink(): Promise<void> {
    const { backend, logger } = this.#options;
    const { bytes } = backend.retention;
    while (!this.#isClosed && (await backend.storedBytes()) > bytes) {
      const runs = await backend.runs.ended({ hasEvents: true, limit: BATCH });
      if (runs.length === 0) {
        if (!this.#isTooLarge) {
          logger.warn(
            { bytes },
            "more is stored than retention.bytes allows, and no ended run is left to shorten",
          );
        }
        this.#isTooLarge = true;
        return;
      }
      logger.info(
        { bytes, runIds: runs.map(({ id }) => id) },
        "more is stored than retention.bytes allows: the events of these ended runs are let go",
      );
      for (const run of runs) {
        await backend.events.trim(run.id, run.lastSeq + 1);
        if (await this.#hasOwnThread(run)) await backend.pruneCheckpoints(run.threadId, 1);
      }
      await nextTurn();
    }
    this.#isTooLarge = false;
  }

  /** Whether the run's thread was made for it, and there has been no other on it. */
  async #hasOwnThread({ threadId }: Run): Promise<boolean> {
    const thread = await this.#options.backend.runs.getThread(threadId);
    return thread?.isNamed !== true;
  }
}
