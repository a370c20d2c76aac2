import stringify from "safe-stable-stringify";
import type { Backend } from "../backend.ts";
import { NotFoundError, StaleWriterError, WorkflowChangedError } from "../errors.ts";
import type { Workflows } from "../workflows/workflow.ts";
import { checkAnswers, type InterruptAnswer } from "./answers.ts";
import { queuedEvent, traced } from "./new-run.ts";
import type { Run } from "./run.ts";

/**
 * Queues an interrupted run, to go on with these answers; resolves with it. `undefined` if the run is
 * not any more what `run` says, because somebody else answered or cancelled it: read it again, and
 * judge anew.
 *
 * Throws what {@link checkAnswers} throws, `NotFoundError` where the workflow is no longer served, and
 * `WorkflowChangedError`; the run is interrupted as before.
 */
export async function resumeRun(
  run: Run,
  answers: readonly InterruptAnswer[],
  at: { readonly backend: Backend; readonly workflows: Workflows; readonly now: Date },
): Promise<Run | undefined> {
  const { events, runs, wakeups } = at.backend;
  const given = checkAnswers(run, answers);
  checkUnchanged(run, at.workflows);
  const event = queuedEvent(run, { seq: run.lastSeq + 1, now: at.now });
  try {
    await events.append(run.id, [event], {
      after: run.lastSeq,
      epoch: run.epoch,
      patch: {
        status: "queued",
        segment: { kind: "answers", answers: given, fromCheckpointId: null, ...traced() },
      },
    });
  } catch (error) {
    if (error instanceof StaleWriterError) return undefined;
    throw error;
  }
  wakeups.notify(run.id);
  const resumed = await runs.get(run.id);
  // To the log, another process that answers at the same time repeats our batch: the first one counts.
  const isOurs = resumed && stringify(resumed.segment.answers) === stringify(given);
  return isOurs ? resumed : undefined;
}

function checkUnchanged(run: Run, workflows: Workflows): void {
  const workflow = workflows.get(run.workflow);
  if (!workflow) throw new NotFoundError("Workflow", run.workflow);
  if (workflow.version === run.workflowVersion || workflow.recovery.whenChanged === "resume")
    return;
  throw new WorkflowChangedError(run.id, run.workflow);
}
