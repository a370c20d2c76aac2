import { OURS, OURS_ON_SQLITE, YOGA, type Peer } from "../peers.ts";
import { latenciesOf, type SteadyRuns } from "../support/latencies.ts";
import { startChild } from "../support/processes.ts";
import type { Question } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { quantile } from "../support/statistics.ts";
import { within } from "../support/verdicts.ts";

export const question: Question = {
  title: "From the writer's call to the client, with many runs at a time",
  target: "100 runs at 50 events/s each: p50 ≤ 1 ms, p99 ≤ 10 ms on memory; SQLite beside it",
  async run(settings) {
    const load = { runs: 100, eventsPerSecond: 50, seconds: settings.size(4, 1) };
    const peers = [OURS, OURS_ON_SQLITE, YOGA];
    const contestants = peers.map((peer) => latencyOf(peer, load));
    const measured = await alternate(settings, "Latency", contestants);
    const of = OURS.name;
    return [
      {
        title: `${load.runs} runs at ${load.eventsPerSecond} events/s each, a WebSocket client for each`,
        metrics: ["p50", "p99", "most"].map((key) => ({ key, label: `${key}, ms` })),
        measured,
        verdicts: [
          within({ atMost: 1 }, "p50, ms", { measured, metric: "p50", of }),
          within({ atMost: 10 }, "p99, ms", { measured, metric: "p99", of }),
        ],
      },
    ];
  },
};

function latencyOf(peer: Peer, load: SteadyRuns): Contestant {
  return {
    name: peer.name,
    async open() {
      const child = await startChild(peer.file, peer.options);
      return {
        async measure() {
          const latencies = await latenciesOf(peer, child, load);
          return {
            p50: quantile(latencies, 0.5),
            p99: quantile(latencies, 0.99),
            most: quantile(latencies, 1),
          };
        },
        [Symbol.asyncDispose]: child[Symbol.asyncDispose],
      };
    },
  };
}
