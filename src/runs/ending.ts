import type { Interrupt, RunError, StatusBody } from "../events/run-event.ts";
import type { IngestOutcome } from "./ingest/ingest.ts";
import type { RunPatch } from "./run.ts";

/** How an execution ends: the last status, and what of the run's record goes with it. */
export interface Ending {
  readonly body: StatusBody;
  readonly patch: RunPatch;
}

/** The graph has come to its end, or to a question. `activeMs` is the time it took, up to here. */
export function ended(
  { output, interrupts, isInterrupted }: IngestOutcome,
  { now, activeMs }: { readonly now: Date; readonly activeMs: number },
): Ending {
  if (isInterrupted) {
    return {
      body: { kind: "status", status: "interrupted", output, interrupts },
      patch: { status: "interrupted", output, interrupts, activeMs },
    };
  }
  return {
    body: { kind: "status", status: "succeeded", output },
    patch: { status: "succeeded", output, finishedAt: now },
  };
}

/** A node's own schema refused an answer: these questions are as open as before. */
export function refused(
  interrupts: readonly Interrupt[],
  error: RunError,
  activeMs: number,
): Ending {
  return {
    body: { kind: "status", status: "interrupted", interrupts, error },
    patch: { status: "interrupted", interrupts, activeMs },
  };
}

/** For whatever reason. */
export function failed(error: RunError, finishedAt: Date): Ending {
  return {
    body: { kind: "status", status: "failed", error },
    patch: { status: "failed", error, finishedAt },
  };
}

/** Somebody cancelled it. */
export function cancelled(finishedAt: Date): Ending {
  return {
    body: { kind: "status", status: "cancelled" },
    patch: { status: "cancelled", interrupts: [], finishedAt },
  };
}
