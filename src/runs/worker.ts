import { StaleWriterError } from "../errors.ts";
import { RUN_ORIGIN } from "../events/run-event.ts";
import { BlockedLoop } from "./blocked-loop.ts";
import type { EngineOptions } from "./engine-options.ts";
import { cancelled } from "./ending.ts";
import { Execution } from "./execution.ts";
import { chooseIngest } from "./ingest/choose-ingest.ts";
import { isFinal, type Run } from "./run.ts";
import { UntypedEvents } from "./untyped-events.ts";
import type { Telemetry } from "../telemetry.ts";
import { NO_LIMIT } from "../limits.ts";
import { untraced } from "../tracing.ts";
import { within } from "../within.ts";

const LEASE_MS = 4_000;
const RENEW_MS = LEASE_MS / 4;

/** Woken when there may be a run to claim. */
const WORK_TOPIC = "#work";

/** Woken when a run is to be cancelled. */
const CANCEL_TOPIC = "#cancel";

export interface WorkerOptions extends EngineOptions {
  /** Names this process in leases. */
  readonly owner: string;
  readonly clock: () => Date;
  readonly telemetry: Telemetry;
}

/** Claims runs, executes them, and keeps their leases. That of a gateway only ends what is cancelled. */
export class Worker implements AsyncDisposable {
  readonly #options: WorkerOptions;
  readonly #executions = new Map<string, Execution>();
  readonly #untypedEvents: UntypedEvents;
  readonly #blockedLoop: BlockedLoop;
  #heartbeat: NodeJS.Timeout | undefined;
  #claiming: Promise<void> | undefined;
  #claimAgain = false;
  #isClosed = false;
  /** When what the leases were last prolonged by was asked for, and when that was last thought of. */
  #renewedAt = performance.now();
  #beatAt = performance.now();
  #unsubscribe: Promise<readonly (() => void)[]> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#untypedEvents = new UntypedEvents(options.logger);
    this.#blockedLoop = new BlockedLoop(options);
  }

  /** Begins to work: takes up what waits, and what others, or an earlier process, left behind. */
  open(): void {
    if (this.#options.role === "gateway") return;
    this.#heartbeat = setInterval(() => void this.#beat(), RENEW_MS).unref();
    this.#unsubscribe = this.#listen();
    this.#poke();
  }

  /** Says, here and to other processes, that there may be a run to claim. */
  poke(): void {
    if (this.#options.backend.isShared) this.#options.backend.wakeups.notify(WORK_TOPIC);
    this.#poke();
  }

  #poke(): void {
    if (this.#isClosed || this.#options.role === "gateway") return;
    this.#claimAgain = true;
    // Whoever asks first has nothing to do with most of what is claimed.
    this.#claiming ??= untraced(() => this.#claimAll()).finally(() => {
      this.#claiming = undefined;
      if (this.#claimAgain) this.#poke();
    });
  }

  /**
   * Notes that a run is to be cancelled, and ends it if it is executed here or by nobody. Where another
   * process holds it, that is told; if that one is dead, the run is ended here once its lease has run out.
   */
  async cancel(runId: string): Promise<void> {
    const { backend } = this.#options;
    // Before it is noted: if this process dies in between, whoever claims it next ends it. An interrupted
    // one that nobody held would not be claimed any more.
    const free = (await this.#executionOf(runId)) ? undefined : await this.#claim(runId);
    // Whoever takes it up from here on, here or elsewhere, sees that.
    await backend.runs.requestCancel(runId);
    if (free) return this.#endCancelled(free);
    if (backend.isShared) backend.wakeups.notify(CANCEL_TOPIC);
    const execution = await this.#executionOf(runId);
    execution?.stop("cancelled");
    await execution?.done;
    if (!(await this.#endIfFree(runId)) && backend.isShared) this.#endOnceFree(runId);
  }

  /** It may be among those that are being claimed. */
  async #executionOf(runId: string): Promise<Execution | undefined> {
    await this.#claiming;
    return this.#executions.get(runId);
  }

  /**
   * Claims no more, and resolves when nothing is executed here any more. Where runs outlive this
   * process, graphs come to their next step first, and all go on wherever they are claimed next.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#claiming;
    const executions = [...this.#executions.values()];
    const allDone = Promise.all(executions.map((execution) => execution.done));
    if (this.#options.backend.isDurable) {
      for (const execution of executions) execution.drain();
      await within(this.#options.drainMs, allDone);
      for (const execution of executions) execution.stop("released");
    }
    for (const execution of executions) execution.stop("cancelled");
    await allDone;
    clearInterval(this.#heartbeat);
    const listeners = await this.#unsubscribe;
    for (const unsubscribe of listeners ?? []) unsubscribe();
    // Others need not find out by themselves what is left to them.
    if (this.#options.backend.isShared && executions.length > 0) {
      this.#options.backend.wakeups.notify(WORK_TOPIC);
    }
  }

  /** Without its wake-ups it would look once a second: that is how long they may be missing. */
  async #listen(): Promise<readonly (() => void)[]> {
    const { backend, logger } = this.#options;
    if (!backend.isShared) return [];
    try {
      return await Promise.all([
        backend.wakeups.subscribe(WORK_TOPIC, () => this.#poke()),
        backend.wakeups.subscribe(CANCEL_TOPIC, () => void this.#beat()),
      ]);
    } catch (error) {
      logger.error({ err: error }, "wake-ups for new runs cannot be had; looking once a second");
      return [];
    }
  }

  async #claimAll(): Promise<void> {
    const { backend, owner, limits, logger, workflows } = this.#options;
    const perViewer = limits.maxConcurrentRunsPerViewer;
    // Without it, backends need not count.
    const maxPerViewer = perViewer === NO_LIMIT ? undefined : perViewer;
    try {
      while (this.#claimAgain && !this.#isClosed) {
        this.#claimAgain = false;
        const limit = limits.maxConcurrentRuns - this.#executions.size;
        if (limit <= 0) return;
        // When nodes have blocked this process for long, our own leases look like anybody's; and after
        // an outage what is claimed must not pass for what was held before.
        if (this.#isRenewalLate()) await this.#renew();
        const runs = await backend.runs.claim({
          owner,
          leaseMs: LEASE_MS,
          limit,
          maxPerViewer,
          // Runs of others wait until their workflow is served again.
          workflows: [...workflows.keys()],
        });
        for (const run of runs) this.#execute(run);
      }
    } catch (error) {
      logger.error({ err: error }, "claiming runs failed; will try again");
    }
  }

  #execute(run: Run): void {
    const workflow = this.#options.workflows.get(run.workflow);
    if (!workflow) return;
    const { backend, limits, exposeErrors, clock, logger, telemetry } = this.#options;
    const unwatch = this.#blockedLoop.watch(workflow.name);
    const execution = new Execution({
      run,
      workflow,
      ingest: chooseIngest(workflow.graph, logger),
      backend,
      limits: {
        ...limits,
        maxEvents: limits.maxEventsPerRun,
        maxBytes: limits.maxBytesPerRun,
      },
      untypedEvents: this.#untypedEvents,
      exposeErrors,
      clock,
      logger,
      telemetry: telemetry.workflow(workflow.name),
    });
    this.#executions.set(run.id, execution);
    if (run.cancelRequested) execution.stop("cancelled");
    else if (this.#isClosed) execution.stop(backend.isDurable ? "released" : "cancelled");
    void execution.done.then(() => {
      unwatch();
      // One that was lost may have a successor here already.
      if (this.#executions.get(run.id) === execution) this.#executions.delete(run.id);
      this.poke();
    });
  }

  /** Keeps what is ours, stops what is not any more, and looks for runs that others left behind. */
  async #beat(): Promise<void> {
    this.#stopExpired();
    try {
      await this.#renew();
    } catch (error) {
      this.#options.logger.error({ err: error }, "renewing leases failed; will try again");
    }
    this.#poke();
  }

  /**
   * Stops all executions once the leases cannot be prolonged any more: others, who still reach the
   * backend, may take their runs over from now on. Not when it was this process that stood still: then
   * it asks first, as its runs may well be its own still.
   */
  #stopExpired(): void {
    const { backend, logger } = this.#options;
    const now = performance.now();
    const stoodStill = now - this.#beatAt > 2 * RENEW_MS;
    this.#beatAt = now;
    if (!backend.isShared || stoodStill || this.#executions.size === 0) return;
    if (now - this.#renewedAt <= LEASE_MS) return;
    const runIds = [...this.#executions.keys()];
    logger.error(
      { runIds },
      "leases have run out, since the backend cannot be reached: runs are let go",
    );
    for (const execution of this.#executions.values()) execution.stop("lost");
  }

  async #renew(): Promise<void> {
    const { backend, owner } = this.#options;
    const executions = [...this.#executions];
    const runIds = executions.map(([runId]) => runId);
    const askedAt = performance.now();
    const states = await backend.runs.renew({ owner, leaseMs: LEASE_MS, runIds });
    // One that was slow to be answered may have been overtaken.
    this.#renewedAt = Math.max(this.#renewedAt, askedAt);
    executions.forEach(([, execution], i) => {
      const state = states[i];
      if (state !== "held") execution.stop(state === "cancelRequested" ? "cancelled" : "lost");
    });
  }

  #isRenewalLate(): boolean {
    return performance.now() - this.#renewedAt > 2 * RENEW_MS;
  }

  /** Takes a run over if nobody executes it: nobody has yet, or it had just been interrupted or released. */
  async #claim(runId: string): Promise<Run | undefined> {
    const { backend, owner } = this.#options;
    const [run] = await backend.runs.claim({ owner, leaseMs: LEASE_MS, limit: 1, runId });
    return run;
  }

  /** Ends a cancelled run that nobody executes; resolves with whether it has ended. */
  async #endIfFree(runId: string): Promise<boolean> {
    const run = await this.#claim(runId);
    if (run) await this.#endCancelled(run);
    const now = run ?? (await this.#options.backend.runs.get(runId));
    return run !== undefined || !now || isFinal(now.status);
  }

  /** In case that whoever holds it is dead, and no worker is there to take it up. */
  #endOnceFree(runId: string): void {
    const timer = setTimeout(() => {
      if (this.#isClosed) return;
      this.#endIfFree(runId).catch((error: unknown) => {
        this.#options.logger.error({ err: error, runId }, "a cancelled run could not be ended");
      });
    }, LEASE_MS + RENEW_MS);
    timer.unref();
  }

  async #endCancelled(run: Run): Promise<void> {
    const { backend, clock, telemetry } = this.#options;
    if (isFinal(run.status)) return;
    const { body, patch } = cancelled(clock());
    const event = {
      seq: run.lastSeq + 1,
      createdAt: clock().getTime(),
      attempt: run.epoch,
      ...RUN_ORIGIN,
      ...body,
    };
    try {
      await backend.events.append(run.id, [event], { after: run.lastSeq, epoch: run.epoch, patch });
      telemetry.workflow(run.workflow).appended(1, [body.status]);
      backend.wakeups.notify(run.id);
    } catch (error) {
      // Somebody else took it over between our claim and this append, and will see the request.
      if (!(error instanceof StaleWriterError)) throw error;
    }
  }
}
