import type { Wakeups } from "./wakeups.ts";

/** How often a tail looks by itself, in case a wake-up was lost. */
const POLL_MS = 5_000;

/**
 * The end of one run's log, as one process watches it: one wake-up listener and one timer, however
 * many readers wait.
 */
export interface Tail {
  /** Grows with every wake-up. Take it before reading the log: what is appended then counts as new. */
  readonly generation: number;
  /** Resolves as soon as the generation is another than `seen`, or `signal` is aborted. */
  changedSince(seen: number, signal: AbortSignal): Promise<void>;
}

/** All tails of a process. */
export class Tails {
  readonly #wakeups: Wakeups;
  readonly #tails = new Map<string, SharedTail>();
  #isClosed = false;

  constructor(wakeups: Wakeups) {
    this.#wakeups = wakeups;
  }

  /** Whether this process stops, and nobody is to wait here any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends all waiting, now and from now on: readers look once more, and then they are told. */
  close(): void {
    this.#isClosed = true;
    for (const tail of this.#tails.values()) tail.wake();
  }

  /** How many readers of this run there are in this process. */
  readersOf(runId: string): number {
    return this.#tails.get(runId)?.readers ?? 0;
  }

  /** The run's tail, listening. Whoever acquires it releases it, once. */
  async acquire(runId: string): Promise<Tail & { release(): void }> {
    let tail = this.#tails.get(runId);
    if (!tail) {
      tail = new SharedTail(this.#wakeups, runId);
      this.#tails.set(runId, tail);
    }
    const shared = tail;
    shared.readers += 1;
    const release = (): void => {
      shared.readers -= 1;
      if (shared.readers > 0) return;
      if (this.#tails.get(runId) === shared) this.#tails.delete(runId);
      shared.close();
    };
    try {
      await shared.listening;
    } catch (error) {
      release();
      throw error;
    }
    return {
      get generation() {
        return shared.generation;
      },
      changedSince: (seen, signal) => shared.changedSince(seen, signal),
      release,
    };
  }
}

class SharedTail implements Tail {
  generation = 0;
  /** How many hold it. */
  readers = 0;
  /** Resolves once wake-ups are sure to arrive. */
  readonly listening: Promise<void>;
  readonly #unsubscribe: Promise<() => void>;
  readonly #waiting = new Set<() => void>();
  readonly #poll: NodeJS.Timeout;

  constructor(wakeups: Wakeups, runId: string) {
    this.#unsubscribe = wakeups.subscribe(runId, () => this.wake());
    this.listening = this.#unsubscribe.then(() => undefined);
    this.#poll = setInterval(() => this.wake(), POLL_MS).unref();
  }

  changedSince(seen: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || this.generation !== seen) return resolve();
      const settle = (): void => {
        this.#waiting.delete(settle);
        signal.removeEventListener("abort", settle);
        resolve();
      };
      this.#waiting.add(settle);
      signal.addEventListener("abort", settle);
    });
  }

  close(): void {
    clearInterval(this.#poll);
    // A failed subscription has nothing to undo; `acquire` reported it.
    this.#unsubscribe.then(
      (unsubscribe) => unsubscribe(),
      () => undefined,
    );
    this.wake();
  }

  wake(): void {
    this.generation += 1;
    for (const settle of this.#waiting) settle();
  }
}
