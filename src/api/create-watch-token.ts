import {
  DEFAULT_WATCH_TOKEN_SECONDS,
  MAX_WATCH_TOKEN_SECONDS,
  type WatchToken,
} from "../access/watch-tokens.ts";
import type { Api } from "./api.ts";
import { callerOf, checkMayWrite } from "./context.ts";

/** `Mutation.createWatchToken`. */
export function addCreateWatchToken({ builder, names, engine }: Api): void {
  const payload = builder.objectRef<WatchToken>(names.type("CreateWatchTokenPayload")).implement({
    fields: (t) => ({
      token: t.exposeString("token", {
        description:
          "To be sent as `Authorization: Bearer …`, as `connectionParams.authorization`, or, by an `EventSource`, as `?token=…`.",
      }),
      expiresAt: t.field({
        type: "DateTime",
        description: "Streams that were opened with it end then.",
        resolve: ({ expiresAt }) => expiresAt,
      }),
    }),
  });
  builder.mutationField(names.rootField("createWatchToken"), (t) =>
    t.field({
      type: payload,
      nullable: true,
      description:
        "Make a token with which whoever has it may read and watch this run, and nothing else: for a browser, say.",
      args: {
        runId: t.arg.id({ required: true }),
        ttlSeconds: t.arg.int({
          required: true,
          defaultValue: DEFAULT_WATCH_TOKEN_SECONDS,
          description: `How long it is good, in seconds: ${MAX_WATCH_TOKEN_SECONDS} (a day) at most.`,
        }),
      },
      resolve: (_root, { runId, ttlSeconds }, context) => {
        checkMayWrite(context);
        return engine.createWatchToken(runId, ttlSeconds, callerOf(context));
      },
    }),
  );
}
