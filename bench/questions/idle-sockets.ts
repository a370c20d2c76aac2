import { setTimeout } from "node:timers/promises";
import { GRAPHQL_WS, OURS, OURS_ON_SQLITE, YOGA, rawWebSocket, type Peer } from "../peers.ts";
import { startCrowd } from "../support/crowd.ts";
import { openFilesLimit, requireOpenFiles } from "../support/open-files.ts";
import {
  compareLateness,
  latenessOfOthers,
  OTHERS_METRICS,
  OTHERS_TITLE,
} from "../support/others.ts";
import { startChild } from "../support/processes.ts";
import type { Answer, Question, Sample, Settings } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { atMost, within } from "../support/verdicts.ts";

/** Opened before anything is measured, so that what is made once is there. */
const FIRST_SOCKETS = 500;

/** After the last event, until a server has nothing left to do. */
const SETTLE_MS = 300;

/** A run that says nothing more. */
const QUIET = { events: 0, gate: "never opened" };

export const question: Question = {
  title:
    "Idle sockets with one subscription each: their memory, and whether others' events are late",
  target: "10,000 sockets: ≤ 2 × the memory of a raw ws socket; p99 of others ≤ 2 × without them",
  async run(settings) {
    const sockets = settings.size(10_000, 500);
    requireOpenFiles(sockets + FIRST_SOCKETS);
    return [await memory(settings, sockets), await lateness(settings, sockets)];
  },
};

async function memory(settings: Settings, sockets: number): Promise<Answer> {
  const raw = rawWebSocket('{"id":"1","type":"next"}', false);
  const peers = [OURS, GRAPHQL_WS, YOGA, { ...raw, name: "raw ws" }];
  const contestants = peers.map((peer) => contestant(peer, () => measureMemory(peer, sockets)));
  const measured = await alternate(settings, "Idle sockets", contestants);
  const comparison = { measured, metric: "rss", of: OURS.name };
  return {
    title: `${sockets} sockets that watch one run which says nothing`,
    metrics: [
      { key: "rss", label: "resident, KiB/socket" },
      { key: "heap", label: "heap and buffers, KiB/socket" },
    ],
    measured,
    verdicts: [atMost(2, "raw ws", comparison), atMost(1, GRAPHQL_WS.name, comparison)],
    notes: [`– ulimit -n: ${openFilesLimit()} for the server, and for the process of the clients`],
  };
}

async function lateness(settings: Settings, sockets: number): Promise<Answer> {
  // Each socket is pinged every 12 s.
  const seconds = settings.size(14, 1);
  const contestants = [OURS, OURS_ON_SQLITE].map((peer) =>
    contestant(peer, () => measureLateness(peer, sockets, seconds)),
  );
  const measured = await alternate(settings, "Others beside idle sockets", contestants);
  return {
    title: `${OTHERS_TITLE}; with ${sockets} idle sockets`,
    metrics: OTHERS_METRICS,
    measured,
    verdicts: contestants.map(({ name: of }) =>
      within({ atMost: 2 }, "p99 with / without", { measured, metric: "p99 ratio", of }),
    ),
  };
}

/** A process of its own in each round: what a process once had it does not give back. */
function contestant({ name }: Peer, measure: () => Promise<Sample>): Contestant {
  return { name, open: async () => ({ measure, [Symbol.asyncDispose]: async () => {} }) };
}

async function measureMemory(peer: Peer, sockets: number): Promise<Sample> {
  await using child = await startChild(peer.file, peer.options);
  await using crowd = await startCrowd();
  const runId = await child.call<string>("start", QUIET);
  await crowd.watch({ url: child.url, runId, count: FIRST_SOCKETS });
  await setTimeout(SETTLE_MS);
  const before = await child.memory();
  await crowd.watch({ url: child.url, runId, count: sockets });
  await setTimeout(SETTLE_MS);
  const after = await child.memory();
  return {
    rss: (after.rss - before.rss) / sockets / 1_024,
    heap: (after.heap - before.heap) / sockets / 1_024,
  };
}

async function measureLateness(peer: Peer, sockets: number, seconds: number): Promise<Sample> {
  await using child = await startChild(peer.file, peer.options);
  await using crowd = await startCrowd();
  const runId = await child.call<string>("start", QUIET);
  // Warms up.
  await latenessOfOthers(peer, child, 2);
  const without = await latenessOfOthers(peer, child, seconds);
  await crowd.watch({ url: child.url, runId, count: sockets });
  await setTimeout(SETTLE_MS);
  return compareLateness(without, await latenessOfOthers(peer, child, seconds));
}
