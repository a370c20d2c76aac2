import type { BaseCheckpointSaver } from "@langchain/langgraph";
import type { EventLog } from "./events/event-log.ts";
import type { Wakeups } from "./events/wakeups.ts";
import type { RunPatch } from "./runs/run.ts";
import type { RunStore } from "./runs/run-store.ts";

/**
 * Where runs, their events and their checkpoints live. Whoever made it disposes of it, after the
 * services that use it.
 */
export interface Backend extends AsyncDisposable {
  readonly runs: RunStore;
  readonly events: EventLog<RunPatch>;
  readonly wakeups: Wakeups;
  /** Given to graphs that were compiled without one; `undefined` where there is none to give. */
  readonly checkpointer: BaseCheckpointSaver | undefined;
  /** How long ended runs are kept, in milliseconds from their end. */
  readonly retentionMs: number;
}
