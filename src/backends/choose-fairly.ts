/**
 * Which runs to claim, as {@link RunStore.claim} promises: those of the viewer with the fewest runs
 * under lease first, counting those chosen so far, then oldest first; none of a viewer who has
 * `maxPerViewer` of them. `candidates` come oldest first;
 * `held` counts the runs under lease by viewer.
 */
export function chooseFairly<T>(
  candidates: Iterable<T>,
  {
    viewerOf,
    held,
    limit,
    maxPerViewer = Infinity,
  }: {
    readonly viewerOf: (candidate: T) => string | null;
    readonly held: ReadonlyMap<string | null, number>;
    readonly limit: number;
    readonly maxPerViewer?: number | undefined;
  },
): readonly T[] {
  if (limit <= 0) return [];
  const counts = new Map(held);
  /** By how many runs of its viewer come before it, under lease or chosen: oldest first in each. */
  const levels: T[][] = [];
  for (const candidate of candidates) {
    const viewer = viewerOf(candidate);
    const level = counts.get(viewer) ?? 0;
    if (level - (held.get(viewer) ?? 0) >= limit) continue;
    if (viewer !== null && level >= maxPerViewer) continue;
    counts.set(viewer, level + 1);
    const sameLevel = (levels[level] ??= []);
    sameLevel.push(candidate);
    // Nothing that follows can come before these.
    if (level === 0 && sameLevel.length >= limit) return sameLevel;
  }
  // `flat` passes over the levels that nobody is at.
  return levels.flat().slice(0, limit);
}
