import type { Api } from "./api.ts";
import { callerOf, checkMayWrite } from "./context.ts";

/** `Mutation.deleteThread`. */
export function addDeleteThread({ builder, names, engine }: Api): void {
  const payload = builder
    .objectRef<{ readonly threadId: string }>(names.type("DeleteThreadPayload"))
    .implement({ fields: (t) => ({ threadId: t.exposeID("threadId") }) });
  builder.mutationField(names.rootField("deleteThread"), (t) =>
    t.field({
      type: payload,
      nullable: true,
      description:
        "Forget a thread for good, with its states, its runs and their events. THREAD_BUSY while a " +
        "run has not ended.",
      args: { threadId: t.arg.id({ required: true }) },
      resolve: async (_root, { threadId }, context) => {
        checkMayWrite(context);
        await engine.threads.delete(threadId, callerOf(context));
        return { threadId };
      },
    }),
  );
}
