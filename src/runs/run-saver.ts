import type { RunnableConfig } from "@langchain/core/runnables";
import { BaseCheckpointSaver } from "@langchain/langgraph";
import { whileUnavailable } from "../while-unavailable.ts";
import type { TaskWrites } from "./ingest/task-writes.ts";

type Put = BaseCheckpointSaver["put"];
type PutWrites = BaseCheckpointSaver["putWrites"];

export interface RunSaverOptions {
  /** Noted in the checkpoints: LangGraph does not say in them whose they are. */
  readonly runId: string;
  /** The saver that keeps the checkpoints. */
  readonly saver: BaseCheckpointSaver;
  /** Rejects unless all that the run has said is in its log, and the run is still ours. */
  readonly flush: () => Promise<void>;
  /** Aborted when the execution is. */
  readonly signal: AbortSignal;
  /** Told of all writes, just before LangGraph streams the updates that they make. */
  readonly taskWrites: TaskWrites;
  /** Called once a checkpoint of the graph itself, not of a subgraph, has been kept. */
  readonly onCheckpoint: () => void;
}

/**
 * The saver of one execution: keeps nothing before what led to it is in the run's log. So the log is
 * never behind the checkpoints, and an executor that has lost its run adds none.
 */
export class RunSaver extends BaseCheckpointSaver {
  readonly #options: RunSaverOptions;

  constructor(options: RunSaverOptions) {
    super(options.saver.serde);
    this.#options = options;
  }

  override async put(...[config, checkpoint, metadata, ...rest]: Parameters<Put>): ReturnType<Put> {
    const { runId, saver, flush, onCheckpoint } = this.#options;
    await flush();
    const noted: typeof metadata & { run_id: string } = { ...metadata, run_id: runId };
    const kept = await this.#patiently(() => saver.put(config, checkpoint, noted, ...rest));
    if (!config.configurable?.["checkpoint_ns"]) onCheckpoint();
    return kept;
  }

  override async putWrites(
    ...[config, writes, taskId, ...rest]: Parameters<PutWrites>
  ): Promise<void> {
    const { saver, flush, taskWrites } = this.#options;
    taskWrites.note(taskId, writes);
    await flush();
    await this.#patiently(() => saver.putWrites(config, writes, taskId, ...rest));
  }

  override async getTuple(config: RunnableConfig): ReturnType<BaseCheckpointSaver["getTuple"]> {
    const { saver, taskWrites } = this.#options;
    const tuple = await this.#patiently(() => saver.getTuple(config));
    taskWrites.noteLoaded(tuple?.pendingWrites);
    return tuple;
  }

  override list(
    ...args: Parameters<BaseCheckpointSaver["list"]>
  ): ReturnType<BaseCheckpointSaver["list"]> {
    return this.#options.saver.list(...args);
  }

  override deleteThread(threadId: string): Promise<void> {
    return this.#options.saver.deleteThread(threadId);
  }

  override getNextVersion(current: number | undefined): number {
    return this.#options.saver.getNextVersion(current);
  }

  /** Savers put the same thing twice without harm: it is theirs by its ids. */
  #patiently<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    return whileUnavailable(work, () => signal.aborted);
  }
}
