import type { BaseCheckpointSaver } from "@langchain/langgraph";

/** Where a thread stands. */
export interface ThreadHead {
  /** Its newest checkpoint; `null` when there is none, or the graph keeps none. */
  readonly checkpointId: string | null;
  /** The ids of the interrupts that wait for an answer there, those of subgraphs too. */
  readonly pendingInterrupts: readonly string[];
}

/** Reads where a thread stands from the checkpoints that `saver` keeps. */
export async function readHead(
  saver: BaseCheckpointSaver | undefined,
  threadId: string,
): Promise<ThreadHead> {
  const tuple = await saver?.getTuple({
    configurable: { thread_id: threadId, checkpoint_ns: "" },
  });
  if (!tuple) return { checkpointId: null, pendingInterrupts: [] };
  const writes = tuple.pendingWrites ?? [];
  const finished = new Set(writes.filter(([, channel]) => !channel.startsWith("__")).map(idOf));
  return {
    checkpointId: tuple.checkpoint.id,
    pendingInterrupts: writes
      .filter((write) => write[1] === "__interrupt__" && !finished.has(idOf(write)))
      .flatMap(([, , value]) => (Array.isArray(value) ? value : [value]) as { id?: unknown }[])
      .map(({ id }) => id)
      .filter((id) => typeof id === "string"),
  };
}

/**
 * Whether a checkpoint that a run is to start from is kept, if one is named. LangGraph makes nothing of
 * one that is not: it would begin with an empty state.
 */
export async function hasCheckpoint(
  saver: BaseCheckpointSaver | undefined,
  threadId: string,
  checkpointId: string | null,
): Promise<boolean> {
  if (!saver || checkpointId === null) return true;
  const configurable = { thread_id: threadId, checkpoint_ns: "", checkpoint_id: checkpointId };
  return (await saver.getTuple({ configurable })) !== undefined;
}

function idOf([taskId]: readonly [taskId: string, ...unknown[]]): string {
  return taskId;
}
