import {
  asCluster,
  OURS,
  OURS_ON_POSTGRES,
  OURS_ON_REDIS,
  OURS_ON_SQLITE,
  reachable,
  YOGA,
  type Peer,
} from "../peers.ts";
import { latenciesOf, type SteadyRuns } from "../support/latencies.ts";
import type { Question } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { startPeer } from "../support/start-peer.ts";
import { quantile } from "../support/statistics.ts";
import { within } from "../support/verdicts.ts";

const METRICS = ["p50", "p99", "most"].map((key) => ({ key, label: `${key}, ms` }));

export const question: Question = {
  title: "From the writer's call to the client, with many runs at a time",
  target:
    "100 runs at 50 events/s each: p50 ≤ 1 ms, p99 ≤ 10 ms on memory; the other backends beside it",
  async run(settings) {
    const { peers, notes } = await reachable([
      OURS,
      OURS_ON_SQLITE,
      OURS_ON_POSTGRES,
      OURS_ON_REDIS,
      YOGA,
    ]);
    const seconds = settings.size(4, 1);
    const load = { runs: 100, eventsPerSecond: 50, seconds };
    const contestants = peers.map((peer) => latencyOf(peer, load));
    const measured = await alternate(settings, "Latency", contestants);
    const of = OURS.name;
    const clusters = (await reachable([OURS_ON_POSTGRES, OURS_ON_REDIS])).peers.map(asCluster);
    const light = { ...load, runs: 10 };
    return [
      {
        title: titleOf(load),
        metrics: METRICS,
        measured,
        verdicts: [
          within({ atMost: 1 }, "p50, ms", { measured, metric: "p50", of }),
          within({ atMost: 10 }, "p99, ms", { measured, metric: "p99", of }),
        ],
        notes,
      },
      {
        title: `A worker executes, a gateway serves: ${titleOf(light)}`,
        metrics: METRICS,
        measured: await alternate(
          settings,
          "Cluster, light",
          clusters.map((peer) => latencyOf(peer, light)),
        ),
        verdicts: [],
      },
      {
        title: `A worker executes, a gateway serves: ${titleOf(load)}`,
        metrics: METRICS,
        measured: await alternate(
          settings,
          "Cluster",
          clusters.map((peer) => latencyOf(peer, load)),
        ),
        verdicts: [],
      },
    ];
  },
};

function titleOf({ runs, eventsPerSecond }: SteadyRuns): string {
  return `${runs} runs at ${eventsPerSecond} events/s each, a WebSocket client for each`;
}

function latencyOf(peer: Peer, load: SteadyRuns): Contestant {
  return {
    name: peer.name,
    async open() {
      const child = await startPeer(peer);
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
