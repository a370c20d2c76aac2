/** What a generator chooses by: the same for the same seed. */
export class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 up to `count`. */
  below(count: number): number {
    // https://en.wikipedia.org/wiki/Xorshift
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % count;
  }

  /** True once in `count` times. */
  once(count: number): boolean {
    return this.below(count) === 0;
  }

  of<T>(first: T, ...others: readonly T[]): T {
    const all = [first, ...others];
    return all[this.below(all.length)] ?? first;
  }
}
