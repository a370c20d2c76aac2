import { setTimeout } from "node:timers/promises";
import { GoneRunError, LostConnectionError, UnknownRunError } from "./client-errors.ts";
import type { RunClient } from "./client.ts";
import { EXIT } from "./command-error.ts";
import { askForRun, type WatchedRun } from "./find-run.ts";
import { onStop } from "./on-stop.ts";
import type { Operations } from "./operations.ts";
import { outcomeOf, type Outcome, type Standing } from "./outcome.ts";
import type { Reporter } from "./reporter.ts";
import type { EventFields, RunEvent } from "./run-event.ts";

/** How long a run may take to end once Ctrl-C has cancelled it. */
const CANCEL_GRACE_MS = 5_000;

export interface WatchOptions {
  readonly client: RunClient;
  readonly operations: Operations;
  readonly run: WatchedRun;
  /** Where to go on; from the beginning when absent. */
  readonly after: string | undefined;
  readonly readEvent: (fields: EventFields) => RunEvent;
  /** Asked for when there is something to report. */
  readonly reporter: () => Reporter;
}

/**
 * Starts or follows a run and reports its events, until it has ended, waits for answers, or Ctrl-C
 * was pressed. Rejects with `CommandError` when the server refuses.
 */
export async function watchRun(options: WatchOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const watch = new Watch(options, resolve, reject);
    const stopListening = onStop(
      () => watch.stop(),
      () => process.exit(EXIT.stopped),
    );
    void watch.follow().finally(stopListening);
  });
}

class Watch {
  readonly #options: WatchOptions;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #reject: (error: unknown) => void;
  #startedAt: string | null;
  #last: Standing | undefined;
  #wasStopped = false;

  constructor(
    options: WatchOptions,
    resolve: (outcome: Outcome) => void,
    reject: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#startedAt = options.run.createdAt;
  }

  async follow(): Promise<void> {
    const { client, run, after } = this.#options;
    try {
      await client.follow({ ...run, after, onEvent: (fields) => this.#take(fields) });
      this.#decide(this.#last ?? (await this.#ask()));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Cancels the run if it is ours, and leaves anybody else's alone. */
  stop(): void {
    const { client, operations, run, reporter } = this.#options;
    const { runId, workflow } = run;
    if (run.createdAt !== null) {
      return this.#leave(EXIT.stopped, `${workflow} is followed no longer, and goes on`);
    }
    if (!client.isConnected) {
      return this.#leave(
        EXIT.stopped,
        `${workflow} was not cancelled, and may go on at the server`,
      );
    }
    this.#wasStopped = true;
    reporter().note("Cancelling the run; once more Ctrl-C to leave at once");
    const leave = (): void => this.#leave(EXIT.stopped, `${workflow} may not have ended yet`);
    client.request(operations.cancel, { runId }).catch(leave);
    void setTimeout(CANCEL_GRACE_MS).then(leave);
  }

  #take(fields: EventFields): void {
    const { readEvent, reporter } = this.#options;
    const event = readEvent(fields);
    reporter().event(fields);
    this.#startedAt ??= event.createdAt;
    if (event.kind !== "status") return;
    this.#last = event;
    if (event.runStatus === "INTERRUPTED") void this.#checkWhetherItWaits();
  }

  /** What is replayed may have been answered long since. */
  async #checkWhetherItWaits(): Promise<void> {
    try {
      const now = await this.#ask();
      if (now.runStatus === "INTERRUPTED" && this.#last) this.#decide(this.#last);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #ask(): Promise<Standing> {
    const { client, operations, run } = this.#options;
    return (await askForRun(client, operations, run.runId)).standing;
  }

  #decide(standing: Standing): void {
    const outcome = outcomeOf(standing, {
      workflow: this.#options.run.workflow,
      startedAt: Date.parse(this.#startedAt ?? standing.createdAt),
      wasStopped: this.#wasStopped,
    });
    if (outcome) this.#resolve(outcome);
    else this.#leave(EXIT.failed, "The server ended the stream of events before the run had ended");
  }

  #fail(error: unknown): void {
    if (error instanceof LostConnectionError) this.#leave(EXIT.failed, error.message);
    // The server has known it.
    else if (error instanceof UnknownRunError && this.#startedAt !== null) {
      this.#reject(new GoneRunError(error));
    } else this.#reject(error);
  }

  #leave(exitCode: Outcome["exitCode"], text: string): void {
    this.#resolve({ exitCode, summary: { mark: "stopped", text }, goesOn: true });
  }
}
