export interface BatchesOptions<Item, Answer> {
  /** Asks the server for all of them at once. Answers in their order. */
  readonly send: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** How large an item is, in whatever unit `maxSize` has. */
  readonly sizeOf: (item: Item) => number;
  /** A batch is full with so many items, or once they are so large. */
  readonly maxItems: number;
  readonly maxSize: number;
  /** How many batches are under way at a time; what comes meanwhile waits, and goes together. */
  readonly maxUnderWay: number;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks the server for many things in one statement, under load; a thing that nothing else is under way
 * with goes at the end of the event loop's turn. So the time that a statement takes, of which a commit's
 * wait for the disk is the most, is shared by the more, the longer it is.
 */
export class Batches<Item, Answer> {
  readonly #options: BatchesOptions<Item, Answer>;
  #waiting: Waiting<Item, Answer>[] = [];
  #underWay = 0;
  #isScheduled = false;

  constructor(options: BatchesOptions<Item, Answer>) {
    this.#options = options;
  }

  /** Rejects with whatever its batch failed with. */
  ask(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#underWay >= this.#options.maxUnderWay) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#send(this.#take());
    });
  }

  async #send(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    if (batch.length === 0) return;
    this.#underWay += 1;
    if (this.#waiting.length > 0) this.#schedule();
    try {
      const answers = await this.#options.send(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, i) => resolve(answers[i] as Answer));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#underWay -= 1;
      if (this.#waiting.length > 0) this.#schedule();
    }
  }

  #take(): readonly Waiting<Item, Answer>[] {
    const { sizeOf, maxItems, maxSize } = this.#options;
    let size = 0;
    let count = 0;
    while (count < maxItems && size < maxSize) {
      const next = this.#waiting[count];
      if (!next) break;
      size += sizeOf(next.item);
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
