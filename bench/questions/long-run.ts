import { setTimeout } from "node:timers/promises";
import { OURS_ON_SQLITE } from "../peers.ts";
import { fileSizes } from "../support/file-sizes.ts";
import { makeFolder, removeFolder } from "../support/folders.ts";
import { startChild } from "../support/processes.ts";
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
        metrics: [
          { key: "file", label: "file, MiB" },
          { key: "log", label: "write-ahead log, MiB" },
          { key: "heap", label: "heap, MiB" },
          { key: "rss", label: "resident, MiB" },
        ],
        measured,
        verdicts: [
          growth(8, "file", during, "MiB of the file"),
          growth(16, "heap", during, "MiB of heap"),
        ],
      },
    ];
  },
};

async function measure(settings: Settings, steps: number): Promise<Measured[]> {
  const folder = makeFolder();
  try {
    const options = { ...OURS_ON_SQLITE.options, folder, retentionMs: 3_000 };
    await using child = await startChild(OURS_ON_SQLITE.file, options);
    const measured: Measured[] = [];
    const look = async (name: string): Promise<void> => {
      settings.progress(`Long run: ${name}`);
      measured.push({ name, samples: [await fileSizes(child, folder)] });
    };
    await look("before");
    const input = { step: 0, steps, text: "x".repeat(STATE_BYTES) };
    const runId = await child.call<string>("startLoop", input);
    for (const part of [0.25, 0.5, 0.75, 1]) {
      await until(async () => {
        return (await child.call<number>("lastSeq", runId)) >= steps * part * EVENTS_PER_STEP;
      });
      await look(`after ${steps * part} steps`);
    }
    await untilEnded(child, runId);
    await until(async () => !(await child.call<boolean>("hasRuns")));
    // Space goes back in small portions.
    await setTimeout(2_000);
    await look("after its retention");
    return measured;
  } finally {
    removeFolder(folder);
  }
}
