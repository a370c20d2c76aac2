import type { Thread } from "../runs/thread.ts";
import type { Api } from "./api.ts";
import { callerOf, checkMayWrite } from "./context.ts";

/** `Mutation.forkThread`. */
export function addForkThread({ builder, names, refs, engine }: Api): void {
  const payload = builder
    .objectRef<{ readonly thread: Thread }>(names.type("ForkThreadPayload"))
    .implement({
      fields: (t) => ({
        thread: t.field({
          type: refs.thread,
          description: "The new thread.",
          resolve: ({ thread }) => thread,
        }),
      }),
    });
  builder.mutationField(names.rootField("forkThread"), (t) =>
    t.field({
      type: payload,
      nullable: true,
      description:
        "Make a new thread that begins with the state of another, which stays as it is. Let it go " +
        "on with `startRun` or `continueThread`.",
      args: {
        threadId: t.arg.id({ required: true }),
        checkpointId: t.arg.id({
          required: false,
          description: "The state to begin with; the newest when absent.",
        }),
        newThreadId: t.arg.id({
          required: false,
          description: "Your own name for the new thread; made up when absent.",
        }),
      },
      resolve: async (_root, { threadId, checkpointId, newThreadId }, context) => {
        checkMayWrite(context);
        const thread = await engine.threads.fork({
          threadId,
          caller: callerOf(context),
          checkpointId: checkpointId ?? undefined,
          newThreadId: newThreadId ?? undefined,
        });
        return { thread };
      },
    }),
  );
}
