import { requestFor } from "../access/authorize.ts";
import { BadUserInputError, NotFoundError, RunConflictError } from "../errors.ts";
import type { Telemetry } from "../telemetry.ts";
import { checkContext, checkInput } from "../workflows/check-input.ts";
import type { Workflow } from "../workflows/workflow.ts";
import type { EngineOptions } from "./engine-options.ts";
import { refuseHostile } from "./hostile-json.ts";
import {
  checkId,
  newRun,
  queuedEvent,
  type ContinueRequest,
  type NewRun,
  type RunRequest,
  type StartRequest,
} from "./new-run.ts";
import { openRuns } from "./open-runs.ts";
import type { Run } from "./run.ts";
import { StartLimits } from "./start-limits.ts";
import type { ThreadLocks } from "./thread-locks.ts";
import type { Threads } from "./threads.ts";
import type { Worker } from "./worker.ts";

/** What a start comes to: `isNew` is `false` when the run had been started before. */
export interface Started {
  readonly run: Run;
  readonly isNew: boolean;
}

export interface StarterOptions extends EngineOptions {
  readonly clock: () => Date;
  readonly telemetry: Telemetry;
  readonly locks: ThreadLocks;
  readonly threads: Threads;
  readonly worker: Worker;
}

/** Makes runs, once it is sure that they may be. */
export class Starter {
  readonly #options: StarterOptions;
  readonly #startLimits: StartLimits;

  constructor(options: StarterOptions) {
    this.#options = options;
    this.#startLimits = new StartLimits({ runs: options.backend.runs, limits: options.limits });
  }

