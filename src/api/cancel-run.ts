import type { Run } from "../runs/run.ts";
import type { Api } from "./api.ts";
import { callerOf, checkMayWrite } from "./context.ts";

/** `Mutation.cancelRun`. */
export function addCancelRun({ builder, names, refs, engine }: Api): void {
  const payload = builder
    .objectRef<{ readonly run: Run }>(names.type("CancelRunPayload"))
    .implement({
      fields: (t) => ({ run: t.field({ type: refs.run, resolve: ({ run }) => run }) }),
    });
  builder.mutationField(names.rootField("cancelRun"), (t) =>
    t.field({
      type: payload,
      nullable: true,
      description: "Cancel a run. One that has ended stays as it is.",
      args: { runId: t.arg.id({ required: true }) },
      resolve: async (_root, { runId }, context) => {
        checkMayWrite(context);
        return { run: await engine.cancel(runId, callerOf(context)) };
      },
    }),
  );
}
