/**
 * Results that are pushed and pulled: an iterator over what a callback brings. What was pushed is
 * delivered before the failure or the end behind it.
 */
export class ResultQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #onReturn: () => void;
  readonly #waiting: T[] = [];
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #wake = (): void => {};

  /** `onReturn` is called when the consumer goes away before the end. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  push(result: T): void {
    this.#waiting.push(result);
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.end();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#waiting.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#waiting.length > 0) return { done: false, value: this.#waiting.shift() as T };
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    const wasOver = this.#isOver;
    this.#waiting.length = 0;
    this.#failure = undefined;
    this.end();
    if (!wasOver) this.#onReturn();
    return { done: true, value: undefined };
  }

  async throw(): Promise<IteratorResult<T, undefined>> {
    return this.return();
  }
}
