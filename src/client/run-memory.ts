/** Where strings are kept: `sessionStorage`, `localStorage`, or anything like them. */
export interface StorageLike {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** How a subscription goes on with the run that it watched before the page was loaded again. */
export interface ReloadOptions {
  /**
   * Keeps which run a subscription watches, so that after a reload it goes on with that run instead
   * of starting another: `sessionStorage`, say.
   * @default nothing is kept
   */
  readonly storage?: StorageLike | undefined;
  /**
   * What such a subscription receives. `replay`: all of the run, for a page whose view went with it.
   * `continue`: what comes after the last result that was delivered, for one that has kept its view
   * too, together with every result.
   * @default "replay"
   */
  readonly afterReload?: "replay" | "continue" | undefined;
}

/** A place in a run, as the server tells it in the `extensions` of every result. */
export interface RunPlace {
  readonly runId: string;
  readonly seq: number;
  readonly cursor: string;
}

/** What is kept of one subscription. */
export interface RunMemory {
  /** Where to begin; `undefined` when it has not watched a run yet. */
  recall(): RunPlace | undefined;
  keep(place: RunPlace): void;
  forget(): void;
}

/** The memory of the subscription that `key` names; one that remembers nothing without a key. */
export function createMemory(
  { storage, afterReload = "replay" }: ReloadOptions,
  key: string | undefined,
): RunMemory {
  if (!storage || key === undefined) return FORGETFUL;
  const replays = afterReload === "replay";
  let kept: string | undefined;
  return {
    recall: () => parsePlace(attempt(() => storage.getItem(key))),
    keep(place) {
      const value = JSON.stringify(replays ? beginningOf(place.runId) : place);
      if (value === kept) return;
      kept = value;
      attempt(() => storage.setItem(key, value));
    },
    forget() {
      kept = undefined;
      attempt(() => storage.removeItem(key));
    },
  };
}

const FORGETFUL: RunMemory = { recall: () => undefined, keep: () => {}, forget: () => {} };

/** The place before the first event of a run. */
function beginningOf(runId: string): RunPlace {
  return { runId, seq: 0, cursor: `0.0.${runId}` };
}

/** Storage that is full, or that the user denied, is no reason to lose the stream. */
function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

function parsePlace(text: string | null | undefined): RunPlace | undefined {
  const place: unknown = attempt(() => JSON.parse(text ?? ""));
  return isPlace(place) ? place : undefined;
}

/** Whether this is a place in a run: `extensions` of other servers' results are not. */
export function isPlace(value: unknown): value is RunPlace {
  const { runId, seq, cursor } = (value ?? {}) as Partial<Record<keyof RunPlace, unknown>>;
  return typeof runId === "string" && typeof seq === "number" && typeof cursor === "string";
}
