import type { RunnableConfig } from "@langchain/core/runnables";
import {
  type BaseCheckpointSaver,
  isGraphDrained,
  isInvalidResume,
  RunControl,
} from "@langchain/langgraph";
import type { Span } from "@opentelemetry/api";
import type { Backend } from "../backend.ts";
import { BackendUnavailableError, StaleWriterError } from "../errors.ts";
import type { RunError, RunStatus } from "../events/run-event.ts";
import type { Logger } from "../logger.ts";
import type { WorkflowTelemetry } from "../telemetry.ts";
import type { Graph } from "../workflows/graph.ts";
import { graphOf, type Workflow } from "../workflows/workflow.ts";
import { ActiveTime } from "./active-time.ts";
import { bounded, type EventBounds } from "./bounded-event.ts";
import { CheckpointPruner } from "./checkpoint-pruner.ts";
import { chunkToEvent } from "./chunk-to-event.ts";
import { cancelled, ended, failed, refused, type Ending } from "./ending.ts";
import { configOf, toInput } from "./graph-call.ts";
import { checkpointerOf, withBackend } from "./graph-with-backend.ts";
import type { Ingest, IngestOutcome } from "./ingest/ingest.ts";
import { NodeSpans } from "./ingest/node-spans.ts";
import { isRemote } from "./ingest/remote.ts";
import { TaskWrites } from "./ingest/task-writes.ts";
import { NO_PAST, readPast, type Past } from "./past.ts";
import { NO_RECOVERIES, planExecution, segmentAfterDrain, type ExecutePlan } from "./plan.ts";
import { Recorder, type RecordLimits } from "./recorder.ts";
import { toRunError } from "./run-error.ts";
import { RunSaver } from "./run-saver.ts";
import { inSpan, noteError, startRun } from "../tracing.ts";
import { runFields } from "./run-fields.ts";
import type { Run, RunPatch } from "./run.ts";
import { hasCheckpoint, readHead } from "./thread-head.ts";
import { unlessAborted } from "./unless-aborted.ts";
import type { UntypedEvents } from "./untyped-events.ts";

/** Why an execution is stopped from outside. `released` leaves the run to whoever claims it next. */
export type StopReason = "cancelled" | "timeout" | "eventLimit" | "lost" | "released";

export interface ExecutionOptions {
  /** As claimed: its lease is ours. */
  readonly run: Run;
  readonly workflow: Workflow;
  readonly ingest: Ingest;
  readonly backend: Backend;
  readonly limits: RecordLimits & EventBounds;
  readonly untypedEvents: UntypedEvents;
  readonly exposeErrors: boolean;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly telemetry: WorkflowTelemetry;
}

/** A graph that is about to be started. */
interface Prepared {
  readonly graph: Graph;
  readonly saver: BaseCheckpointSaver | undefined;
  readonly config: RunnableConfig;
  readonly taskWrites: TaskWrites | undefined;
  readonly plan: ExecutePlan;
  readonly past: Past;
}

/**
 * One execution of a run, from its claim to the status it ends with. `done` never rejects: every
 * outcome, failure of the log included, becomes a status or, if it cannot be written, a log line.
 */
export class Execution {
  readonly done: Promise<void>;
  readonly #options: ExecutionOptions;
  readonly #recorder: Recorder;
  readonly #abort = new AbortController();
  readonly #control = new RunControl();
  readonly #time: ActiveTime;
  readonly #pruner: CheckpointPruner;
  readonly #span: Span | undefined;
  #stopReason: StopReason | undefined;

