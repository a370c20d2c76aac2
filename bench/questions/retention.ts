import { setTimeout } from "node:timers/promises";
import { SIZE_METRICS, watchSizes } from "../support/file-sizes.ts";
import { inPortions } from "../support/portions.ts";
import type { Measured, Question, Settings } from "../support/question.ts";
import { until, untilEnded } from "../support/until.ts";
import { growth } from "../support/verdicts.ts";

/** How many runs are started at a time. */
const TOGETHER = 50;

export const question: Question = {
  title: "What is left of runs that ended and are past their retention",
  target: "10,000 runs: resident memory and file back to where they were",
  async run(settings) {
    const runs = settings.size(10_000, 1_000);
    const measured = await measure(settings, runs);
    return [
      {
        title: `${runs.toLocaleString("en-GB")} runs of 5 events on SQLite, each forgotten at once`,
        metrics: SIZE_METRICS,
        measured,
        verdicts: [
          growth(1, "file", measured, "MiB of the file"),
          growth(8, "heap", measured, "MiB of heap"),
          growth(32, "rss", measured, "MiB resident"),
        ],
        notes: ["Compared: the end with the first quarter, after which everything is loaded."],
      },
    ];
  },
};

function measure(settings: Settings, runs: number): Promise<Measured[]> {
  return watchSizes(1, async (child, look) => {
    for (const part of [0, 0.25, 0.5, 0.75, 1]) {
      const name = `after ${runs * part} runs`;
      settings.progress(`Retention: ${name}`);
      if (part > 0) {
        await inPortions(runs / 4, TOGETHER, async () => {
          const runId = await child.call<string>("start", { events: 5 });
          await untilEnded(child, runId);
        });
        await until(async () => !(await child.call<boolean>("hasRuns")));
        // Space goes back in small portions.
        await setTimeout(1_000);
      }
      await look(name);
    }
  });
}
