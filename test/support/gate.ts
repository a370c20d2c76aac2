/** Where a node waits until the test lets it go on: what tests have instead of pauses. */
export interface Gate {
  /** In the node: resolves once the test has let one more through; rejects when `signal` is aborted. */
  pass(signal?: AbortSignal): Promise<void>;
  /** In the test: lets so many through, `Infinity` for everybody. */
  open(times?: number): void;
  /** How many have asked to pass, those that still wait included. */
  readonly arrivals: number;
}

export function createGate(): Gate {
  let free = 0;
  let arrivals = 0;
  const waiting: (() => void)[] = [];
  return {
    get arrivals() {
      return arrivals;
    },
    pass(signal) {
      arrivals += 1;
      if (free > 0) {
        free -= 1;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const stop = (): void => reject(new Error("The run was stopped"));
        if (signal?.aborted) return stop();
        signal?.addEventListener("abort", stop);
        waiting.push(() => {
          signal?.removeEventListener("abort", stop);
          resolve();
        });
      });
    },
    open(times = 1) {
      const woken = waiting.splice(0, times);
      free += times - woken.length;
      for (const goOn of woken) goOn();
    },
  };
}

/** A gate for each run. */
export interface Gates {
  of(runId: string): Gate;
}

export function createGates(): Gates {
  const gates = new Map<string, Gate>();
  return {
    of(runId) {
      const gate = gates.get(runId) ?? createGate();
      gates.set(runId, gate);
      return gate;
    },
  };
}
