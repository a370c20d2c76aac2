import { createHash, randomUUID } from "node:crypto";
import stringify from "safe-stable-stringify";
import { v7 as uuidv7 } from "uuid";
import { BadUserInputError, NotFoundError, RunConflictError } from "../errors.ts";
import type { EventPage } from "../events/event-log.ts";
import { follow } from "../events/follow.ts";
import { RUN_ORIGIN, type RunEvent } from "../events/run-event.ts";
import { Tails } from "../events/tail.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { checkContext, checkInput } from "../workflows/check-input.ts";
import type { Workflow, Workflows } from "../workflows/workflow.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { RunFilter } from "./run-store.ts";
import { isFinal, type Run } from "./run.ts";
import { sweep } from "./sweep.ts";
import { Worker } from "./worker.ts";

/** Whose request it is; `null` where nobody is identified. */
export type Viewer = string | null;

export interface StartRequest {
  readonly viewer: Viewer;
  readonly workflow: string;
  readonly input: JsonValue;
  /** LangGraph's runtime context, for the workflows that have a schema of it. */
  readonly context?: JsonObject | undefined;
  /** The client's own name for the run, which makes a retry harmless. Made up when absent. */
  readonly runId?: string | undefined;
  /** The thread to go on with. The run gets its own when absent. */
  readonly threadId?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What ids that clients choose may look like. */
const ID = /^[\w-]{1,128}$/;

/**
 * Starts, watches and cancels runs. Every rule about who may do what to which run stands here,
 * below all transports. Owns its executions, not the backend.
 */
export class Engine implements AsyncDisposable {
  readonly workflows: Workflows;
  readonly #options: EngineOptions;
  readonly #clock: () => Date;
  readonly #tails: Tails;
  readonly #worker: Worker;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: EngineOptions) {
    const { workflows, backend } = options;
    this.workflows = workflows;
    this.#options = options;
    this.#clock = options.clock ?? (() => new Date());
    this.#tails = new Tails(backend.wakeups);
    this.#worker = new Worker({ ...options, clock: this.#clock, owner: randomUUID() });
    this.#sweeper = setInterval(
      () => void sweep(backend, this.#clock(), options.logger),
      Math.min(60_000, Math.max(1_000, backend.retentionMs / 4)),
    ).unref();
  }

  /**
   * Starts a run, or finds the one that was started under this id before.
   *
   * Throws `BadUserInputError` (unknown workflow, input that the graph refuses, malformed id),
   * `RunConflictError` (the id belongs to another run), `NotFoundError` (somebody else's thread) or
   * `ThreadBusyError`.
   */
  async start(request: StartRequest): Promise<{ readonly run: Run; readonly isNew: boolean }> {
    const workflow = this.#workflow(request.workflow);
    checkId("runId", request.runId);
    checkId("threadId", request.threadId);
    const timeoutMs = this.#timeout(request.timeoutMs);
    await checkInput(workflow, request.input);
    await checkContext(workflow, request.context ?? null);
    const run = this.#newRun(request, workflow, timeoutMs);
    const { run: stored, isNew } = await this.#options.backend.runs.create(run, queuedEvent(run));
    if (isNew) this.#worker.poke();
    else if (stored.inputHash !== run.inputHash || stored.viewer !== run.viewer) {
      throw new RunConflictError(run.id);
    }
    return { run: stored, isNew };
  }

  /** The run, if it is the viewer's. Throws `NotFoundError`. */
  async get(runId: string, viewer: Viewer): Promise<Run> {
    const run = await this.#options.backend.runs.get(runId);
    if (!run || run.viewer !== viewer) throw new NotFoundError("Run", runId);
    return run;
  }

  /**
   * The viewer's runs, newest first; those after the run `page.after`. Throws `BadUserInputError`
   * when that is no run of the viewer's: its place in the list is not known.
   */
  async list(
    filter: Omit<RunFilter, "viewer">,
    page: { readonly first: number; readonly after?: string | undefined },
    viewer: Viewer,
  ): Promise<{ readonly runs: readonly Run[]; readonly hasMore: boolean }> {
    if (page.after !== undefined) await this.#checkPlace(page.after, viewer);
    return this.#options.backend.runs.list({ ...filter, viewer }, page);
  }

