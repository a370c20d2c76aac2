import type { EventFields } from "./run-event.ts";

/** Shows a run to somebody. */
export interface Reporter {
  event(fields: EventFields): void;
  /** Says something that is no event: that the connection is lost, how to go on. */
  note(text: string): void;
  /** Prints the last word on how the run ended; nothing follows but notes. */
  end(summary: Summary): void;
}

/** How a run ended, or that nobody knows. */
export interface Summary {
  readonly mark: "done" | "failed" | "stopped" | "waiting";
  readonly text: string;
}
