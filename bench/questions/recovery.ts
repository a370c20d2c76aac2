import { followOperation, OURS_ON_SQLITE, overWebSocket, resumeOperation } from "../peers.ts";
import { makeFolder, removeFolder } from "../support/folders.ts";
import { stampOf } from "../support/latencies.ts";
import { startChild } from "../support/processes.ts";
import type { Question, Sample } from "../support/question.ts";
import { alternate } from "../support/rounds.ts";
import { within } from "../support/verdicts.ts";

export const question: Question = {
  title: "A process is killed: when does its run go on?",
  target: "≤ 5 s; here on SQLite, after a restart",
  async run(settings) {
    const { name, options } = OURS_ON_SQLITE;
    const contestant = {
      name,
      open: async () => ({
        measure: () => measure({ ...options }),
        [Symbol.asyncDispose]: async () => {},
      }),
    };
    const measured = await alternate(settings, "Recovery", [contestant]);
    return [
      {
        title: "kill -9 amid a run that writes 50 events/s, started again at once",
        metrics: [
          { key: "started", label: "process start → next new event, ms" },
          { key: "listening", label: "listening → next new event, ms" },
        ],
        measured,
        verdicts: [
          within({ atMost: 5_000 }, "ms from its start", {
            measured,
            metric: "started",
            of: name,
          }),
        ],
      },
    ];
  },
};

async function measure(options: object): Promise<Sample> {
  const folder = makeFolder();
  try {
    const { runId, cursor } = await startAndKill({ ...options, folder });
    const killedAt = Number(process.hrtime.bigint());
    const startedAt = performance.now();
    await using child = await startChild(OURS_ON_SQLITE.file, { ...options, folder });
    const listeningAt = performance.now();
    let newAt: (at: number) => void = () => {};
    const isNew = new Promise<number>((resolve) => {
      newAt = resolve;
    });
    const operation = resumeOperation(runId, cursor);
    const stream = await overWebSocket(child, operation, (buffer, start, end) => {
      // What was written before and had not been sent comes first.
      if (stampOf(buffer, start, end) > killedAt) newAt(performance.now());
    });
    const failed = stream.tally.completed().then(() => {
      throw new Error("The run ended");
    });
    const at = await Promise.race([isNew, failed]);
    stream.close();
    return { started: at - startedAt, listening: at - listeningAt };
  } finally {
    removeFolder(folder);
  }
}

/** Returns what a client knows when the process is gone. */
async function startAndKill(options: object): Promise<{ runId: string; cursor: string }> {
  await using child = await startChild(OURS_ON_SQLITE.file, options);
  const work = { events: 100_000, perTurn: 1, pauseMs: 20, stamps: true };
  const runId = await child.call<string>("start", work);
  let cursor = "";
  const operation = followOperation(runId);
  const { tally, close } = await overWebSocket(child, operation, (buffer, start, end) => {
    cursor = /"cursor":"([^"]+)"/.exec(buffer.toString("utf8", start, end))?.[1] ?? cursor;
  });
  await tally.reached(10);
  await child.kill();
  close();
  return { runId, cursor };
}
