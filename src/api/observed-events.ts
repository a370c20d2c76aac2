import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import type { Api } from "./api.ts";

/** The types of what the graph does: `StateUpdate`, `MessageChunk` and `NodeEvent`. */
export function implementObservedEvents({ builder, names, refs }: Api): void {
  refs.stateUpdate.implement({
    description: "What a finished task changed in the state.",
    interfaces: [refs.runEvent],
    fields: (t) => ({
      changedKeys: t.stringList({
        description: "The keys that changed.",
        resolve: ({ event }) => {
          const kept = Object.keys(changesOf(event.changes));
          return event.truncatedKeys ? [...kept, ...event.truncatedKeys] : kept;
        },
      }),
      truncatedKeys: t.stringList({
        description:
          "The changed keys that are in `changes` and `state` no more, since an event may not be so large: see the thread's state.",
        resolve: ({ event }) => [...(event.truncatedKeys ?? [])],
      }),
      changes: t.field({
        type: "JSON",
        description:
          "The changes as the node returned them, or those to the keys asked for. What is no object " +
          "(a task of the functional API may return anything) comes as it is.",
        args: { keys: t.arg.stringList({ required: false }) },
        resolve: ({ event }, { keys }) => pick(event.changes, keys),
      }),
      state: t.field({
        type: refs.workflowState,
        nullable: true,
        description: "The changes under the name of the workflow.",
        resolve: ({ workflow, event }) => ({ workflow, value: changesOf(event.changes) }),
      }),
    }),
  });

  refs.messageChunk.implement({
    description: "A piece of a chat model's answer, or all of it when the model does not stream.",
    interfaces: [refs.runEvent],
    fields: (t) => ({
      messageId: t.id({
        description: "Which answer it is a piece of.",
        resolve: ({ event }) => event.messageId,
      }),
      content: t.string({
        description:
          "The text of this piece; the beginning of one that is larger than an event may be.",
        resolve: ({ event }) => event.content,
      }),
      // Not `message`: that is text in `CompleteEvent`, and one operation may select both.
      raw: t.field({
        type: "JSON",
        nullable: true,
        description:
          "The piece as LangChain has it: tool calls, content blocks, usage; null for one that is larger than an event may be.",
        resolve: ({ event }) => event.message,
      }),
    }),
  });

  const nodePhase = builder.enumType(names.type("NodePhase"), {
    description: "What a node does.",
    values: {
      STARTED: { value: "started", description: "It begins, or is tried again." },
      FINISHED: { value: "finished", description: "It has returned." },
      FAILED: { value: "failed", description: "It has thrown; its retry policy may try it again." },
    } as const,
  });
  refs.nodeEvent.implement({
    description: "A node started, finished or failed.",
    interfaces: [refs.runEvent],
    fields: (t) => ({
      phase: t.field({ type: nodePhase, resolve: ({ event }) => event.phase }),
      durationMs: t.float({
        nullable: true,
        description: "How long it took, in milliseconds; null when it has only started.",
        resolve: ({ event }) => event.durationMs ?? null,
      }),
      error: t.field({
        type: refs.runError,
        nullable: true,
        description: "What it failed with.",
        resolve: ({ event }) => event.error ?? null,
      }),
    }),
  });
}

/** A node that writes a key several times gives a list of changes; one that returns nothing, `null`. */
function changesOf(changes: JsonValue): JsonObject {
  if (isJsonObject(changes)) return changes;
  if (!Array.isArray(changes)) return {};
  return Object.assign({}, ...changes.filter(isJsonObject)) as JsonObject;
}

function pick(changes: JsonValue, keys: readonly string[] | null | undefined): JsonValue {
  if (!keys) return changes ?? {};
  const all = changesOf(changes);
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(all, key)).map((key) => [key, all[key] as JsonValue]),
  );
}
