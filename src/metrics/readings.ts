import { within } from "../within.ts";

/** So many runs of a workflow are in a status and have not ended. */
export interface OpenRunCount {
  readonly workflow: string;
  readonly status: string;
  readonly count: number;
}

/** How far those are behind who watch runs. */
export interface Lag {
  /** Those that have yet to take something. */
  readonly readers: number;
  /** What the one furthest behind has yet to take. */
  readonly events: number;
}

/** WebSockets. */
export interface SocketLoad {
  readonly open: number;
  /** What was sent and no client has taken, of all of them. */
  readonly bufferedBytes: number;
}

/** Where to look for what is not counted as it happens. */
export interface Sources {
  /** Asks the backend. */
  readonly openRuns: () => Promise<readonly OpenRunCount[]>;
  /** Asks the backend, where a watcher is behind. */
  readonly lag: () => Promise<Lag>;
  readonly sockets: () => SocketLoad;
}

/** What the backend said; `undefined` when it failed, or took too long. */
export interface Stored {
  readonly openRuns: readonly OpenRunCount[];
  readonly lag: Lag;
}

/** However many scrape, and however often, the backend is asked once in so many milliseconds. */
const KEEP_MS = 1_000;

/** A scrape waits so many milliseconds for the backend: what else there is to tell must come through. */
const PATIENCE_MS = 1_000;

/** Reads what the backend knows, not too often. Never rejects. */
export class StoredReadings {
  readonly #sources: Pick<Sources, "openRuns" | "lag">;
  #newest: Promise<Stored | undefined> | undefined;
  #readAt = -Infinity;

  constructor(sources: Pick<Sources, "openRuns" | "lag">) {
    this.#sources = sources;
  }

  read(): Promise<Stored | undefined> {
    const now = performance.now();
    if (!this.#newest || now - this.#readAt > KEEP_MS) {
      this.#readAt = now;
      this.#newest = this.#read();
    }
    return this.#newest;
  }

  async #read(): Promise<Stored | undefined> {
    let stored: Stored | undefined;
    const reading = Promise.all([this.#sources.openRuns(), this.#sources.lag()]).then(
      ([openRuns, lag]) => (stored = { openRuns, lag }),
      () => undefined,
    );
    await within(PATIENCE_MS, reading);
    return stored;
  }
}
