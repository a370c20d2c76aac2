import type { Measured, Verdict } from "./question.ts";
import { format, median } from "./statistics.ts";

/** What is compared: one metric of those who took part. */
export interface Comparison {
  readonly measured: readonly Measured[];
  readonly metric: string;
  readonly of: string;
}

/** The median over rounds of a value at least so many times another one's in the same round. */
export function atLeast(times: number, to: string, comparison: Comparison): Verdict {
  const ratio = median(ratios(comparison, to));
  return verdict(`${comparison.of} ≥ ${times} × ${to}`, ratio, ratio >= times);
}

/** The same, but at most. */
export function atMost(times: number, to: string, comparison: Comparison): Verdict {
  const ratio = median(ratios(comparison, to));
  return verdict(`${comparison.of} ≤ ${times} × ${to}`, ratio, ratio <= times);
}

/** The median of a metric at most, or at least, so much. */
export function within(
  limit: { readonly atMost: number } | { readonly atLeast: number },
  what: string,
  { measured, metric, of }: Comparison,
): Verdict {
  const value = median(samplesOf(measured, of).map((sample) => sample[metric] ?? Number.NaN));
  return "atMost" in limit
    ? verdict(`${of}: ${what} ≤ ${format(limit.atMost)}`, value, value <= limit.atMost)
    : verdict(`${of}: ${what} ≥ ${format(limit.atLeast)}`, value, value >= limit.atLeast);
}

/** How much more than another one's in the same round, at most. */
export function excess(limit: number, what: string, over: string, comparison: Comparison): Verdict {
  const { measured, metric, of } = comparison;
  const base = samplesOf(measured, over);
  const differences = samplesOf(measured, of).map(
    (sample, round) => (sample[metric] ?? Number.NaN) - (base[round]?.[metric] ?? Number.NaN),
  );
  const value = median(differences);
  return verdict(`${of}: ${what} ≤ ${format(limit)} over ${over}`, value, value <= limit);
}

/** How much more of something there is at the last point than at the second, at most. */
export function growth(
  limit: number,
  metric: string,
  points: readonly Measured[],
  what: string,
): Verdict {
  const at = (point: Measured | undefined): number => point?.samples[0]?.[metric] ?? Number.NaN;
  const value = at(points.at(-1)) - at(points[1]);
  return verdict(
    `at most ${format(limit)} ${what} more than at the second point`,
    value,
    value <= limit,
  );
}

function ratios({ measured, metric, of }: Comparison, to: string): number[] {
  const base = samplesOf(measured, to);
  return samplesOf(measured, of)
    .slice(0, base.length)
    .map((sample, round) => (sample[metric] ?? Number.NaN) / (base[round]?.[metric] ?? Number.NaN));
}

function samplesOf(measured: readonly Measured[], name: string): Measured["samples"] {
  return measured.find((one) => one.name === name)?.samples ?? [];
}

function verdict(text: string, measured: number, holds: boolean): Verdict {
  return { text, measured, holds };
}
