/** Counts what each has open, and lets nobody open more than may be. */
export class Tally {
  readonly #max: number;
  readonly #open = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more, and returns what counts it off again, once; `undefined` if it would be one too many. */
  enter(owner: string): (() => void) | undefined {
    const open = this.#open.get(owner) ?? 0;
    if (open >= this.#max) return undefined;
    this.#open.set(owner, open + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#leave(owner);
    };
  }

  /** Those who have nothing open are forgotten. */
  #leave(owner: string): void {
    const left = (this.#open.get(owner) ?? 0) - 1;
    if (left > 0) this.#open.set(owner, left);
    else this.#open.delete(owner);
  }
}
