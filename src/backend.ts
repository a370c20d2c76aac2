import type { BaseCheckpointSaver, BaseStore } from "@langchain/langgraph";
import type { EventLog } from "./events/event-log.ts";
import type { Wakeups } from "./events/wakeups.ts";
import type { ThreadLocks } from "./runs/thread-locks.ts";
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
  /** LangGraph's long-term memory, given to graphs that were compiled without one. */
  readonly store: BaseStore | undefined;
  /** Whether it outlives this process: then a run that is stopped here goes on at the next start. */
  readonly isDurable: boolean;
  /** Whether several processes may use it at a time, each as gateway, as worker or as both. */
  readonly isShared: boolean;
  readonly retention: Retention;
  readonly threadLocks: ThreadLocks;
  /**
   * `checkpointer` as one execution of a run is to use it; needed where several processes share the
   * backend. It MUST keep nothing more once the run has another epoch, and reject with
   * `StaleWriterError` instead: a process that was stopped for longer than its lease, between its last
   * look at the log and a write, must not spoil what its successor does. @default `checkpointer`
   */
  checkpointerFor?(run: { readonly id: string; readonly epoch: number }): BaseCheckpointSaver;
  /** Resolves while it can be reached and used, and rejects with what is wrong otherwise. Quick. */
  ping(): Promise<void>;
  /** What about its settings is risky, each a sentence with what to write instead; none if nothing is. */
  diagnose?(): Promise<readonly string[]>;
  /** How many bytes all of it takes, roughly. */
  storedBytes(): Promise<number>;
  /**
   * Forgets the checkpoints of a thread that are older than its `keep` newest ones, with what
   * subgraphs left under them. MUST keep what a run that is under way needs to go on: the newest
   * checkpoint of every namespace that is not a single task's. `keep` is positive.
   */
  pruneCheckpoints(threadId: string, keep: number): Promise<void>;
}

/** How much of the past is kept. */
export interface Retention {
  /** Ended runs, in milliseconds from their end; with them go the threads that were made for them. */
  readonly endedMs: number;
  /** Bytes in all: beyond, the logs of the runs that ended first are emptied; their records stay. */
  readonly bytes: number;
  /** Checkpoints of a thread, its newest. */
  readonly checkpoints: number;
}
