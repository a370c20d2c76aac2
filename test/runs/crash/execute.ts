import { Access } from "../../../src/access/access.ts";
import { NOBODY } from "../../../src/access/caller.ts";
import type { Backend } from "../../../src/backend.ts";
import type { Interrupt } from "../../../src/events/run-event.ts";
import type { JsonValue } from "../../../src/json.ts";
import { DEFAULT_LIMITS } from "../../../src/runs/engine-options.ts";
import { Engine } from "../../../src/runs/engine.ts";
import { isFinal, type Run } from "../../../src/runs/run.ts";
import type { Graph } from "../../../src/workflows/graph.ts";
import { createWorkflows } from "../../../src/workflows/workflow.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { until } from "../../support/until.ts";

const THREAD = "thread";

/** An engine for as long as `use` takes; the backend is closed after it. */
export async function withEngine<T>(
  backend: Backend,
  graph: Graph,
  durability: string,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = new Engine({
    workflows: createWorkflows({ graph: { graph, config: { durability } } }),
    backend,
    access: new Access({ isAuthenticated: false }),
    limits: DEFAULT_LIMITS,
    exposeErrors: true,
    drainMs: 0,
    logger: recordingLogger(),
  });
  engine.open();
  try {
    return await use(engine);
  } finally {
    await engine[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  }
}

/** Starts a run on the one thread there is. */
export async function start(engine: Engine, runId: string): Promise<void> {
  const input: JsonValue = { log: ["given"] };
  await engine.start({ caller: NOBODY, workflow: "graph", input, runId, threadId: THREAD });
}

/** Answers the run's questions one by one, each by itself, until the run has ended. */
export async function drive(engine: Engine, runId: string): Promise<Run> {
  for (;;) {
    let run: Run | undefined;
    await until(async () => {
      run = await engine.get(runId, NOBODY);
      return isFinal(run.status) || run.status === "interrupted";
    });
    if (!run || isFinal(run.status)) return run as Run;
    const [question] = run.interrupts.toSorted((a, b) => textOf(a).localeCompare(textOf(b)));
    const answers = question
      ? [{ interruptId: question.id, value: `answer to ${textOf(question)}` }]
      : [];
    await engine.resume(runId, answers, NOBODY);
  }
}

/** Which of two that are asked at once is told first is not certain. */
export const textOf = ({ value }: Interrupt) => JSON.stringify(value);
