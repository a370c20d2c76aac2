import type { Entry } from "./entry.ts";

/** Entries whose runs are under a lease, and which of these leases have run out. */
export class Leases {
  readonly #entries = new Set<Entry>();
  /** No lease in here runs out before this: so a claim looks at all of them only now and then. */
  #earliest = Infinity;

  /** Once more whenever the lease changes. */
  add(entry: Entry): void {
    this.#entries.add(entry);
    this.#earliest = Math.min(this.#earliest, endOf(entry));
  }

  remove(entry: Entry): void {
    this.#entries.delete(entry);
  }

  expired(now: number): readonly Entry[] {
    if (now < this.#earliest) return [];
    this.#earliest = Infinity;
    for (const entry of this.#entries) this.#earliest = Math.min(this.#earliest, endOf(entry));
    return [...this.#entries].filter((entry) => endOf(entry) <= now);
  }

  /** How many runs of each viewer are under a lease that has not run out. */
  countByViewer(now: number): ReadonlyMap<string | null, number> {
    const counts = new Map<string | null, number>();
    for (const entry of this.#entries) {
      const { viewer } = entry.run;
      if (endOf(entry) > now) counts.set(viewer, (counts.get(viewer) ?? 0) + 1);
    }
    return counts;
  }
}

function endOf(entry: Entry): number {
  return entry.run.leaseUntil?.getTime() ?? 0;
}
