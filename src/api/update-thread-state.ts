import { BadUserInputError } from "../errors.ts";
import { isJsonObject } from "../json.ts";
import type { Api } from "./api.ts";
import { callerOf, checkMayWrite } from "./context.ts";
import type { StateOfThread } from "./refs.ts";

/** `Mutation.updateThreadState`. */
export function addUpdateThreadState({ builder, names, refs, engine }: Api): void {
  const payload = builder
    .objectRef<StateOfThread>(names.type("UpdateThreadStatePayload"))
    .implement({
      fields: (t) => ({
        thread: t.field({ type: refs.thread, resolve: ({ thread }) => thread }),
        state: t.field({
          type: refs.threadState,
          description: "The state after the change.",
          resolve: (source) => source,
        }),
      }),
    });
  builder.mutationField(names.rootField("updateThreadState"), (t) =>
    t.field({
      type: payload,
      nullable: true,
      description:
        "Change a thread's state, as if a node had returned `values`: reducers apply. THREAD_BUSY " +
        "while a run has not ended.",
      args: {
        threadId: t.arg.id({ required: true }),
        values: t.arg({ type: "JSON", required: true, description: "What changes, by key." }),
        asNode: t.arg.string({
          required: false,
          description:
            "The node whose change it is, after which the thread goes on; LangGraph's guess when absent.",
        }),
        checkpointId: t.arg.id({
          required: false,
          description:
            "The state to change, the newest when absent. What came of it stays in the history.",
        }),
      },
      resolve: async (_root, { threadId, values, asNode, checkpointId }, context) => {
        checkMayWrite(context);
        if (!isJsonObject(values)) {
          throw new BadUserInputError("values must be an object of what changes, by key", [
            { path: ["values"], message: "Must be an object" },
          ]);
        }
        return engine.threads.update({
          threadId,
          caller: callerOf(context),
          values,
          asNode: asNode ?? undefined,
          checkpointId: checkpointId ?? undefined,
        });
      },
    }),
  );
}
