import type { Backend } from "../backend.ts";
import type { Logger } from "../logger.ts";
import { runFields } from "./run-fields.ts";
import type { Run } from "./run.ts";

/** Checkpoints may pile up to so many more than are kept, before the oldest are forgotten. */
const PRUNE_EVERY = 20;

/** Forgets old checkpoints of a run's thread while the run makes new ones. */
export class CheckpointPruner {
  readonly #run: Run;
  readonly #backend: Backend;
  readonly #logger: Logger;
  #count = 0;
  /** One after the other; never rejects. */
  #pruning: Promise<void> = Promise.resolve();

  constructor(run: Run, backend: Backend, logger: Logger) {
    this.#run = run;
    this.#backend = backend;
    this.#logger = logger;
  }

  /** The backend has kept one more. */
  note(): void {
    this.#count += 1;
    if (this.#count % PRUNE_EVERY === 0) void this.#prune();
  }

  /** Forgets those that are left over at the end; resolves once nothing is being forgotten any more. */
  async finish(): Promise<void> {
    if (this.#count > 0) await this.#prune();
  }

  #prune(): Promise<void> {
    this.#pruning = this.#pruning.then(() => this.#pruneOnce());
    return this.#pruning;
  }

  async #pruneOnce(): Promise<void> {
    try {
      const { retention } = this.#backend;
      await this.#backend.pruneCheckpoints(this.#run.threadId, retention.checkpoints);
    } catch (error) {
      this.#logger.error(
        { err: error, ...runFields(this.#run) },
        "old checkpoints could not be removed",
      );
    }
  }
}
