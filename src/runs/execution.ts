import type { BaseCheckpointSaver } from "@langchain/langgraph";
import type { Backend } from "../backend.ts";
import { StaleWriterError } from "../errors.ts";
import type { RunError, StatusBody } from "../events/run-event.ts";
import type { Logger } from "../logger.ts";
import { toGraphInput } from "../workflows/graph-input.ts";
import type { Graph } from "../workflows/graph.ts";
import { graphOf, type Workflow } from "../workflows/workflow.ts";
import { chunkToEvent } from "./chunk-to-event.ts";
import type { Ingest, IngestOutcome } from "./ingest/ingest.ts";
import { Recorder, type RecordLimits } from "./recorder.ts";
import { toRunError } from "./run-error.ts";
import type { Run, RunPatch } from "./run.ts";
import type { UntypedEvents } from "./untyped-events.ts";

/** Why an execution is stopped from outside. */
export type StopReason = "cancelled" | "timeout" | "eventLimit" | "lost";

export interface ExecutionOptions {
  /** As claimed: its lease is ours. */
  readonly run: Run;
  /** `undefined` when the workflow is no longer registered. */
  readonly workflow: Workflow | undefined;
  readonly ingest: Ingest;
  readonly backend: Backend;
  readonly limits: RecordLimits;
  readonly untypedEvents: UntypedEvents;
  readonly exposeErrors: boolean;
  readonly clock: () => Date;
  readonly logger: Logger;
}

/** How an execution ends: the last status, and what of the run's record goes with it. */
interface Ending {
  readonly body: StatusBody;
  readonly patch: RunPatch;
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
  #stopReason: StopReason | undefined;

  constructor(options: ExecutionOptions) {
    const { run, backend, limits, clock } = options;
    this.#options = options;
    this.#recorder = new Recorder({
      runId: run.id,
      epoch: run.epoch,
      lastSeq: run.lastSeq,
      log: backend.events,
      wakeups: backend.wakeups,
      limits,
      now: () => clock().getTime(),
      onLimit: () => this.stop("eventLimit"),
      onFailure: (error) => this.#onLogFailure(error),
    });
    this.done = this.#execute();
  }

  /** Aborts the graph; the reason decides how the run ends. The first call counts. */
  stop(reason: StopReason): void {
    if (this.#stopReason !== undefined) return;
    this.#stopReason = reason;
    if (reason === "lost") this.#recorder.discard();
    this.#abort.abort(new Error(`The run was stopped: ${reason}`));
  }

  async #execute(): Promise<void> {
    const { run, clock } = this.#options;
    const startedAt = run.startedAt ?? clock();
    this.#recorder.recordStatus(
      { kind: "status", status: "running" },
      { status: "running", startedAt, interrupts: [] },
    );
    const timeout = setTimeout(() => this.stop("timeout"), run.timeoutMs);
    try {
      const { body, patch } = await this.#run();
      await this.#recorder.end(body, { ...patch, owner: null });
    } catch (error) {
      this.#options.logger.error({ err: error, runId: run.id }, "a run could not be ended");
    } finally {
      clearTimeout(timeout);
    }
  }

  async #run(): Promise<Ending> {
    const { workflow } = this.#options;
    if (!workflow) {
      return this.#failed({
        code: "WORKFLOW_CHANGED",
        message: "The workflow is no longer served",
      });
    }
    try {
      const outcome = await unlessAborted(this.#abort.signal, this.#ingest(workflow));
      return this.#stopped() ?? this.#ended(outcome);
    } catch (error) {
      return this.#stopped() ?? this.#failed(this.#describe(error), error);
    }
  }

  async #ingest(workflow: Workflow): Promise<IngestOutcome> {
    const { run, ingest, backend, untypedEvents } = this.#options;
    const config = configOf(run, workflow);
    return ingest({
      graph: withCheckpointer(await graphOf(workflow, config), backend.checkpointer),
      input: toGraphInput(workflow.schemas.input, run.input),
      config,
      signal: this.#abort.signal,
      observe: workflow.observe,
      onChunk: (chunk, origin) => {
        const body = chunkToEvent(chunk, workflow.events, (error) => this.#describe(error));
        untypedEvents.report(workflow.name, body, origin);
        this.#recorder.record(body, origin);
      },
    });
  }

  #ended({ output, interrupts, isInterrupted }: IngestOutcome): Ending {
    if (isInterrupted) {
      return {
        body: { kind: "status", status: "interrupted", output, interrupts },
        patch: { status: "interrupted", output, interrupts },
      };
    }
    return {
      body: { kind: "status", status: "succeeded", output },
      patch: { status: "succeeded", output, finishedAt: this.#options.clock() },
    };
  }

  /** How the run ends when it was stopped: that counts, whatever the graph made of the abort. */
  #stopped(): Ending | undefined {
    const { run, limits } = this.#options;
    switch (this.#stopReason) {
      case undefined:
        return undefined;
      // Of a lost run nothing is recorded any more.
      case "lost":
      case "cancelled":
        return cancelled(this.#options.clock());
      case "timeout":
        return this.#failed({
          code: "RUN_TIMEOUT",
          message: `The run took longer than ${run.timeoutMs} ms`,
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
    logger.warn(
      { runId: run.id, workflow: run.workflow, code: error.code, err: cause },
      "run failed",
    );
    return {
      body: { kind: "status", status: "failed", error },
      patch: { status: "failed", error, finishedAt: clock() },
    };
  }

  #describe(error: unknown): RunError {
    return toRunError(error, this.#options.exposeErrors);
  }

  #onLogFailure(error: unknown): void {
    if (!(error instanceof StaleWriterError)) {
      this.#options.logger.error({ err: error, runId: this.#options.run.id }, "appending failed");
    }
    this.stop("lost");
  }
}

/** What the graph is run with. What the workflow's author gave as context stands above the client's. */
function configOf(run: Run, workflow: Workflow): Readonly<Record<string, unknown>> {
  const { context: authors, ...config } = workflow.config;
  const clients = toGraphInput(workflow.schemas.context, run.context);
  return {
    ...config,
    ...((clients ?? authors) !== undefined && {
      context: { ...(clients as object | null), ...(authors as object | undefined) },
    }),
    // LangGraph's server names these as well, so that nodes written for it find them.
    configurable: {
      thread_id: run.threadId,
      run_id: run.id,
      graph_id: workflow.name,
      assistant_id: workflow.name,
    },
  };
}

/** The ending of a cancelled run. */
export function cancelled(finishedAt: Date): Ending {
  return {
    body: { kind: "status", status: "cancelled" },
    patch: { status: "cancelled", interrupts: [], finishedAt },
  };
}

/** Does not wait for a graph that goes on in spite of the abort: nobody hears it any more. */
function unlessAborted<T>(signal: AbortSignal, outcome: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    outcome.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

interface CopyableGraph extends Graph {
  withConfig(config: object): Graph;
  checkpointer?: BaseCheckpointSaver | boolean | undefined;
}

/**
 * The graph with our saver, unless it brings its own or wants none. A copy: the same graph object
 * may be in use elsewhere.
 */
function withCheckpointer(graph: Graph, saver: BaseCheckpointSaver | undefined): Graph {
  const original = graph as Partial<CopyableGraph>;
  if (!saver || typeof original.withConfig !== "function" || !("nodes" in graph)) return graph;
  if (original.checkpointer !== undefined) return graph;
  const copy = original.withConfig({}) as CopyableGraph;
  copy.checkpointer = saver;
  return copy;
}
