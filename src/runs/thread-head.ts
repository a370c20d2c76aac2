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

function idOf([taskId]: readonly [taskId: string, ...unknown[]]): string {
  return taskId;
}
