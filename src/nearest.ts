/** What to say after a name that is none of `names`: the one that was meant, or else all there are. */
export function meant(name: string, names: readonly string[]): string {
  const best = nearest(name, names);
  return best === undefined ? `; there are: ${names.join(", ")}` : `: did you mean ${best}?`;
}

/** The one of `names` that is most like `name`, if any is as good as meant. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const mostApart = Math.ceil(name.length / 3);
  const [best] = names
    .map((candidate) => ({
      candidate,
      apart: distance(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ apart }) => apart <= mostApart)
    .toSorted((a, b) => a.apart - b.apart);
  return best?.candidate;
}

/** How many letters have to be changed, added or left out (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(to).entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
