import type { Peer } from "../peers.ts";
import { latenciesOf } from "./latencies.ts";
import type { Child } from "./processes.ts";
import type { Metric, Sample } from "./question.ts";
import { quantile } from "./statistics.ts";

/** Those whose events are not to be late, whatever else the server has to do. */
const OTHERS = { runs: 20, eventsPerSecond: 50 };

export const OTHERS_TITLE = `${OTHERS.runs} others' runs at ${OTHERS.eventsPerSecond} events/s each, a WebSocket client for each, from writer to client`;

export const OTHERS_METRICS: readonly Metric[] = [
  { key: "p50 without", label: "p50 without, ms" },
  { key: "p50 with", label: "p50 with, ms" },
  { key: "p99 without", label: "p99 without, ms" },
  { key: "p99 with", label: "p99 with, ms" },
];

/** Of one round: how long the others' events took. */
export interface Lateness {
  readonly p50: number;
  readonly p99: number;
}

export async function latenessOfOthers(
  peer: Peer,
  child: Child,
  seconds: number,
): Promise<Lateness> {
  const latencies = await latenciesOf(peer, child, { ...OTHERS, seconds });
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

/** The figures of {@link OTHERS_METRICS}, and `p99 ratio`: with those who might be in the way, and without them. */
export function compareLateness(without: Lateness, beside: Lateness): Sample {
  return {
    "p50 without": without.p50,
    "p50 with": beside.p50,
    "p99 without": without.p99,
    "p99 with": beside.p99,
    "p99 ratio": beside.p99 / without.p99,
  };
}
