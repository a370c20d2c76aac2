/** Who goes on when it is its turn. */
interface Waiting {
  onChange(): void;
}

/**
 * Readers that are behind go on one after the other, one in each turn of the event loop: however many
 * there are, whoever has something to do beside them waits for one page of one of them. Those at one
 * place go on together, because they share what is read.
 */
export class Turns {
  /** By place, in the order in which they came. */
  readonly #waiting = new Map<string, Waiting[]>();

  /** Has a reader go on later, never at once: one that takes all it is given would not let others in. */
  wait(place: string, reader: Waiting): void {
    const there = this.#waiting.get(place);
    if (there) return void there.push(reader);
    this.#waiting.set(place, [reader]);
    if (this.#waiting.size === 1) setImmediate(() => this.#next());
  }

  #next(): void {
    for (const [place, readers] of this.#waiting) {
      this.#waiting.delete(place);
      if (this.#waiting.size > 0) setImmediate(() => this.#next());
      for (const reader of readers) reader.onChange();
      return;
    }
  }
}
