import { sharedCaller } from "../access/caller.ts";
import { BadUserInputError } from "../errors.ts";
import type { Run } from "../runs/run.ts";
import { whileUnavailable } from "../while-unavailable.ts";
import type { Api } from "./api.ts";
import { callerOf, type ApiContext } from "./context.ts";
import { runIdOfOperation } from "./operation-run-id.ts";
import { startRun, type RunArgs } from "./run-args.ts";
import {
  checkCursorIsOf,
  checkRate,
  cursorFrom,
  maxRateArg,
  resolveItem,
  subscribeToRun,
} from "./subscribe-to-run.ts";
import type { WorkflowEventRefs } from "./workflow-event.ts";

/** How long the client of an `onDisconnect: CANCEL` subscription may be away. */
const DISCONNECT_GRACE_MS = 10_000;

/** `Subscription.runWorkflow`. */
export function addRunWorkflow(api: Api, args: RunArgs, events: WorkflowEventRefs): void {
  const { builder, names, engine } = api;
  const onDisconnect = builder.enumType(names.type("OnDisconnect"), {
    description: "What becomes of a run when its subscriber goes away.",
    values: {
      CONTINUE: { value: "continue", description: "It goes on; follow it with `workflowEvents`." },
      CANCEL: {
        value: "cancel",
        description: `It is cancelled, unless somebody follows it within ${DISCONNECT_GRACE_MS / 1000} s.`,
      },
    } as const,
  });

  builder.subscriptionField(names.rootField("runWorkflow"), (t) =>
    t.field({
      type: events.event,
      description:
        "Start a run and follow it. Idempotent by `runId`: a retry attaches to the same run and never " +
        "starts another; with a cursor it only ever attaches. You receive the types of events that the operation names.",
      args: {
        ...args.start(t),
        after: t.arg({
          type: "Cursor",
          required: false,
          description: "Follow the run that was started before, after this place.",
        }),
        only: t.arg({
          type: [events.eventType],
          required: false,
          description: "Only events of these types, whatever the operation names.",
        }),
        maxRate: maxRateArg(t),
        onDisconnect: t.arg({ type: onDisconnect, required: true, defaultValue: "continue" }),
      },
      subscribe: async (_root, given, context, info) => {
        // Before it starts a run whose events nobody is sent.
        checkRate(given.maxRate);
        const cursor = cursorFrom(given.after, context);
        const subscribe = async () => {
          const run = cursor
            ? await engine.watch(attachTo(given.runId, cursor.runId), callerOf(context))
            : (await startRun(api, given, { context, info, isWatched: true })).run;
          checkCursorIsOf(run.id, cursor);
          return subscribeToRun(api, {
            run,
            cursor,
            only: given.only,
            maxRate: given.maxRate,
            info,
            context,
            onLeave:
              given.onDisconnect === "cancel"
                ? () => cancelUnlessFollowed(run, context)
                : undefined,
          });
        };
        // Whoever comes back in the middle of a restart need not come twice: it finds the run again.
        const isNamed = cursor ?? given.runId ?? runIdOfOperation(context, info);
        return isNamed === undefined ? subscribe() : whileUnavailable(subscribe);
      },
      resolve: resolveItem,
    }),
  );

  function cancelUnlessFollowed(run: Run, context: ApiContext): void {
    // Asked for while the credentials were good: they may have run out, which may be why it left.
    const { caller } = sharedCaller(callerOf(context));
    const cancel = async (): Promise<void> => {
      // Where it goes on its clients come back, and are not seen from here.
      if (engine.isClosed || (await engine.isFollowed(run.id))) return;
      await engine.cancelUnseen(run.id, caller);
    };
    // It may have ended meanwhile, or be gone.
    setTimeout(
      () => void whileUnavailable(cancel).catch(() => undefined),
      DISCONNECT_GRACE_MS,
    ).unref();
  }
}

function attachTo(runId: string | null | undefined, cursorRunId: string | undefined): string {
  const id = runId ?? cursorRunId;
  if (id !== undefined) return id;
  throw new BadUserInputError(
    "A bare seq does not tell the run: pass `runId` with it, or a cursor",
  );
}