  constructor(options: ExecutionOptions) {
    const { run, backend, limits, clock, logger, telemetry } = options;
    this.#options = options;
    this.#time = new ActiveTime({ run, clock, onTimeout: () => this.stop("timeout") });
    this.#pruner = new CheckpointPruner(run, backend, logger);
    this.#recorder = new Recorder({
      runId: run.id,
      epoch: run.epoch,
      lastSeq: run.lastSeq,
      log: backend.events,
      wakeups: backend.wakeups,
      limits,
      now: () => clock().getTime(),
      telemetry,
      onLimit: () => this.stop("eventLimit"),
      onFailure: (error) => this.#onLogFailure(error),
    });
    const { id, workflow, epoch: attempt, segment } = run;
    this.#span = startRun({ id, workflow, attempt, origin: segment.trace });
    this.done = inSpan(this.#span, () => this.#execute());
  }

  /** Aborts the graph; the reason decides how the run ends. The first call counts. */
  stop(reason: StopReason): void {
    if (this.#stopReason !== undefined) return;
    this.#stopReason = reason;
    if (reason === "lost") this.#recorder.discard();
    this.#abort.abort(new Error(`The run was stopped: ${reason}`));
  }

  /**
   * Asks the graph to stop before its next step, and then leaves the run to whoever claims it next.
   * One that keeps no checkpoints would begin anew: it goes on until it ends or is stopped.
   */
  drain(): void {
    this.#control.requestDrain("the server stops");
  }

  async #execute(): Promise<void> {
    const { run, workflow, logger } = this.#options;
    logger.info(runFields(run), "run started");
    try {
      const ending = await this.#run(workflow);
      if ("body" in ending) await this.#recorder.end(ending.body, { ...ending.patch, owner: null });
      else await this.#recorder.release({ ...ending, owner: null });
      this.#tellEnd("body" in ending ? ending.body.status : "released");
      await this.#pruner.finish();
    } catch (error) {
      logger.error({ err: error, ...runFields(run) }, "a run could not be ended");
      noteError(this.#span, error);
    } finally {
      this.#span?.end();
    }
  }

  /** Of a lost run somebody else tells the end. */
  #tellEnd(status: RunStatus | "released"): void {
    const { run, logger } = this.#options;
    const durationMs = this.#time.ownMs;
    const { count: events } = this.#recorder;
    const end = this.#stopReason === "lost" ? "lost" : status;
    this.#span?.setAttribute("langgraph.status", end);
    logger.info({ ...runFields(run), status: end, durationMs, events }, "run ended");
  }

  /** Resolves with how the run ends, or with what changes in its record when it is released. */
  async #run(workflow: Workflow): Promise<Ending | RunPatch> {
    this.#time.bound();
    try {
      const prepared = await unlessAborted(this.#abort.signal, this.#prepare(workflow));
      if ("body" in prepared) return prepared;
      // Its log has told how long it had been at work before a crash.
      this.#time.bound();
      const ending = await this.#drive(workflow, prepared);
      return this.#stopped() ?? ending;
    } catch (error) {
      // Not the run's fault: it goes on from its last checkpoint, wherever that can be read again.
      if (error instanceof BackendUnavailableError) this.stop("lost");
      return this.#stopped() ?? this.#failed(this.#describe(error), error);
    } finally {
      this.#time.unbound();
    }
  }

  async #drive(workflow: Workflow, prepared: Prepared): Promise<Ending | RunPatch> {
    try {
      const ingested = this.#ingest(workflow, prepared);
      const outcome = await unlessAborted(this.#abort.signal, ingested);
      return ended(outcome, { now: this.#options.clock(), activeMs: this.#time.totalMs });
    } catch (error) {
      if (this.#stopReason !== undefined) throw error;
      if (error instanceof Error && isGraphDrained(error)) return this.#drained(prepared);
      if (isInvalidResume(error)) return this.#refused(prepared, error);
      throw error;
    }
  }

  /** Decides how to go on, and stores that before anything of the graph runs. */
  async #prepare(workflow: Workflow): Promise<Prepared | Ending> {
    const { run, backend, telemetry } = this.#options;
    const bare = configOf(run, workflow);
    const original = await graphOf(workflow, bare);
    const saver = checkpointerOf(original, backend);
    const plan = planExecution(
      run,
      workflow,
      isRemote(original) ? null : await readHead(saver, run.threadId),
    );
    const past = run.segment.base ? await readPast(backend.events, run.id) : NO_PAST;
    this.#time.add(past.lastAttemptMs);
    const fail = (error: RunError): Ending => {
      this.#recordRunning({});
      return this.#failed(error);
    };
    if (plan.kind === "fail") return fail(plan.error);
    if (!(await hasCheckpoint(saver, run.threadId, plan.fromCheckpointId))) {
      return fail({
        code: "RUN_FAILED",
        message: `Checkpoint ${plan.fromCheckpointId}, which it was to start from, is no longer kept`,
      });
    }
    if (plan.recoveries.count > 0) telemetry.recovered();
    this.#recordRunning({ segment: plan.segment, recoveries: plan.recoveries });
    await this.#recorder.flush();

    const taskWrites = saver && new TaskWrites();
    const runSaver =
      saver &&
      new RunSaver({
        runId: run.id,
        saver: saver === backend.checkpointer ? (backend.checkpointerFor?.(run) ?? saver) : saver,
        flush: () => this.#recorder.flush(),
        signal: this.#abort.signal,
        taskWrites: taskWrites ?? new TaskWrites(),
        onCheckpoint: () => {
          // What a graph keeps in a saver of its own is its own affair.
          if (saver === backend.checkpointer) this.#pruner.note();
        },
      });
    return {
      saver,
      graph: withBackend(original, runSaver, backend),
      config: configOf(run, workflow, plan.fromCheckpointId),
      taskWrites,
      plan,
      past,
    };
  }

  #recordRunning(patch: RunPatch): void {
    const { run, clock } = this.#options;
    this.#recorder.recordStatus(
      { kind: "status", status: "running" },
      {
        ...patch,
        status: "running",
        startedAt: run.startedAt ?? clock(),
        activeMs: this.#time.beforeMs,
      },
    );
  }

  #ingest(
    workflow: Workflow,
    { graph, saver, config, taskWrites, plan, past }: Prepared,
  ): Promise<IngestOutcome> {
    const { run, ingest, untypedEvents, limits } = this.#options;
    return ingest({
      graph,
      input: toInput(plan.start, run, workflow),
      config: { ...config, ...(saver && { control: this.#control }) },
      taskWrites,
      signal: this.#abort.signal,
      spans: this.#span?.isRecording() ? new NodeSpans(run) : undefined,
      observe: workflow.observe,
      onChunk: (chunk, origin) => {
        const whole = chunkToEvent(chunk, workflow.events, (error) => this.#describe(error));
        const event = bounded(whole, limits);
        const { body } = event;
        const { taskId } = origin;
        if (body.kind === "state" && taskId !== null && past.hasUpdate(taskId, body.changes))
          return;
        untypedEvents.report(workflow.name, body, origin);
        this.#recorder.record(event, origin);
      },
    });
  }

  /** The node's own schema refused an answer: all questions are open whose nodes have not finished. */
  async #refused({ saver }: Prepared, cause: unknown): Promise<Ending> {
    const { threadId, interrupts: asked } = this.#options.run;
    const { message } = this.#describe(cause);
    const { pendingInterrupts } = await readHead(saver, threadId);
    const pending = asked.filter(({ id }) => pendingInterrupts.some((one) => one.id === id));
    // A saver of the graph's own may not tell.
    const interrupts = pending.length > 0 ? pending : asked;
    return refused(interrupts, { code: "BAD_USER_INPUT", message }, this.#time.totalMs);
  }

  /** How the run ends when it was stopped: that counts, whatever the graph made of the abort. */
  #stopped(): Ending | RunPatch | undefined {
    const { run, limits } = this.#options;
    switch (this.#stopReason) {
      case undefined:
        return undefined;
      case "released":
        return { recoveries: NO_RECOVERIES };
      // Of a lost run nothing is recorded any more.
      case "lost":
      case "cancelled":
        return cancelled(this.#options.clock());
      case "timeout":
        return this.#failed({
          code: "RUN_TIMEOUT",
          message:
            `The run took longer than ${run.timeoutMs} ms; ` +
            "ask for more in options.timeoutMs, or raise limits.runTimeoutMs",
        });
      case "eventLimit":
        return this.#failed({
          code: "EVENT_LIMIT",
          message:
            `The run wrote more than ${limits.maxEvents} events or ${limits.maxBytes} bytes; ` +
            "write less often, or raise limits.maxEventsPerRun or limits.maxBytesPerRun",
        });
    }
  }

  #failed(error: RunError, cause?: unknown): Ending {
    const { run, logger, clock } = this.#options;
    noteError(this.#span, cause ?? new Error(error.message));
    logger.warn({ ...runFields(run), code: error.code, err: cause }, "run failed");
    return failed(error, clock());
  }

  /** What goes on next time begins where the graph has stopped, as if it had been asked to. */
  async #drained({ saver, plan }: Prepared): Promise<RunPatch> {
    const head = await readHead(saver, this.#options.run.threadId);
    return { segment: segmentAfterDrain(plan, head), activeMs: this.#time.totalMs };
  }

  #describe(error: unknown): RunError {
    return toRunError(error, this.#options.exposeErrors);
  }

  #onLogFailure(error: unknown): void {
    if (!(error instanceof StaleWriterError)) {
      const { logger, run } = this.#options;
      logger.error({ err: error, ...runFields(run) }, "appending failed");
    }
    this.stop("lost");
  }
}
