/** The value that so large a part of the numbers (0…1) does not exceed; 0.5 is the median. */
export function quantile(numbers: Iterable<number>, part: number): number {
  const sorted = Float64Array.from(numbers).sort();
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(numbers: Iterable<number>): number {
  return quantile(numbers, 0.5);
}

/** As people read it: three significant digits, thousands apart. */
export function format(value: number): string {
  if (Number.isNaN(value)) return "–";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.001))));
  return value.toLocaleString("en-GB", { maximumFractionDigits: digits });
}
