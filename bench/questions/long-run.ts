import { setTimeout } from "node:timers/promises";
import { SIZE_METRICS, watchSizes } from "../support/file-sizes.ts";
import type { Measured, Question, Settings } from "../support/question.ts";
import { until, untilEnded } from "../support/until.ts";
import { growth } from "../support/verdicts.ts";

/** So many events a step: its start, its update, its end. */
const EVENTS_PER_STEP = 3;
const STATE_BYTES = 200_000;

export const question: Question = {
  title: "What a run of many steps over a large state leaves in the file as it goes",
  target: "the same after the last step as after the first quarter",
  async run(settings) {
    const steps = settings.size(1_000, 400);
    const measured = await measure(settings, steps);
    // Its end is another matter.
    const during = measured.slice(0, -1);
    return [
      {
        title: `${steps} steps over ${STATE_BYTES / 1_000} KB on SQLite`,
        metrics: SIZE_METRICS,
        measured,
        verdicts: [
          growth(8, "file", during, "MiB of the file"),
          growth(16, "heap", during, "MiB of heap"),
        ],
      },
    ];
  },
};

function measure(settings: Settings, steps: number): Promise<Measured[]> {
  return watchSizes(3_000, async (child, look) => {
    const lookAt = (name: string): Promise<void> => {
      settings.progress(`Long run: ${name}`);
      return look(name);
    };
    await lookAt("before");
    const input = { step: 0, steps, text: "x".repeat(STATE_BYTES) };
    const runId = await child.call<string>("startLoop", input);
    for (const part of [0.25, 0.5, 0.75, 1]) {
      await until(async () => {
        return (await child.call<number>("lastSeq", runId)) >= steps * part * EVENTS_PER_STEP;
      });
      await lookAt(`after ${steps * part} steps`);
    }
    await untilEnded(child, runId);
    await until(async () => !(await child.call<boolean>("hasRuns")));
    // Space goes back in small portions.
    await setTimeout(2_000);
    await lookAt("after its retention");
  });
}
