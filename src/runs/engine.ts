import { randomUUID } from "node:crypto";
import type { Access } from "../access/access.ts";
import { requestFor, type Action } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { WatchToken } from "../access/watch-tokens.ts";
import { BadUserInputError, NotFoundError } from "../errors.ts";
import type { EventPage, EventRange } from "../events/event-log.ts";
import { follow } from "../events/follow.ts";
import type { Observer, Pulled } from "../events/observer.ts";
import { Tails, type Lag } from "../events/tail.ts";
import { NO_TELEMETRY, type Telemetry } from "../telemetry.ts";
import type { Workflows } from "../workflows/workflow.ts";
import type { InterruptAnswer } from "./answers.ts";
import type { EngineOptions } from "./engine-options.ts";
import { fillPage, type PageEnd } from "./fill-page.ts";
import { refuseHostile } from "./hostile-json.ts";
import { checkId, checkInterruptId, type ContinueRequest, type StartRequest } from "./new-run.ts";
import { Redactor } from "./redactor.ts";
import { resumeRun } from "./resume-run.ts";
import type { RunFilter, RunPage } from "./run-store.ts";
import { isFinal, type Run } from "./run.ts";
import { Starter, type Started } from "./starter.ts";
import { Sweeper } from "./sweep.ts";
import { Threads } from "./threads.ts";
import { Worker } from "./worker.ts";

export type { InterruptAnswer } from "./answers.ts";
export type { ContinueRequest, StartRequest, WhenBusy } from "./new-run.ts";
export type { Started } from "./starter.ts";

/**
 * Starts, resumes, watches and cancels runs. Every rule about who may do what to which run stands
 * here, or in {@link Threads}, below all transports. Owns its executions, not the backend.
 */
export class Engine implements AsyncDisposable {
  readonly workflows: Workflows;
  readonly threads: Threads;
  readonly access: Access;
  readonly #options: EngineOptions;
  readonly #clock: () => Date;
  readonly #telemetry: Telemetry;
  readonly #tails: Tails;
  readonly #worker: Worker;
  readonly #starter: Starter;
  readonly #sweeper: Sweeper;
  /** What leaves the engine goes through it. */
  readonly #redactor: Redactor;

