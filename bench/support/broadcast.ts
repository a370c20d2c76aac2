/** What one writes by hand to let several watch one stream: each has a queue, and begins at the start. */
export class Broadcast<Item> {
  readonly #items: Item[] = [];
  readonly #wakes = new Set<() => void>();
  #isClosed = false;

  push(item: Item): void {
    this.#items.push(item);
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void> {
    for (let at = 0; ;) {
      while (at < this.#items.length) yield this.#items[at++] as Item;
      if (this.#isClosed) return;
      await new Promise<void>((resolve) => this.#wakes.add(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }
}
