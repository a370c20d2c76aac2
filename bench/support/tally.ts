/** Counts events as they arrive. Times are `performance.now()`. */
export class Tally {
  count = 0;
  bytes = 0;
  firstAt = Number.NaN;
  lastAt = Number.NaN;
  completedAt = Number.NaN;
  #failure: Error | undefined;
  #waiting: { readonly isMet: () => boolean; readonly settle: (error?: Error) => void }[] = [];

  /** Call once for each piece of the stream: reading the clock for each event would cost. */
  add(events: number, bytes: number): void {
    this.bytes += bytes;
    if (events === 0) return;
    this.lastAt = performance.now();
    if (this.count === 0) this.firstAt = this.lastAt;
    this.count += events;
    this.#settle();
  }

  complete(): void {
    if (!Number.isNaN(this.completedAt)) return;
    this.completedAt = performance.now();
    this.#settle();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#settle();
  }

  /** Resolves once so many events have arrived; rejects when the stream ends or fails before that. */
  reached(count: number): Promise<void> {
    return this.#until(() => this.count >= count);
  }

  completed(): Promise<void> {
    return this.#until(() => !Number.isNaN(this.completedAt));
  }

  #until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => (error ? reject(error) : resolve());
      this.#waiting.push({ isMet, settle });
      this.#settle();
    });
  }

  #settle(): void {
    if (this.#waiting.length === 0) return;
    const isOver = this.#failure !== undefined || !Number.isNaN(this.completedAt);
    this.#waiting = this.#waiting.filter(({ isMet, settle }) => {
      if (isMet()) settle();
      else if (isOver) settle(this.#failure ?? new Error(`It ended after ${this.count} events`));
      else return true;
      return false;
    });
  }
}
