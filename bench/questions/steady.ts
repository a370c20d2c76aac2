import { followOperation, OURS, OURS_ON_SQLITE, overWebSocket } from "../peers.ts";
import { MIB } from "../support/file-sizes.ts";
import { inPortions } from "../support/portions.ts";
import { startChild, type Child } from "../support/processes.ts";
import type { Answer, Measured, Question, Sample, Settings } from "../support/question.ts";
import { growth } from "../support/verdicts.ts";

const PARTS = 10;

/** How many subscriptions there are at a time. */
const TOGETHER = 50;

const METRICS = [
  { key: "heap", label: "heap and buffers, MiB" },
  { key: "rss", label: "resident, MiB" },
];

export const question: Question = {
  title: "Whether memory stays flat over a long run, and over many subscriptions",
  target: "one million events, ten thousand subscriptions that come and go: flat",
  run: async (settings) => [await manyEvents(settings), await manySubscriptions(settings)],
};

/** On SQLite: with `memory()` the log is what memory is for. */
async function manyEvents(settings: Settings): Promise<Answer> {
  const events = settings.size(1_000_000, 50_000);
  await using child = await startChild(OURS_ON_SQLITE.file, OURS_ON_SQLITE.options);
  const measured: Measured[] = [{ name: "before", samples: [await sizes(child)] }];
  const { tally, close } = await OURS_ON_SQLITE.run(child, { events });
  for (let part = 1; part <= PARTS; part++) {
    const count = (events / PARTS) * part;
    settings.progress(`Steady: ${count} events`);
    await tally.reached(count);
    const name = `after ${count.toLocaleString("en-GB")} events`;
    measured.push({ name, samples: [await sizes(child)] });
  }
  await tally.completed().finally(close);
  return {
    title: `One run of ${events.toLocaleString("en-GB")} events on SQLite, with a WebSocket subscriber`,
    metrics: METRICS,
    measured,
    verdicts: [
      growth(16, "heap", measured, "MiB of heap"),
      growth(64, "rss", measured, "MiB resident"),
    ],
  };
}

async function manySubscriptions(settings: Settings): Promise<Answer> {
  const subscriptions = settings.size(10_000, 1_000);
  await using child = await startChild(OURS.file, OURS.options);
  const runId = await child.call<string>("start", { events: 0, gate: "never opened" });
  const measured: Measured[] = [{ name: "before", samples: [await sizes(child)] }];
  for (let part = 1; part <= PARTS; part++) {
    const name = `after ${(subscriptions / PARTS) * part} subscriptions`;
    settings.progress(`Steady: ${name}`);
    await inPortions(subscriptions / PARTS, TOGETHER, async () => {
      const { tally, close } = await overWebSocket(child, followOperation(runId));
      await tally.reached(1).finally(close);
    });
    measured.push({ name, samples: [await sizes(child)] });
  }
  return {
    title: `${subscriptions} subscriptions to one run that goes on, ${TOGETHER} at a time`,
    metrics: METRICS,
    measured,
    verdicts: [
      growth(4, "heap", measured, "MiB of heap"),
      growth(32, "rss", measured, "MiB resident"),
    ],
  };
}

async function sizes(child: Child): Promise<Sample> {
  const { heap, rss } = await child.memory();
  return { heap: heap / MIB, rss: rss / MIB };
}
