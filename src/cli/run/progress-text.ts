/** How far something has got; nobody may know of how much. */
interface Progress {
  readonly current: number;
  readonly total: number | null;
}

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** `2/3`, or `2` without a total. */
export function formatCount({ current, total }: Progress): string {
  const count = numbers.format(current);
  return total === null ? count : `${count}/${numbers.format(total)}`;
}

/** `66%`, rounded down, since 100% is said of what is done; empty without a positive total. */
export function formatPercent(progress: Progress): string {
  const fraction = fractionOf(progress);
  return fraction === null ? "" : `${Math.floor(fraction * 100)}%`;
}

/** From 0 to 1; null without a positive total. */
export function fractionOf({ current, total }: Progress): number | null {
  return total === null || total <= 0 ? null : Math.min(Math.max(current / total, 0), 1);
}
