import type { Api } from "./api.ts";
import { startRun, type RunArgs } from "./run-args.ts";

/** `Mutation.startRun`. */
export function addStartRun(api: Api, args: RunArgs): void {
  const { builder, names, refs } = api;
  refs.startRunPayload.implement({
    fields: (t) => ({
      run: t.field({ type: refs.run, resolve: ({ run }) => run }),
      isNew: t.exposeBoolean("isNew", {
        description: "False when this `runId` had been started before.",
      }),
    }),
  });
  builder.mutationField(names.rootField("startRun"), (t) =>
    t.field({
      type: refs.startRunPayload,
      nullable: true,
      description: "Start a run without following it. Idempotent by `runId`.",
      args: args.start(t),
      resolve: (_root, given, context, info) => startRun(api, given, { context, info }),
    }),
  );
}
