import { whileUnavailable } from "../while-unavailable.ts";
import type { Api } from "./api.ts";
import { callerOf } from "./context.ts";
import {
  checkCursorIsOf,
  cursorFrom,
  maxRateArg,
  resolveItem,
  subscribeToRun,
} from "./subscribe-to-run.ts";
import type { WorkflowEventRefs } from "./workflow-event.ts";

/** `Subscription.workflowEvents`. */
export function addWorkflowEvents(api: Api, events: WorkflowEventRefs): void {
  const { builder, names, engine } = api;
  builder.subscriptionField(names.rootField("workflowEvents"), (t) =>
    t.field({
      type: events.event,
      description:
        "Follow any run, finished or not: replay what comes after `after`, then go on live. You " +
        "receive the types of events that the operation names.",
      args: {
        runId: t.arg.id({ required: true }),
        after: t.arg({
          type: "Cursor",
          required: false,
          description: "From the beginning when absent.",
        }),
        only: t.arg({
          type: [events.eventType],
          required: false,
          description: "Only events of these types, whatever the operation names.",
        }),
        maxRate: maxRateArg(t),
      },
      subscribe: async (_root, { runId, after, only, maxRate }, context, info) => {
        const cursor = cursorFrom(after, context);
        checkCursorIsOf(runId, cursor);
        // Whoever comes back in the middle of a restart need not come twice.
        return whileUnavailable(async () => {
          const run = await engine.watch(runId, callerOf(context));
          return subscribeToRun(api, { run, cursor, only, maxRate, info, context });
        });
      },
      resolve: resolveItem,
    }),
  );
}
