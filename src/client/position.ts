import { isPlace, type RunMemory, type RunPlace } from "./run-memory.ts";

/** Where one subscription stands in its run: what it asks for next, and what it has had already. */
export class Position {
  readonly #memory: RunMemory;
  #place: RunPlace | undefined;
  #isAstray = false;

  constructor(memory: RunMemory) {
    this.#memory = memory;
    this.#place = memory.recall();
  }

  /** `extensions.resume` of the request that goes on from here; `undefined` at the very beginning. */
  get resume(): { readonly runId: string; readonly cursor: string } | undefined {
    return this.#place && { runId: this.#place.runId, cursor: this.#place.cursor };
  }

  /** Moves on to a place that the server tells. False if that is not ahead: it was there before. */
  moveTo(place: unknown): boolean {
    // The result of a query, or an error that ends the stream and not the run.
    this.#isAstray = !isPlace(place);
    if (!isPlace(place)) return true;
    const here = this.#place;
    if (here?.runId === place.runId && place.seq <= here.seq) return false;
    this.#place = place;
    return true;
  }

  /** Remembers this place for after a reload: what led here was delivered. */
  keep(): void {
    if (this.#place) this.#memory.keep(this.#place);
  }

  /** The stream is complete, and with it the run: the next subscription begins anew. */
  end(): void {
    if (!this.#isAstray) this.#memory.forget();
  }

  /** The operation was refused: forgets a run that is no longer there. */
  noteRefusal(errors: unknown): void {
    const codes = Array.isArray(errors) ? errors.map(codeOf) : [];
    if (codes.includes("NOT_FOUND")) this.#memory.forget();
  }
}

function codeOf(error: unknown): unknown {
  const { extensions } = error as { readonly extensions?: { readonly code?: unknown } };
  return extensions?.code;
}
