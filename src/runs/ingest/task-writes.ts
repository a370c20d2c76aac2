import type { CheckpointTuple } from "@langchain/langgraph";

type Writes = readonly (readonly [channel: string, value: unknown])[];
type PendingWrites = NonNullable<CheckpointTuple["pendingWrites"]>;

/** The channels of LangGraph's own control flow: writes to these alone make no update. */
const CONTROL_CHANNELS = ["__interrupt__", "__error__", "__resume__"];

/**
 * Tells of which task an update is that LangGraph streams, which the update itself does not say. A
 * task's writes are given to the saver and streamed in one and the same call stack.
 */
export class TaskWrites {
  #taskId: string | undefined;
  /** Tasks that had finished before a checkpoint was loaded: LangGraph streams their updates again. */
  #replays = 0;

  /** The saver is given the writes of a task. */
  note(taskId: string, writes: Writes): void {
    if (!makeUpdate(writes)) return;
    this.#taskId = taskId;
    // Not all are streamed: those of hidden tasks are not.
    queueMicrotask(() => (this.#taskId = undefined));
  }

  /** A checkpoint is loaded, with what tasks of the next step had written. */
  noteLoaded(pendingWrites: PendingWrites | undefined): void {
    const finished = (pendingWrites ?? []).filter(([, channel]) => !isControl(channel));
    this.#replays += new Set(finished.map(([taskId]) => taskId)).size;
  }

  /** The task whose update is being streamed; `undefined` if its writes were not given to the saver. */
  take(): string | undefined {
    const taskId = this.#taskId;
    this.#taskId = undefined;
    return taskId;
  }

  /** Whether an update of no such task, which LangGraph marks as cached, has been streamed before. */
  takeReplay(): boolean {
    if (this.#replays === 0) return false;
    this.#replays -= 1;
    return true;
  }
}

function makeUpdate(writes: Writes): boolean {
  return writes.some(([channel]) => !isControl(channel));
}

/** Whether a write to this channel is about how a task goes on, and not what it came to. */
export function isControl(channel: string): boolean {
  return CONTROL_CHANNELS.includes(channel);
}
