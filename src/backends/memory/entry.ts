import type { RunEvent } from "../../events/run-event.ts";
import type { Run } from "../../runs/run.ts";

/** A run and its log. */
export interface Entry {
  /** Replaced on change, never mutated: callers hold it. Only `Entries.replace` sets it. */
  run: Run;
  /** Grows at its end, is trimmed at its start; without gaps, up to `run.lastSeq`. */
  readonly events: RunEvent[];
  /** The `after` of the newest batch under the run's epoch; `undefined` before there is one. */
  batchAfter: number | undefined;
}
