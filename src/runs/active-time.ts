import type { Run } from "./run.ts";

export interface ActiveTimeOptions {
  readonly run: Pick<Run, "activeMs" | "timeoutMs">;
  readonly clock: () => Date;
  /** Called once the run has been executed for longer than it may. */
  readonly onTimeout: () => void;
}

/** How long a run is executed: in this execution, and in all of them together, which is bounded. */
export class ActiveTime {
  readonly #options: ActiveTimeOptions;
  readonly #startedAt: number;
  #beforeMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ActiveTimeOptions) {
    this.#options = options;
    this.#startedAt = options.clock().getTime();
    this.#beforeMs = options.run.activeMs;
  }

  /** Up to this execution. */
  get beforeMs(): number {
    return this.#beforeMs;
  }

  /** In this execution alone. */
  get ownMs(): number {
    return this.#options.clock().getTime() - this.#startedAt;
  }

  get totalMs(): number {
    return this.#beforeMs + this.ownMs;
  }

  /** Counts what an attempt took that did not come to say so. */
  add(ms: number): void {
    this.#beforeMs += ms;
  }

  /** Begins to wait for the time to run out; again, by what is left by now. */
  bound(): void {
    const { run, onTimeout } = this.#options;
    this.unbound();
    this.#timer = setTimeout(onTimeout, run.timeoutMs - this.totalMs);
  }

  unbound(): void {
    clearTimeout(this.#timer);
  }
}
