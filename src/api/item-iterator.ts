import type { EventStream, StreamItem } from "./event-stream.ts";

/** A call of `next` that waits. */
interface Waiting {
  readonly resolve: (result: IteratorResult<StreamItem, void>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A stream's items one by one, for servers that execute the schema on their own. By hand, because the
 * `return()` of a generator that waits for an event would wait with it, for ever perhaps.
 */
export class ItemIterator implements AsyncIterableIterator<StreamItem, void, void> {
  readonly #stream: EventStream;
  #batch: Iterator<StreamItem> = [].values();
  /** In the order of the calls. */
  readonly #waiting: Waiting[] = [];
  #isDone = false;

  constructor(stream: EventStream) {
    this.#stream = stream;
    stream.observe({
      next: (batch) => {
        this.#batch = batch.values();
        this.#serve();
      },
      error: (error) => {
        this.#isDone = true;
        this.#waiting.shift()?.reject(error);
        this.#serve();
      },
      complete: () => {
        this.#isDone = true;
        this.#serve();
      },
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<StreamItem, void>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#waiting.length === 1) this.#serve();
    });
  }

  return(): Promise<IteratorResult<StreamItem, void>> {
    this.#isDone = true;
    this.#batch = [].values();
    this.#stream.close();
    this.#serve();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Gives those that wait what there is, and asks for more if that is not enough. */
  #serve(): void {
    for (let [first] = this.#waiting; first; [first] = this.#waiting) {
      const { done, value } = this.#batch.next();
      if (done === true && !this.#isDone) return this.#stream.pull();
      this.#waiting.shift();
      first.resolve(done === true ? { done, value: undefined } : { done: false, value });
    }
  }
}
