import { followOperation, OURS, OURS_ON_SQLITE, overWebSocket, type Peer } from "../peers.ts";
import { latenciesOf } from "../support/latencies.ts";
import { startChild, type Child } from "../support/processes.ts";
import type { Question } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { quantile } from "../support/statistics.ts";
import { untilEnded } from "../support/until.ts";
import { within } from "../support/verdicts.ts";

export const question: Question = {
  title: "Whether one run or one client takes from the others",
  target: "p99 of the others ≤ 2 × what it is when all is quiet",
  async run(settings) {
    const seconds = settings.size(4, 1);
    const contestants = [OURS, OURS_ON_SQLITE].map((peer) => fairnessOf(peer, seconds));
    const measured = await alternate(settings, "Fairness", contestants);
    return [
      {
        title:
          "20 runs at 50 events/s each, a WebSocket client for each; p99 from writer to client",
        metrics: [
          { key: "quiet", label: "alone, ms" },
          { key: "flood", label: "beside a run that floods, ms" },
          { key: "stall", label: "beside a client that stalls, ms" },
        ],
        measured,
        verdicts: contestants.flatMap(({ name: of }) =>
          ["flood", "stall"].map((metric) =>
            within({ atMost: 2 }, `${metric} / quiet`, {
              measured,
              metric: `${metric} ratio`,
              of,
            }),
          ),
        ),
      },
    ];
  },
};

function fairnessOf(peer: Peer, seconds: number): Contestant {
  return {
    name: peer.name,
    async open() {
      const child = await startChild(peer.file, peer.options);
      const long = await child.call<string>("start", { events: 100_000 });
      await untilEnded(child, long);
      const p99 = async (): Promise<number> =>
        quantile(await latenciesOf(peer, child, { runs: 20, eventsPerSecond: 50, seconds }), 0.99);
      return {
        async measure() {
          const quiet = await p99();
          const flood = await beside(floodOf(peer, child), p99);
          const stall = await beside(stallOn(child, long), p99);
          return {
            quiet,
            flood,
            stall,
            "flood ratio": flood / quiet,
            "stall ratio": stall / quiet,
          };
        },
        [Symbol.asyncDispose]: child[Symbol.asyncDispose],
      };
    },
  };
}

interface Nuisance {
  readonly stop: () => Promise<void>;
}

async function beside(
  nuisance: Promise<Nuisance>,
  measure: () => Promise<number>,
): Promise<number> {
  const { stop } = await nuisance;
  try {
    return await measure();
  } finally {
    await stop();
  }
}

/** Run after run that writes as fast as it can, with a client that reads all of it. */
async function floodOf(peer: Peer, child: Child): Promise<Nuisance> {
  let isOver = false;
  const flooding = (async () => {
    while (!isOver) {
      const { tally, close } = await peer.run(child, { events: 20_000 });
      await tally.completed().finally(close);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await flooding;
    },
  };
}

/** A client that asks for many events and reads none of them. */
async function stallOn(child: Child, runId: string): Promise<Nuisance> {
  const stream = await overWebSocket(child, followOperation(runId));
  stream.stall();
  return { stop: async () => stream.close() };
}