  /**
   * Cancels a run; one that has ended stays as it is. Resolves when it has ended, or, if another
   * process executes it, when that has been asked. Throws `NotFoundError`.
   */
  async cancel(runId: string, viewer: Viewer): Promise<Run> {
    const run = await this.get(runId, viewer);
    if (isFinal(run.status)) return run;
    await this.#options.backend.runs.requestCancel(runId);
    await this.#worker.cancel(runId);
    return this.get(runId, viewer);
  }

  /** The run's events after a seq, then live: see {@link follow}. The caller has checked the viewer. */
  follow(runId: string, after: number, signal: AbortSignal): AsyncGenerator<EventPage, void> {
    const log = this.#options.backend.events;
    return follow({ runId, after, signal, log, tails: this.#tails });
  }

  /** One page of the run's events. The caller has checked the viewer. */
  read(runId: string, after: number, limit: number): Promise<EventPage> {
    return this.#options.backend.events.read(runId, { after, limit });
  }

  /** How many readers follow the run in this process. */
  readersOf(runId: string): number {
    return this.#tails.readersOf(runId);
  }

  /** Cancels what is being executed, and resolves when all of it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#worker[Symbol.asyncDispose]();
  }

  #workflow(name: string): Workflow {
    const workflow = this.workflows.get(name);
    if (workflow) return workflow;
    const known = [...this.workflows.keys()].join(", ");
    throw new BadUserInputError(
      `Workflow ${JSON.stringify(name)} does not exist; there are: ${known}`,
    );
  }

  async #checkPlace(runId: string, viewer: Viewer): Promise<void> {
    const run = await this.#options.backend.runs.get(runId);
    if (run?.viewer === viewer) return;
    throw new BadUserInputError("after is not the endCursor of a page: begin again without it", [
      { path: ["after"], message: "No run that is still kept" },
    ]);
  }

  #timeout(asked: number | undefined): number {
    const most = this.#options.limits.runTimeoutMs;
    if (asked === undefined) return most;
    if (asked >= 1 && asked <= most) return asked;
    throw new BadUserInputError(`timeoutMs must be between 1 and ${most}`, [
      { path: ["options", "timeoutMs"], message: `Must be between 1 and ${most}` },
    ]);
  }

  #newRun(request: StartRequest, workflow: Workflow, timeoutMs: number): Run {
    const id = request.runId ?? uuidv7();
    return {
      id,
      workflow: workflow.name,
      workflowVersion: workflow.version,
      threadId: request.threadId ?? id,
      viewer: request.viewer,
      input: request.input,
      context: request.context ?? null,
      inputHash: hashOf([
        workflow.name,
        request.threadId ?? null,
        request.input,
        request.context ?? null,
      ]),
      status: "queued",
      epoch: 0,
      lastSeq: 1,
      output: null,
      error: null,
      interrupts: [],
      cancelRequested: false,
      timeoutMs,
      createdAt: this.#clock(),
      startedAt: null,
      finishedAt: null,
      owner: null,
      leaseUntil: null,
    };
  }
}

/** Every log begins with it, so that a watcher learns of the run at once, however long it waits. */
function queuedEvent(run: Run): RunEvent {
  return {
    seq: 1,
    createdAt: run.createdAt.getTime(),
    attempt: 0,
    ...RUN_ORIGIN,
    kind: "status",
    status: "queued",
  };
}

function checkId(name: string, id: string | undefined): void {
  if (id === undefined || ID.test(id)) return;
  throw new BadUserInputError(`${name} may have 1 to 128 letters, digits, "-" and "_"`, [
    { path: [name], message: "Not a valid id" },
  ]);
}

function hashOf(value: JsonValue): string {
  return createHash("sha256").update(stringify(value)).digest("base64url");
}
