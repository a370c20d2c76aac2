import type { MemorySaver } from "@langchain/langgraph";
import { ancestorsNeeded, type SavedCheckpoint } from "../delta-history.ts";

/** How many bytes a saver's checkpoints take, roughly. */
export function checkpointBytes({ storage, writes }: MemorySaver): number {
  let bytes = 0;
  for (const namespaces of Object.values(storage)) {
    for (const checkpoints of Object.values(namespaces)) {
      for (const [checkpoint, metadata] of Object.values(checkpoints)) {
        bytes += checkpoint.length + metadata.length;
      }
    }
  }
  for (const ofCheckpoint of Object.values(writes)) {
    for (const [, , value] of Object.values(ofCheckpoint)) bytes += value.length;
  }
  return bytes;
}

/** What {@link Backend.pruneCheckpoints} promises, of LangGraph's `MemorySaver`. */
export function pruneCheckpoints(saver: MemorySaver, threadId: string, keep: number): void {
  const namespaces = saver.storage[threadId] ?? {};
  // Their ids are in the order of time.
  const roots = Object.keys(namespaces[""] ?? {}).toSorted();
  const oldestKept = roots.at(-keep);
  if (roots.length <= keep || oldestKept === undefined) return;
  for (const [namespace, checkpoints] of Object.entries(namespaces)) {
    const ids = Object.keys(checkpoints).toSorted();
    const kept = new Set(ids.filter((id) => id >= oldestKept));
    // That of a subgraph that keeps its state between runs; a colon stands before a task's id.
    const newest = ids.at(-1);
    if (newest !== undefined && !namespace.includes(":")) kept.add(newest);
    const load = (id: string) => readCheckpoint(checkpoints[id]);
    for (const id of Array.from(kept)) {
      const start = load(id);
      // Those whose parent stays have its ancestors.
      if (start && !kept.has(start.parentId ?? "")) {
        for (const ancestor of ancestorsNeeded(start, load)) kept.add(ancestor);
      }
    }
    for (const id of ids) {
      if (kept.has(id)) continue;
      delete checkpoints[id];
      delete saver.writes[JSON.stringify([threadId, namespace, id])];
    }
    if (kept.size === 0) delete namespaces[namespace];
  }
}

function readCheckpoint(
  saved: readonly [Uint8Array, Uint8Array, string | undefined] | undefined,
): SavedCheckpoint | undefined {
  if (!saved) return undefined;
  const [checkpoint, metadata, parentId = null] = saved;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { parentId, checkpoint: text(checkpoint), metadata: text(metadata) };
}
