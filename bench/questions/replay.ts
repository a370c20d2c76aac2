import { MIB } from "../support/file-sizes.ts";
import {
  followOperation,
  OURS,
  OURS_ON_SQLITE,
  overSse,
  overWebSocket,
  type Peer,
} from "../peers.ts";
import { startChild } from "../support/processes.ts";
import type { Question } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { untilEnded } from "../support/until.ts";
import { within } from "../support/verdicts.ts";

/** A copy of the log would take more. */
const FLAT_MIB = 16;

export const question: Question = {
  title: "Replaying a run that has ended",
  target: "100,000 events: flat memory, ≥ 200k events/s from memory, ≥ 100k from SQLite",
  async run(settings) {
    const events = settings.size(100_000, 20_000);
    const ways = [
      ["memory, WebSocket", OURS, overWebSocket, 200_000],
      ["memory, SSE", OURS, overSse, 200_000],
      ["SQLite, WebSocket", OURS_ON_SQLITE, overWebSocket, 100_000],
      ["SQLite, SSE", OURS_ON_SQLITE, overSse, 100_000],
    ] as const;
    const contestants = ways.map(([name, peer, follow]) => replayOf(name, peer, follow, events));
    const measured = await alternate(settings, "Replay", contestants);
    return [
      {
        title: `${events.toLocaleString("en-GB")} events, from the first to the end`,
        metrics: [
          { key: "events/s", label: "events/s" },
          { key: "heap", label: "most heap over before, MiB" },
        ],
        measured,
        verdicts: ways.flatMap(([of, , , target]) => [
          within({ atLeast: target }, "events/s", { measured, metric: "events/s", of }),
          within({ atMost: FLAT_MIB }, "most heap over before, MiB", {
            measured,
            metric: "heap",
            of,
          }),
        ]),
      },
    ];
  },
};

function replayOf(
  name: string,
  peer: Peer,
  follow: typeof overWebSocket,
  events: number,
): Contestant {
  return {
    name,
    async open() {
      const child = await startChild(peer.file, peer.options);
      const runId = await child.call<string>("start", { events });
      await untilEnded(child, runId);
      const replay = async (): Promise<number> => {
        const { tally, sentAt, close } = await follow(child, followOperation(runId));
        await tally.completed().finally(close);
        if (tally.count !== events) throw new Error(`${tally.count} events came`);
        return (tally.lastAt - sentAt) / 1_000;
      };
      return {
        async measure() {
          const seconds = await replay();
          // Once more: looking at the heap needs its garbage collected, which takes time.
          const before = await child.memory();
          await child.call("watchHeap");
          await replay();
          const most = await child.call<number>("mostHeap");
          return { "events/s": events / seconds, heap: (most - before.heap) / MIB };
        },
        [Symbol.asyncDispose]: child[Symbol.asyncDispose],
      };
    },
  };
}
