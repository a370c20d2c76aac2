/** A time and an id that each item keeps as long as it is in a timeline. */
export interface Order<T> {
  timeOf(item: T): number;
  idOf(item: T): string;
}

/**
 * Items in the order of a time and, within one millisecond, of their ids. They nearly always come in
 * that order, so adding one costs nothing.
 */
export class Timeline<T> {
  readonly #order: Order<T>;
  readonly #items: T[] = [];

  constructor(order: Order<T>, items: Iterable<T> = []) {
    this.#order = order;
    for (const item of items) this.add(item);
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    const last = this.#items.at(-1);
    if (last === undefined || this.#precedes(last, item)) this.#items.push(item);
    else this.#items.splice(this.countBefore(item), 0, item);
  }

  remove(item: T): void {
    const position = this.countBefore(item);
    if (this.#items[position] === item) this.#items.splice(position, 1);
  }

  oldestFirst(): Iterable<T> {
    return this.#items;
  }

  /** Those that come before `end`, or all. */
  *newestFirst(end?: T): Iterable<T> {
    let i = end === undefined ? this.#items.length : this.countBefore(end);
    while (i-- > 0) {
      const item = this.#items[i];
      if (item !== undefined) yield item;
    }
  }

  /** How many come before `item`, which need not be in here; by halving. */
  countBefore(item: T): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#items[middle];
      if (other !== undefined && this.#precedes(other, item)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #precedes(one: T, other: T): boolean {
    const { timeOf, idOf } = this.#order;
    const [time, otherTime] = [timeOf(one), timeOf(other)];
    return time < otherTime || (time === otherTime && idOf(one) < idOf(other));
  }
}
