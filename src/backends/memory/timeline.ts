import type { Run } from "../../runs/run.ts";
import type { Entry } from "./entry.ts";

/**
 * Entries in the order of a time that their runs keep as long as they are in here and, within one
 * millisecond, of their ids. They nearly always come in that order, so adding one costs nothing.
 */
export class Timeline {
  readonly #timeOf: (run: Run) => Date | null;
  readonly #entries: Entry[] = [];

  constructor(timeOf: (run: Run) => Date | null, entries: readonly Entry[] = []) {
    this.#timeOf = timeOf;
    for (const entry of entries) this.add(entry);
  }

  get size(): number {
    return this.#entries.length;
  }

  add(entry: Entry): void {
    const last = this.#entries.at(-1);
    if (last === undefined || this.#precedes(last.run, this.#time(entry.run), entry.run.id)) {
      this.#entries.push(entry);
    } else {
      this.#entries.splice(this.#position(entry.run), 0, entry);
    }
  }

  remove(entry: Entry): void {
    const position = this.#position(entry.run);
    if (this.#entries[position] === entry) this.#entries.splice(position, 1);
  }

  oldestFirst(): Iterable<Entry> {
    return this.#entries;
  }

  /** Those that come before `run`, or all. */
  *newestFirst(run?: Run): Iterable<Entry> {
    let i = run === undefined ? this.#entries.length : this.#position(run);
    while (i-- > 0) {
      const entry = this.#entries[i];
      if (entry) yield entry;
    }
  }

  /** Those whose time is before `date`, oldest first. */
  before(date: Date): readonly Entry[] {
    return this.#entries.slice(0, this.#count(date.getTime(), ""));
  }

  /** Where `run` stands, or would stand. */
  #position(run: Run): number {
    return this.#count(this.#time(run), run.id);
  }

  /** How many come before that time and id, by halving. */
  #count(time: number, id: string): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry && this.#precedes(entry.run, time, id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #precedes(run: Run, time: number, id: string): boolean {
    const own = this.#time(run);
    return own < time || (own === time && run.id < id);
  }

  #time(run: Run): number {
    return this.#timeOf(run)?.getTime() ?? 0;
  }
}
