import type { Api } from "./api.ts";
import { continueThread, type RunArgs } from "./run-args.ts";

/** `Mutation.continueThread`. */
export function addContinueThread(api: Api, args: RunArgs): void {
  const { builder, names, refs } = api;
  builder.mutationField(names.rootField("continueThread"), (t) =>
    t.field({
      type: refs.startRunPayload,
      nullable: true,
      description:
        "Run on without a new input: what failed again, from where it stopped, or from the earlier " +
        "state that `options.checkpointId` names. Idempotent by `runId`.",
      args: args.continue(t),
      resolve: (_root, given, context, info) => continueThread(api, given, { context, info }),
    }),
  );
}
