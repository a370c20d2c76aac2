import { setTimeout } from "node:timers/promises";
import { followOperation, OURS, OURS_ON_SQLITE, overWebSocket, type Peer } from "../peers.ts";
import { startCrowd } from "../support/crowd.ts";
import { MIB } from "../support/file-sizes.ts";
import { openFilesLimit, requireOpenFiles } from "../support/open-files.ts";
import {
  compareLateness,
  latenessOfOthers,
  OTHERS_METRICS,
  OTHERS_TITLE,
} from "../support/others.ts";
import { startChild, type Child } from "../support/processes.ts";
import type { Answer, Measured, Question, Sample, Settings } from "../support/question.ts";
import { alternate } from "../support/rounds.ts";
import { untilEnded } from "../support/until.ts";
import { excess, within } from "../support/verdicts.ts";

const PEERS = [OURS, OURS_ON_SQLITE];

/** Each reads 64 KiB at most so often: 16 KiB/s. */
const READ_EVERY_MS = 4_000;

/**
 * Of the run that they watch, 1,000 events/s of 1.2 KB: its one reader that keeps up is there in any case.
 */
const BUSY = { events: 1_000_000, perTurn: 20, pauseMs: 20, payloadBytes: 1_000 };

/** What waits for each in the server once its connection takes no more: about 64 KiB. */
const WAITING_BYTES = 48 * 1_024;

/** How long that may take. */
const FILL_MS = 90_000;

const CUT_OFF = 'drops_total{reason="SLOW_READER"}';

/** After the last of them has left. */
const SETTLE_MS = 1_000;

/** Until those who read nothing must have been cut off: the default is 30 s, after the last that a kernel took. */
const CUT_OFF_MS = 90_000;

export const question: Question = {
  title: "1,000 clients that read slowly, or nothing: whether others' events are late, and memory",
  target:
    "p99 of others ≤ 2 × without them, ≤ 192 KiB for each; those who read nothing are cut off, and their memory is back",
  async run(settings) {
    const readers = settings.size(1_000, 100);
    requireOpenFiles(readers);
    const answers = [await slow(settings, readers)];
    for (const peer of PEERS.filter(({ name }) => settings.wants(name))) {
      settings.progress(`Readers of nothing: ${peer.name}`);
      answers.push(await stalled(peer, readers));
    }
    return answers;
  },
};

async function slow(settings: Settings, readers: number): Promise<Answer> {
  const seconds = settings.size(6, 1);
  const contestants = PEERS.map((peer) => ({
    name: peer.name,
    // A process of its own in each round.
    open: async () => ({
      measure: () => measureSlow(peer, readers, seconds),
      [Symbol.asyncDispose]: async () => {},
    }),
  }));
  const measured = await alternate(settings, "Slow readers", contestants);
  return {
    title: `${OTHERS_TITLE}; with ${readers} clients that read 16 KiB/s of a run of 1.2 MB/s`,
    metrics: [
      ...OTHERS_METRICS,
      { key: "heap", label: "heap and buffers, KiB/reader" },
      { key: "most without", label: "most resident without, MiB" },
      { key: "most with", label: "with, MiB" },
    ],
    measured,
    verdicts: contestants.flatMap(({ name: of }) => [
      within({ atMost: 2 }, "p99 with / without", { measured, metric: "p99 ratio", of }),
      within({ atMost: 192 }, "KiB/reader", { measured, metric: "heap", of }),
    ]),
    notes: [
      `– ulimit -n: ${openFilesLimit()} for the server, and for the process of the slow readers`,
      "– With memory(), what is resident has the run's log in it, which grows by 1.4 MB/s.",
    ],
  };
}

async function measureSlow(peer: Peer, count: number, seconds: number): Promise<Sample> {
  // On the loopback address a kernel takes megabytes in advance, and tells of what is read in steps of a minute.
  await using child = await startChild(peer.file, { ...peer.options, writeTimeoutMs: 600_000 });
  await using crowd = await startCrowd();
  const runId = await child.call<string>("start", BUSY);
  const reader = await overWebSocket(child, followOperation(runId));
  // Warms up.
  await latenessOfOthers(peer, child, 2);
  const without = await latenessOfOthers(peer, child, seconds);
  const mostWithout = await child.call<number>("mostResident");
  await crowd.watch({ url: child.url, runId, count, readEveryMs: READ_EVERY_MS });
  await untilFull(child, count);
  const beside = await latenessOfOthers(peer, child, seconds);
  const full = await child.memory();
  await crowd.leave();
  await setTimeout(SETTLE_MS);
  const left = await child.memory();
  reader.close();
  return {
    ...compareLateness(without, beside),
    heap: (full.heap - left.heap) / count / 1_024,
    "most without": mostWithout / MIB,
    "most with": (await child.call<number>("mostResident")) / MIB,
  };
}

async function stalled(peer: Peer, count: number): Promise<Answer> {
  await using child = await startChild(peer.file, peer.options);
  await using crowd = await startCrowd();
  const runId = await child.call<string>("start", { events: 20_000, payloadBytes: 1_000 });
  await untilEnded(child, runId);
  const measured: Measured[] = [];
  const look = async (name: string): Promise<void> => {
    const [{ heap, rss }, cutOff] = [
      await child.memory(),
      await child.call<number>("metric", CUT_OFF),
    ];
    measured.push({ name, samples: [{ heap: heap / MIB, rss: rss / MIB, cutOff }] });
  };
  await look("before");
  await crowd.watch({ url: child.url, runId, count, readEveryMs: 0 });
  await untilFull(child, count);
  await look("while they wait");
  await untilMetric(child, CUT_OFF, count, CUT_OFF_MS);
  await setTimeout(SETTLE_MS);
  await look("then");
  const comparison = { measured, of: "then" };
  return {
    title: `${peer.name}: ${count} clients that read nothing of a run of 24 MB, with the default of 30 s`,
    metrics: [
      { key: "heap", label: "heap and buffers, MiB" },
      { key: "rss", label: "resident, MiB" },
      { key: "cutOff", label: "cut off" },
    ],
    measured,
    verdicts: [
      within({ atLeast: count }, "cut off", { ...comparison, metric: "cutOff" }),
      excess(8, "MiB of heap", "before", { ...comparison, metric: "heap" }),
    ],
  };
}

/** Nobody's events are to be late once all wait; until then a thousand replay at once. */
function untilFull(child: Child, count: number): Promise<void> {
  return untilMetric(child, "sockets_buffered_bytes", count * WAITING_BYTES, FILL_MS);
}

/** Waits until a metric of the server's has come so far, or for so long. */
async function untilMetric(child: Child, name: string, value: number, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while ((await child.call<number>("metric", name)) < value && performance.now() < end) {
    await setTimeout(SETTLE_MS);
  }
}
