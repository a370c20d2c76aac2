import { overWebSocket, stepsOperation } from "../peers.ts";
import { whyNot } from "../support/engines.ts";
import type { Child } from "../support/processes.ts";
import type { Question, Sample } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { startCluster } from "../support/start-peer.ts";
import { within } from "../support/verdicts.ts";

/** What happens to the worker that executes the run. */
const BLOWS = { "kill -9": "SIGKILL", "kill -STOP": "SIGSTOP", "kill -TERM": "SIGTERM" } as const;

const BACKENDS = { Postgres: "postgres", Redis: "redis" } as const;

export const question: Question = {
  title: "The worker that executes a run is gone: when does the run go on elsewhere?",
  target: "≤ 5 s from the blow to the next attempt's first event at the client of a gateway",
  async run(settings) {
    const contestants: Contestant[] = [];
    const notes: string[] = [];
    for (const [name, backend] of Object.entries(BACKENDS)) {
      const reason = await whyNot(backend);
      if (reason !== undefined) notes.push(`– ${name} is left out: ${reason}`);
      else contestants.push(...Object.keys(BLOWS).map((blow) => after(blow, name, backend)));
    }
    const measured = await alternate(settings, "Recovery", contestants);
    return [
      {
        title: "A gateway and two workers; a run of steps of 0.2 s that writes 50 events/s",
        metrics: [
          { key: "recovery", label: "blow → first event of the next attempt, ms" },
          { key: "again", label: "events written again" },
        ],
        measured,
        verdicts: measured.map(({ name: of }) =>
          within({ atMost: 5_000 }, "ms", { measured, metric: "recovery", of }),
        ),
        notes,
      },
    ];
  },
};

function after(blow: string, name: string, backend: string): Contestant {
  const signal = BLOWS[blow as keyof typeof BLOWS];
  return {
    name: `${name}, ${blow}`,
    open: async () => ({
      measure: () => measure(backend, signal),
      async [Symbol.asyncDispose]() {},
    }),
  };
}

/** One event of the run, as the client has it. */
interface Seen {
  readonly pid: number;
  readonly attempt: number;
  readonly step: number;
  /** When it came: `performance.now()`. */
  readonly at: number;
}

/** Processes of its own each time: what ends in it does not come back. */
async function measure(backend: string, signal: NodeJS.Signals): Promise<Sample> {
  await using cluster = await startCluster({
    options: { backend },
    roles: ["gateway", "worker", "worker"],
  });
  const [gateway, ...workers] = cluster.processes;
  if (!gateway) throw new Error("There is no gateway");
  const runId = await gateway.call<string>("startSteps", { step: 0, steps: 1_000 });
  const seen: Seen[] = [];
  const stream = await overWebSocket(gateway, stepsOperation(runId), (buffer, start, end) => {
    seen.push(read(buffer.toString("utf8", start, end)));
  });
  try {
    // Amid a step, and not in the first one.
    await stream.tally.reached(25);
    const executor = workerOf(seen, workers);
    const blowAt = performance.now();
    executor.signal(signal);
    const first = await firstOfNext(seen, stream.tally.completed());
    const before = seen.slice(0, seen.indexOf(first));
    return {
      recovery: first.at - blowAt,
      again: before.filter(({ step }) => step >= first.step).length,
    };
  } finally {
    stream.close();
    // Otherwise it would not notice that nobody needs it any more.
    for (const worker of workers) worker.signal("SIGCONT");
  }
}

function workerOf(seen: readonly Seen[], workers: readonly Child[]): Child {
  const worker = workers.find(({ pid }) => pid === seen.at(-1)?.pid);
  if (!worker) throw new Error("No worker executes the run");
  return worker;
}

async function firstOfNext(seen: readonly Seen[], ended: Promise<void>): Promise<Seen> {
  let isOver = false;
  void ended.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  const { attempt = 0 } = seen.at(-1) ?? {};
  for (;;) {
    const first = seen.find((event) => event.attempt > attempt);
    if (first) return first;
    if (isOver) throw new Error("The run ended");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function read(frame: string): Seen {
  const [, attempt, step] = /"attempt":(\d+),"current":(\d+)/.exec(frame) ?? [];
  const [, pid] = /"status":"(\d+) /.exec(frame) ?? [];
  return { pid: Number(pid), attempt: Number(attempt), step: Number(step), at: performance.now() };
}