  /** As `Engine.start` promises. */
  async start(request: StartRequest): Promise<Started> {
    const { input, threadId, caller, checkpointId } = request;
    const { access, threads } = this.#options;
    access.admitTo("start", caller);
    const workflow = this.#workflow(request.workflow);
    const asked = {
      action: "start",
      workflow: workflow.name,
      runId: request.runId,
      threadId,
    } as const;
    await access.check(asked, caller);
    checkId("threadId", threadId);
    checkId("checkpointId", checkpointId);
    refuseHostile(input, ["input"]);
    if (checkpointId !== undefined && threadId === undefined) {
      throw new BadUserInputError("checkpointId names one of a thread: threadId is missing", [
        { path: ["threadId"], message: "Must be given with checkpointId" },
      ]);
    }
    const run = this.#newRun(request, { kind: "input", workflow, input, threadId });
    return this.#startOnce(run, request, async () => {
      // One whose id was made up for it is on a thread that nobody can have named.
      if ((threadId ?? request.runId) !== undefined) {
        await threads.checkMayStartOn(run.threadId, workflow, caller);
      }
      await checkInput(workflow, input);
      await checkContext(workflow, run.context);
      if (checkpointId === undefined) return;
      const thread = await threads.theirs(run.threadId, caller);
      const graph = await threads.openWithCheckpoints({ ...thread, workflow: workflow.name });
      await graph.checkpoint(checkpointId);
    });
  }

  /** As `Engine.continue` promises. */
  async continue(request: ContinueRequest): Promise<Started> {
    const { threadId, caller, checkpointId, runId } = request;
    const { access, backend, threads, workflows } = this.#options;
    checkId("runId", runId);
    checkId("checkpointId", checkpointId);
    const thread = await threads.find(threadId, caller, "continue");
    const before = runId === undefined ? undefined : await backend.runs.get(runId);
    if (before && before.viewer !== caller.owner) throw new RunConflictError(before.id);
    // Another workflow may have run on the thread since.
    const name = before?.workflow ?? thread.workflow;
    const workflow = workflows.get(name);
    if (!workflow) throw new NotFoundError("Workflow", name);
    await access.check({ action: "continue", workflow: workflow.name, runId, threadId }, caller);
    const run = this.#newRun(request, { kind: "continue", workflow, input: null, threadId });
    return this.#startOnce(run, request, async () => {
      await checkContext(workflow, run.context);
      const graph = await threads.openWithCheckpoints(await threads.theirs(threadId, caller));
      // One that waits goes on from what those before it will leave behind.
      if (checkpointId === undefined && mayWait(request)) return;
      if (!mayWait(request)) await threads.checkIdle(threadId);
      await graph.checkpoint(checkpointId);
      const state = await graph.state(checkpointId);
      if (state && state.next.length > 0) return;
      throw new BadUserInputError(
        `Nothing is next on thread ${JSON.stringify(threadId)}: start a run with an input, or continue from an earlier checkpoint`,
      );
    });
  }

  /** It is shown to whoever starts it: its events, or its record. */
  async #checkMayShow(run: Run, { caller, isWatched = false }: RunRequest): Promise<void> {
    await this.#options.access.check(requestFor(isWatched ? "watch" : "read", run), caller);
  }

  /** Finds the run that was started under this id before, or else starts this one if `check` lets it. */
  async #startOnce(run: Run, request: RunRequest, check: () => Promise<void>): Promise<Started> {
    const { backend, locks, worker, telemetry } = this.#options;
    if (request.runId !== undefined) {
      const before = await backend.runs.get(run.id);
      if (before) {
        const same = found(before, run);
        await this.#checkMayShow(before, request);
        return same;
      }
    }
    await this.#checkMayShow(run, request);
    return locks.run(run.threadId, async () => {
      // The thread and its checkpoints may be gone by the time that it is our turn.
      await check();
      // Started again while it waited for its turn: that is never too much.
      const since = request.runId === undefined ? undefined : await backend.runs.get(run.id);
      if (since) return found(since, run);
      const replaced = request.whenBusy === "replace" ? await this.#replacedBy(run, request) : [];
      const takeBack = await this.#startLimits.admit(run.viewer);
      const placed = mayWait(request) ? { ...run, createdAt: await this.#timeAfter(run) } : run;
      const first = queuedEvent(placed, { seq: 1, now: placed.createdAt });
      const { run: stored, isNew } = await backend.runs
        .create(placed, first, { mayWait: mayWait(request) })
        .catch((error: unknown) => {
          takeBack();
          throw error;
        });
      if (!isNew) {
        takeBack();
        return found(stored, run);
      }
      telemetry.workflow(run.workflow).appended(1, ["queued"]);
      // Once it is stored: what is refused, or was started before, takes nobody's place.
      for (const runId of replaced) await worker.cancel(runId);
      worker.poke();
      return { run: stored, isNew };
    });
  }

  /** A time by which the run is behind all others of its thread, whatever its id is. */
  async #timeAfter({ threadId, createdAt }: Run): Promise<Date> {
    const { runs } = await this.#options.backend.runs.list({ threadId }, { first: 1 });
    const newest = runs[0]?.createdAt.getTime() ?? 0;
    return new Date(Math.max(createdAt.getTime(), newest + 1));
  }

  /**
   * The ids of all runs that this one would wait for, newest first: one that waits is cancelled before
   * its turn comes. Throws `ForbiddenError` where one of them may not be cancelled.
   */
  async #replacedBy({ threadId, viewer }: Run, { caller }: RunRequest): Promise<readonly string[]> {
    const { access, backend } = this.#options;
    const ids: string[] = [];
    for await (const run of openRuns(backend.runs, { threadId, viewer })) {
      await access.check(requestFor("cancel", run), caller);
      ids.push(run.id);
    }
    return ids;
  }

  #workflow(name: string): Workflow {
    const { workflows } = this.#options;
    const workflow = workflows.get(name);
    if (workflow) return workflow;
    const known = [...workflows.keys()].join(", ");
    throw new BadUserInputError(
      `Workflow ${JSON.stringify(name)} does not exist; there are: ${known}`,
    );
  }

  #newRun(request: RunRequest, made: Omit<NewRun, "timeoutMs" | "createdAt">): Run {
    checkId("runId", request.runId);
    refuseHostile(request.context ?? null, ["context"]);
    const timeoutMs = this.#timeout(request.timeoutMs);
    return newRun(request, { ...made, timeoutMs, createdAt: this.#options.clock() });
  }

  #timeout(asked: number | undefined): number {
    const most = this.#options.limits.runTimeoutMs;
    if (asked === undefined) return most;
    if (asked >= 1 && asked <= most) return asked;
    throw new BadUserInputError(`timeoutMs must be between 1 and ${most}`, [
      { path: ["options", "timeoutMs"], message: `Must be between 1 and ${most}` },
    ]);
  }
}

function mayWait({ whenBusy }: RunRequest): boolean {
  return whenBusy === "enqueue" || whenBusy === "replace";
}

/** The run that was started before under the id of `run`, if it is the same. Of somebody else's nothing is told. */
function found(before: Run, run: Run): Started {
  if (before.inputHash !== run.inputHash || before.viewer !== run.viewer) {
    throw new RunConflictError(run.id);
  }
  return { run: before, isNew: false };
}
