import { isDeepStrictEqual } from "node:util";
import type { Interrupt, RunError } from "../events/run-event.ts";
import type { JsonObject } from "../json.ts";
import type { Workflow } from "../workflows/workflow.ts";
import type { Recoveries, Run, Segment } from "./run.ts";
import type { ThreadHead } from "./thread-head.ts";

/** How often in a row a run is taken over after a crash while no checkpoint is added. */
const MAX_RECOVERIES = 3;

/** Of a run that has not been taken over after a crash. */
export const NO_RECOVERIES: Recoveries = { count: 0, checkpointId: null };

/** What a graph is given: the run's input, answers by their interrupts' ids, or nothing, to go on. */
export type Start =
  | { readonly kind: "input" | "continue" }
  | { readonly kind: "answers"; readonly answers: JsonObject };

/** What an executor that has claimed a run does with it. */
export type Plan = { readonly kind: "fail"; readonly error: RunError } | ExecutePlan;

/** How it lets the run go on. */
export interface ExecutePlan {
  readonly kind: "execute";
  readonly start: Start;
  /** The checkpoint to start from; `null` for the thread's newest. */
  readonly fromCheckpointId: string | null;
  /** Stored before the graph is started. */
  readonly segment: Segment;
  readonly recoveries: Recoveries;
}

/**
 * Decides how a claimed run goes on. A segment that has not been started yet is started. One that
 * has was cut off by a crash: if the thread has a newer checkpoint than at its start, LangGraph goes
 * on from there; if not, nothing of it is left, and it is started again. (Giving an input again once
 * it is in a checkpoint would double it; going on without it before would lose it.) `head` is where
 * the thread stands, `null` where that cannot be known.
 */
export function planExecution(
  run: Run,
  workflow: Pick<Workflow, "version" | "recovery">,
  head: ThreadHead | null,
): Plan {
  const { segment } = run;
  const { afterCrash, whenChanged } = workflow.recovery;
  const isUnderWay = run.startedAt !== null;
  if (isUnderWay && run.workflowVersion !== workflow.version && whenChanged === "fail") {
    return fail("WORKFLOW_CHANGED", "The graph has other nodes or edges than when the run started");
  }
  const { base = { checkpointId: head?.checkpointId ?? null } } = segment;
  const execute = { kind: "execute", segment: { ...segment, base } } as const;
  if (!segment.base) {
    const { fromCheckpointId } = segment;
    return { ...execute, start: segment, fromCheckpointId, recoveries: NO_RECOVERIES };
  }

  if (afterCrash === "fail") {
    return fail("RECOVERY_FAILED", "The process that executed the run died");
  }
  if (!head) {
    const message = "The process that executed the run died, and its graph is on another server";
    return fail("RECOVERY_FAILED", message);
  }
  const recoveries = countRecovery(run.recoveries, head);
  if (recoveries.count > MAX_RECOVERIES) {
    const message = `The process that executed the run died ${recoveries.count} times at the same checkpoint`;
    return fail("RECOVERY_FAILED", message);
  }
  if (head.checkpointId !== segment.base.checkpointId) {
    return { ...execute, start: { kind: "continue" }, fromCheckpointId: null, recoveries };
  }
  const { fromCheckpointId } = segment;
  return { ...execute, start: startAgain(run, head), fromCheckpointId, recoveries };
}

/** What is left to execute of a graph that was asked to stop before its next step, and has. */
export function segmentAfterDrain(
  { start, fromCheckpointId, segment: { base, trace } }: ExecutePlan,
  head: ThreadHead,
): Segment {
  // As long as no step has been taken, answers are in no checkpoint.
  if (head.checkpointId === base?.checkpointId) {
    return { answers: {}, ...start, fromCheckpointId, trace };
  }
  return { kind: "continue", answers: {}, fromCheckpointId: null, trace };
}

function countRecovery(before: Recoveries, { checkpointId }: ThreadHead): Recoveries {
  const isSame = before.checkpointId === checkpointId;
  return { count: isSame ? before.count + 1 : 1, checkpointId };
}

/** Answers that were taken before the crash are not given again: others may be asked for by now. */
function startAgain({ segment, interrupts: asked }: Run, { pendingInterrupts }: ThreadHead): Start {
  if (segment.kind !== "answers") return { kind: segment.kind };
  // Before LangGraph 1.7 the next question of a node has the id of the one before.
  const isOpen = (id: string): boolean =>
    pendingInterrupts.some((one) => one.id === id && isSameQuestion(one, asked));
  const pending = Object.entries(segment.answers).filter(([id]) => isOpen(id));
  return pending.length === 0
    ? { kind: "continue" }
    : { kind: "answers", answers: Object.fromEntries(pending) };
}

function isSameQuestion(
  { id, value }: Pick<Interrupt, "id" | "value">,
  asked: readonly Interrupt[],
): boolean {
  const question = asked.find((one) => one.id === id);
  return question !== undefined && isDeepStrictEqual(question.value, value);
}

function fail(code: string, message: string): Plan {
  return { kind: "fail", error: { code, message } };
}
