import type { Metric, Registry } from "prom-client";
import { BOUNDS_MS, type WatcherCounts } from "./watcher-counts.ts";

export interface LatencyHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** By transport. */
  readonly watchers: ReadonlyMap<string, WatcherCounts>;
}

/**
 * Adds a histogram to a registry that is counted elsewhere: `prom-client`'s own is told of one value at
 * a time, and looks its labels up for each.
 */
export function addLatencyHistogram(
  registry: Registry,
  { name, help, watchers }: LatencyHistogramOptions,
): void {
  const metric = {
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    get: async () => ({
      name,
      help,
      type: "histogram",
      aggregator: "sum",
      values: [...watchers].flatMap(([transport, counts]) => valuesOf(name, transport, counts)),
    }),
    reset() {},
  };
  // All that a registry asks of a metric.
  registry.registerMetric(metric as unknown as Metric);
}

interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** As Prometheus has it: each bucket counts all that is in those before it, too. */
function valuesOf(name: string, transport: string, { took, tookMs }: WatcherCounts): Value[] {
  let sum = 0;
  const buckets = [...took].map((count, i) => {
    sum += count;
    const bound = BOUNDS_MS[i];
    const le = bound === undefined ? "+Inf" : bound / 1_000;
    return { metricName: `${name}_bucket`, labels: { le, transport }, value: sum };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: { transport }, value: tookMs / 1_000 },
    { metricName: `${name}_count`, labels: { transport }, value: sum },
  ];
}
