import type { Api } from "./api.ts";
import { callerOf } from "./context.ts";
import { checkFirst, firstArg, pageArgs, type PageSize } from "./page.ts";
import { readRuns, RUNS_PAGE } from "./run-connection.ts";

const HISTORY_PAGE: PageSize = { usual: 10, most: 100 };

/** `Thread`. */
export function implementThread(api: Api): void {
  const { refs, engine } = api;

  refs.thread.implement({
    description:
      "LangGraph's thread: what several runs, one after the other, have in common, such as a conversation.",
    fields: (t) => ({
      id: t.exposeID("id"),
      workflow: t.field({
        type: refs.workflow,
        nullable: true,
        description: "The workflow of its newest run; null when it is no longer served.",
        resolve: ({ workflow }) => engine.workflows.get(workflow) ?? null,
      }),
      createdAt: t.field({ type: "DateTime", resolve: ({ createdAt }) => createdAt }),
      updatedAt: t.field({
        type: "DateTime",
        description: "When its newest run was created.",
        resolve: ({ updatedAt }) => updatedAt,
      }),
      isBusy: t.boolean({
        description: "Whether one of its runs has not ended.",
        resolve: ({ id }) => engine.threads.isBusy(id),
      }),
      activeRun: t.field({
        type: refs.run,
        nullable: true,
        description:
          "The run that it is busy with, interrupted perhaps; others that have not ended wait for it. Null when there is none.",
        resolve: async ({ id }, _args, context) => {
          const active = await engine.threads.activeRun(id);
          return active ? engine.get(active.id, callerOf(context)) : null;
        },
      }),
      state: t.field({
        type: refs.threadState,
        nullable: true,
        description:
          "Its state now, or at an earlier checkpoint; null before there is any, and where the graph keeps none here.",
        args: {
          checkpointId: t.arg.id({ required: false, description: "The newest when absent." }),
        },
        resolve: async (thread, { checkpointId }, context) => {
          const caller = callerOf(context);
          const state = await engine.threads.state(thread, caller, checkpointId ?? undefined);
          return state && { thread, state };
        },
      }),
      history: t.field({
        type: refs.threadHistory,
        description: "Its states, newest first.",
        args: {
          first: firstArg(t, HISTORY_PAGE),
          before: t.arg.id({
            required: false,
            description: "The `endCursor` of the page before; any `checkpointId` does.",
          }),
        },
        resolve: async (thread, { first, before }, context) => {
          checkFirst(first, HISTORY_PAGE);
          const page = { first, before: before ?? undefined };
          const caller = callerOf(context);
          return { thread, ...(await engine.threads.history(thread, caller, page)) };
        },
      }),
      runs: t.field({
        type: refs.runConnection,
        description: "Its runs, newest first.",
        args: pageArgs(t, RUNS_PAGE),
        resolve: ({ id }, page, context) => readRuns(api, { threadId: id }, page, context),
      }),
    }),
  });
}
