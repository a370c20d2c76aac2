import type { BaseCheckpointSaver } from "@langchain/langgraph";
import type { Interrupt } from "../events/run-event.ts";
import { toJson } from "../json.ts";
import { isControl } from "./ingest/task-writes.ts";

/** Where a thread stands. */
export interface ThreadHead {
  /** Its newest checkpoint; `null` when there is none, or the graph keeps none. */
  readonly checkpointId: string | null;
  /** The interrupts that wait for an answer there, those of subgraphs too. */
  readonly pendingInterrupts: readonly Pick<Interrupt, "id" | "value">[];
}

/** LangGraph's `Interrupt`. */
interface RawInterrupt {
  readonly id?: unknown;
  readonly value?: unknown;
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
  const finished = new Set(writes.filter(([, channel]) => !isControl(channel)).map(idOf));
  return {
    checkpointId: tuple.checkpoint.id,
    pendingInterrupts: writes
      .filter((write) => write[1] === "__interrupt__" && !finished.has(idOf(write)))
      .flatMap(([, , value]) => (Array.isArray(value) ? value : [value]) as RawInterrupt[])
      .map(({ id, value }) => ({ id: String(id), value: toJson(value) })),
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
