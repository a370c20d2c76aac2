import { EXIT, type ExitCode } from "./command-error.ts";
import { formatDuration } from "./duration.ts";
import type { Summary } from "./reporter.ts";
import type { Interrupt, RunError, RunStatus } from "./run-event.ts";
import { oneLine } from "./terminal-text.ts";

/** Where a run stands: what a status event says, or the run itself. */
export interface Standing {
  readonly runStatus: RunStatus;
  readonly createdAt: string;
  readonly output: unknown;
  readonly error: RunError | null;
  readonly interrupts: readonly Interrupt[];
}

/** How a run ended, or stands, in an exit code and in words. */
export interface Outcome {
  readonly exitCode: ExitCode;
  readonly summary: Summary;
  /** Whether the run goes on, or may, without us. */
  readonly goesOn: boolean;
  /** Only of a run that is interrupted: what it waits for. */
  readonly interrupts?: readonly Interrupt[];
  /** Only of a run that succeeded. */
  readonly result?: { readonly output: unknown };
}

export interface OutcomeContext {
  readonly workflow: string;
  /** When the run began. */
  readonly startedAt: number;
  /** Whether it was Ctrl-C that cancelled it. */
  readonly wasStopped: boolean;
}

/** The outcome that a status means; `undefined` for one that passes by itself. */
export function outcomeOf(standing: Standing, context: OutcomeContext): Outcome | undefined {
  const { workflow, startedAt, wasStopped } = context;
  const time = formatDuration(Date.parse(standing.createdAt) - startedAt);
  switch (standing.runStatus) {
    case "SUCCEEDED":
      return {
        exitCode: EXIT.succeeded,
        summary: { mark: "done", text: `${workflow} succeeded in ${time}` },
        goesOn: false,
        result: { output: standing.output },
      };
    case "FAILED":
      return {
        exitCode: EXIT.failed,
        summary: { mark: "failed", text: `${workflow} failed after ${time}${whyFailed(standing)}` },
        goesOn: false,
      };
    case "CANCELLED":
      return {
        exitCode: wasStopped ? EXIT.stopped : EXIT.failed,
        summary: { mark: "stopped", text: `${workflow} was cancelled after ${time}` },
        goesOn: false,
      };
    case "INTERRUPTED": {
      const { length } = standing.interrupts;
      // At a breakpoint it asks nothing.
      const answers = length <= 1 ? "an answer" : `${length} answers`;
      return {
        exitCode: EXIT.interrupted,
        summary: { mark: "waiting", text: `${workflow} waits for ${answers} after ${time}` },
        goesOn: true,
        interrupts: standing.interrupts,
      };
    }
    case "QUEUED":
    case "RUNNING":
      return undefined;
  }
}

function whyFailed({ error }: Standing): string {
  if (!error) return "";
  const message = oneLine(error.message);
  return error.code === "RUN_FAILED" ? `: ${message}` : `: ${message} (${error.code})`;
}
