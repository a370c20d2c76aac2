import { setTimeout } from "node:timers/promises";
import { GRAPHQL_WS, OURS, YOGA, rawWebSocket, type Peer } from "../peers.ts";
import { watch } from "../support/fan-out.ts";
import { requireOpenFiles } from "../support/open-files.ts";
import { startChild } from "../support/processes.ts";
import type { Question, Sample } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { atMost } from "../support/verdicts.ts";

/** Opened before anything is measured, so that what is made once is there. */
const FIRST_SOCKETS = 500;

/** After the last event, until a server has nothing left to do. */
const SETTLE_MS = 300;

export const question: Question = {
  title: "Memory for an idle socket with one subscription",
  target: "≤ 2 × a raw ws socket",
  async run(settings) {
    const sockets = settings.size(4_000, 500);
    requireOpenFiles(sockets + FIRST_SOCKETS);
    const raw = rawWebSocket('{"id":"1","type":"next"}', false);
    const peers = [OURS, GRAPHQL_WS, YOGA, { ...raw, name: "raw ws" }];
    const contestants = peers.map((peer) => idleSockets(peer, sockets));
    const measured = await alternate(settings, "Idle sockets", contestants);
    const comparison = { measured, metric: "rss", of: OURS.name };
    return [
      {
        title: `${sockets} sockets that watch one run which says nothing`,
        metrics: [
          { key: "rss", label: "resident, KiB/socket" },
          { key: "heap", label: "heap and buffers, KiB/socket" },
        ],
        measured,
        verdicts: [atMost(2, "raw ws", comparison), atMost(1, GRAPHQL_WS.name, comparison)],
      },
    ];
  },
};

/** A process of its own in each round: what a process once had it does not give back. */
function idleSockets(peer: Peer, sockets: number): Contestant {
  return {
    name: peer.name,
    open: async () => ({
      measure: () => measure(peer, sockets),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
}

async function measure(peer: Peer, sockets: number): Promise<Sample> {
  await using child = await startChild(peer.file, peer.options);
  const runId = await child.call<string>("start", { events: 0, gate: "never opened" });
  const streams = await watch(child, runId, FIRST_SOCKETS);
  await setTimeout(SETTLE_MS);
  const before = await child.memory();
  streams.push(...(await watch(child, runId, sockets)));
  await setTimeout(SETTLE_MS);
  const after = await child.memory();
  for (const { close } of streams) close();
  return {
    rss: (after.rss - before.rss) / sockets / 1_024,
    heap: (after.heap - before.heap) / sockets / 1_024,
  };
}
