import type { Work } from "../graph.ts";
import { LANGGRAPH_SERVER, OURS, OURS_ON_SQLITE, OURS_SSE, YOGA, type Peer } from "../peers.ts";
import { startChild, type Child } from "../support/processes.ts";
import type { Question } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { median } from "../support/statistics.ts";
import { excess } from "../support/verdicts.ts";

const WORK: Work = { events: 10, perTurn: 1 };
const GRAPH = "the graph itself";

export const question: Question = {
  title: "From the subscription to its first event, and from the last event to the end",
  target: "≤ 5 ms over what the graph itself takes",
  async run(settings) {
    const runs = settings.size(50, 10);
    const sse = { ...OURS_SSE, name: `${OURS_SSE.name}, SSE` };
    const peers = [OURS, OURS_ON_SQLITE, sse, YOGA];
    const measured = await alternate(settings, "First and last", [
      contestant(GRAPH, "in-process.ts", runs, (child) => child.call<Times>("stream", WORK)),
      ...peers.map((peer) => peerOf(peer, runs)),
      // It takes its time.
      peerOf(LANGGRAPH_SERVER, settings.size(5, 2)),
    ]);
    const compare = (of: string, metric: string, what: string) =>
      excess(5, what, GRAPH, { measured, metric, of });
    const both = (of: string) => [
      compare(of, "first", "ms to the first event"),
      compare(of, "end", "ms from the last event to the end"),
    ];
    return [
      {
        title: `Runs of ${WORK.events} events, one after the other; the median run of each round`,
        metrics: [
          { key: "first", label: "to the first event, ms" },
          { key: "end", label: "from the last event to the end, ms" },
        ],
        measured,
        verdicts: [...both(OURS.name), ...both(sse.name)],
      },
    ];
  },
};

/** In milliseconds. */
interface Times {
  readonly first: number;
  readonly end: number;
}

function peerOf(peer: Peer, runs: number): Contestant {
  const run = async (child: Child): Promise<Times> => {
    const { tally, sentAt, close } = await peer.run(child, WORK);
    await tally.completed().finally(close);
    return { first: tally.firstAt - sentAt, end: tally.completedAt - tally.lastAt };
  };
  return contestant(peer.name, peer.file, runs, run, peer.options);
}

function contestant(
  name: string,
  file: string,
  runs: number,
  run: (child: Child) => Promise<Times>,
  options?: object,
): Contestant {
  return {
    name,
    async open() {
      const child = await startChild(file, options);
      return {
        async measure() {
          const times: Times[] = [];
          while (times.length < runs) times.push(await run(child));
          return {
            first: median(times.map(({ first }) => first)),
            end: median(times.map(({ end }) => end)),
          };
        },
        [Symbol.asyncDispose]: child[Symbol.asyncDispose],
      };
    },
  };
}