  constructor(options: EngineOptions) {
    const { workflows, backend, access, logger, telemetry = NO_TELEMETRY } = options;
    const clock = options.clock ?? (() => new Date());
    const locks = backend.threadLocks;
    this.workflows = workflows;
    this.#redactor = new Redactor({ redact: options.redact, workflows, logger });
    this.access = access;
    this.threads = new Threads({
      workflows,
      backend,
      access,
      locks,
      clock,
      redactor: this.#redactor,
    });
    this.#options = options;
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#tails = new Tails(backend.wakeups, backend.events, backend.isShared);
    this.#worker = new Worker({ ...options, clock, telemetry, owner: randomUUID() });
    this.#starter = new Starter({
      ...options,
      clock,
      telemetry,
      locks,
      threads: this.threads,
      worker: this.#worker,
    });
    this.#sweeper = new Sweeper({ workflows, backend, locks, clock, logger });
  }

  /** Goes on with what the backend holds, and begins to forget what it need not keep. */
  open(): void {
    this.#worker.open();
    if (this.#options.role !== "gateway") this.#sweeper.open();
  }

  /**
   * Starts a run, or finds the one that was started under this id before.
   *
   * Throws `BadUserInputError` (unknown workflow, input that the graph refuses, malformed id),
   * `RunConflictError` (the id belongs to another run), `LimitExceededError`, `NotFoundError` (an unknown checkpoint, or
   * a thread that is not known to be the caller's) or `ThreadBusyError`.
   */
  async start(request: StartRequest): Promise<Started> {
    const { run, isNew } = await this.#starter.start(request);
    return { run: this.#redactor.run(run, request.caller), isNew };
  }

  /**
   * Starts a run without an input on a thread, or finds the one that was started under this id
   * before: what failed is tried again, what was stopped goes on, and an earlier checkpoint is run
   * again from there.
   *
   * Throws `NotFoundError` (thread, checkpoint, a workflow that is no longer served),
   * `BadUserInputError` (there is no state to go on from), `RunConflictError` or `ThreadBusyError`.
   */
  async continue(request: ContinueRequest): Promise<Started> {
    const { run, isNew } = await this.#starter.continue(request);
    return { run: this.#redactor.run(run, request.caller), isNew };
  }

  /**
   * Lets an interrupted run go on with the answers to its interrupts. Those left out stay pending;
   * at a static breakpoint there are none to give. If one is refused, none is taken.
   *
   * Throws `NotFoundError`, `InterruptNotPendingError`, `BadUserInputError` (a value that is not what
   * the node asks for) or `WorkflowChangedError`.
   */
  async resume(runId: string, answers: readonly InterruptAnswer[], caller: Caller): Promise<Run> {
    const { backend, workflows } = this.#options;
    for (const [index, { interruptId, value }] of answers.entries()) {
      checkInterruptId(interruptId, ["answers", String(index), "interruptId"]);
      refuseHostile(value, ["answers", String(index), "value"]);
    }
    const { threadId } = await this.#find(runId, caller, "resume", "read");
    return backend.threadLocks.run(threadId, async () => {
      for (;;) {
        const run = await this.#theirs(runId, caller);
        const resumed = await resumeRun(run, answers, { backend, workflows, now: this.#clock() });
        if (!resumed) continue;
        this.#telemetry.workflow(run.workflow).appended(1, ["queued"]);
        this.#worker.poke();
        return this.#redactor.run(resumed, caller);
      }
    });
  }

  /** The run, if it is the caller's to read. Throws `NotFoundError`. */
  async get(runId: string, caller: Caller): Promise<Run> {
    return this.#redactor.run(await this.#find(runId, caller, "read"), caller);
  }

  /** The run, if it is the caller's to watch: to be asked before {@link follow}. Throws `NotFoundError`. */
  async watch(runId: string, caller: Caller): Promise<Run> {
    return this.#redactor.run(await this.#find(runId, caller, "watch"), caller);
  }

  /**
   * A token with which whoever has it may watch the run, and nothing else, until it expires. Throws
   * `NotFoundError`, and `BadUserInputError` for a time out of range.
   */
  async createWatchToken(runId: string, ttlSeconds: number, caller: Caller): Promise<WatchToken> {
    const { access } = this.#options;
    const run = await this.#find(runId, caller, "share", "watch");
    return access.watchTokens.create(run, ttlSeconds);
  }

  /**
   * The caller's runs, newest first; those after the run `page.after`. What they may not read is left
   * out: see {@link fillPage}. Throws `BadUserInputError` when `after` is no run of the caller's: its place
   * in the list is not known.
   */
  async list(
    filter: Omit<RunFilter, "viewer">,
    page: { readonly first: number; readonly after?: string | undefined },
    caller: Caller,
  ): Promise<RunPage & PageEnd> {
    const { access, backend } = this.#options;
    access.admitToList(caller);
    if (page.after !== undefined) await this.#checkPlace(page.after, caller);
    const { items, ...end } = await fillPage({
      page,
      read: async (part) => {
        const found = await backend.runs.list({ ...filter, viewer: caller.owner }, part);
        return { items: found.runs, hasMore: found.hasMore };
      },
      isShown: (run) => access.allows(requestFor("read", run), caller),
    });
    return { runs: items.map((run) => this.#redactor.run(run, caller)), ...end };
  }

  /** The run's place among those that wait, from 1; `null` when it does not. Whoever calls it has the run from here. */
  async queuePosition(run: Run): Promise<number | null> {
    return run.status === "queued" ? this.#options.backend.runs.queuePosition(run.id) : null;
  }

  /**
   * Cancels a run; one that has ended stays as it is. Resolves when it has ended, or, if another
   * process executes it, when that has been asked. Throws `NotFoundError`.
   */
  async cancel(runId: string, caller: Caller): Promise<Run> {
    await this.#cancel(await this.#find(runId, caller, "cancel", "read"));
    return this.#redactor.run(await this.#theirs(runId, caller), caller);
  }

  /** The same for a caller who is shown nothing of it. */
  async cancelUnseen(runId: string, caller: Caller): Promise<void> {
    await this.#cancel(await this.#find(runId, caller, "cancel"));
  }

  /**
   * The run's events after a seq, then live, as the caller may see them: see {@link follow}. Whoever
   * calls it has asked {@link watch}.
   */
  follow(
    run: Pick<Run, "id" | "workflow">,
    after: number,
    { observer, caller }: { readonly observer: Observer<EventPage>; readonly caller: Caller },
  ): Pulled {
    if (after > 0) this.#telemetry.replayed();
    const next = (page: EventPage): void => observer.next(this.#redactor.page(page, run, caller));
    return follow({
      runId: run.id,
      after,
      tails: this.#tails,
      observer: this.#redactor.isIdle
        ? observer
        : { next, error: (error) => observer.error(error), complete: () => observer.complete() },
    });
  }

  /** One page of the run's events, as the caller may see them. Whoever calls it has the run from here. */
  async read(
    run: Pick<Run, "id" | "workflow">,
    range: EventRange,
    caller: Caller,
  ): Promise<EventPage> {
    const read = await this.#options.backend.events.read(run.id, range);
    return this.#redactor.page(read, run, caller);
  }

  /** Whether it has been disposed of: runs that have not ended go on elsewhere, if anywhere. */
  get isClosed(): boolean {
    return this.#tails.isClosed;
  }

  /** How far those are behind who follow runs in this process. */
  lag(): Promise<Lag> {
    return this.#tails.lag();
  }

  /** Whether anybody follows the run, in whatever process. */
  isFollowed(runId: string): Promise<boolean> {
    return this.#tails.isRead(runId);
  }

  /**
   * Ends what is being executed, and resolves when all of it has. Whoever follows a run that goes on
   * elsewhere is told that there is nothing more to come from here.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sweeper[Symbol.asyncDispose]();
    await this.#worker[Symbol.asyncDispose]();
    this.#tails.close();
  }

  async #cancel({ id, status }: Run): Promise<void> {
    if (isFinal(status)) return;
    await this.#worker.cancel(id);
    // Another of its thread may have waited for it.
    this.#worker.poke();
  }

  /** The run, if it is the caller's and all `actions` are allowed. Throws `NotFoundError`. */
  async #find(runId: string, caller: Caller, ...actions: readonly Action[]): Promise<Run> {
    const { access } = this.#options;
    for (const action of actions) access.admitTo(action, caller);
    const run = await this.#theirs(runId, caller);
    for (const action of actions) await access.check(requestFor(action, run), caller);
    return run;
  }

  /** The run as it is stored. Throws `NotFoundError`. */
  async #theirs(runId: string, caller: Caller): Promise<Run> {
    checkId("runId", runId);
    const { access, backend } = this.#options;
    const run = await backend.runs.get(runId);
    if (!run || !access.isTheirs({ viewer: run.viewer, runId }, caller)) {
      throw new NotFoundError("Run", runId);
    }
    return run;
  }

  async #checkPlace(runId: string, { owner }: Caller): Promise<void> {
    checkId("after", runId);
    const run = await this.#options.backend.runs.get(runId);
    if (run?.viewer === owner) return;
    throw new BadUserInputError("after is not the endCursor of a page: begin again without it", [
      { path: ["after"], message: "No run that is still kept" },
    ]);
  }
}
