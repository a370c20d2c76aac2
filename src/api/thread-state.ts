import { NotFoundError } from "../errors.ts";
import type { Run } from "../runs/run.ts";
import type { ThreadState } from "../runs/thread-state.ts";
import type { Api } from "./api.ts";
import { callerOf, type ApiContext } from "./context.ts";

/** `ThreadState`, and `ThreadHistory` with a page of them. */
export function implementThreadState({ builder, names, refs, engine }: Api): void {
  const source = builder.enumType(names.type("CheckpointSource"), {
    description: "What made a checkpoint.",
    values: SOURCE_VALUES,
  });

  refs.threadState.implement({
    description: "The state of a thread at one of its checkpoints.",
    fields: (t) => ({
      checkpointId: t.id({
        description: "Names it where a `checkpointId` is asked for.",
        resolve: ({ state }) => state.checkpointId,
      }),
      parentCheckpointId: t.id({
        nullable: true,
        description: "The checkpoint it came from; null for the first.",
        resolve: ({ state }) => state.parentCheckpointId,
      }),
      createdAt: t.field({
        type: "DateTime",
        nullable: true,
        description: "Null where the checkpointer does not tell.",
        resolve: ({ state }) => state.createdAt,
      }),
      step: t.int({
        nullable: true,
        description:
          "LangGraph's step: -1 for an input, then 0, 1, …; null where it does not tell.",
        resolve: ({ state }) => state.step,
      }),
      source: t.field({
        type: source,
        nullable: true,
        description: "What made it; null where LangGraph does not tell.",
        resolve: ({ state }) => state.source,
      }),
      values: t.field({
        type: "JSON",
        description: "The whole state, as it is.",
        resolve: ({ state }) => state.values ?? {},
      }),
      state: t.field({
        type: refs.workflowState,
        nullable: true,
        description: "The state under the name of the thread's workflow.",
        resolve: ({ thread: { workflow }, state: { values } }) => ({ workflow, value: values }),
      }),
      next: t.stringList({
        description: "The nodes that run next; none at the end.",
        resolve: ({ state }) => [...state.next],
      }),
      interrupts: t.field({
        type: [refs.interrupt],
        description: "What it waits to be told.",
        resolve: ({ state }) => state.interrupts,
      }),
      run: t.field({
        type: refs.run,
        nullable: true,
        description: "The run that made it; null where none did, or when it is no longer kept.",
        resolve: ({ state: { runId } }, _args, context) => runOf(runId, context),
      }),
    }),
  });

  refs.threadHistory.implement({
    description: "A page of a thread's states, newest first.",
    fields: (t) => ({
      nodes: t.field({
        type: [refs.threadState],
        resolve: ({ thread, states }) => states.map((state) => ({ thread, state })),
      }),
      endCursor: t.id({
        nullable: true,
        description: "Pass it as `before` for the next page.",
        resolve: ({ states }) => states.at(-1)?.checkpointId ?? null,
      }),
      hasMore: t.exposeBoolean("hasMore"),
    }),
  });

  async function runOf(runId: string | null, context: ApiContext | undefined): Promise<Run | null> {
    if (runId === null) return null;
    try {
      return await engine.get(runId, callerOf(context));
    } catch (error) {
      // Checkpoints of a named thread are kept for longer than its runs.
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  }
}

const SOURCE_VALUES = {
  INPUT: { value: "input", description: "A run's input." },
  LOOP: { value: "loop", description: "A step of the graph." },
  UPDATE: { value: "update", description: "`updateThreadState`." },
  FORK: {
    value: "fork",
    description: "`forkThread`, or a run that went on from an earlier checkpoint.",
  },
} as const satisfies Record<
  string,
  { value: NonNullable<ThreadState["source"]>; description: string }
>;
