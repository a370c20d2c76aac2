import type { Api } from "./api.ts";
import { callerOf } from "./context.ts";
import { pageArgs } from "./page.ts";
import { readRuns, RUNS_PAGE } from "./run-connection.ts";

/** `Query.run` and `Query.runs`. */
export function addRunQueries(api: Api): void {
  const { builder, names, refs, engine, workflowFields } = api;
  const filter = builder.inputType(names.type("RunFilter"), {
    description: "Which runs to list; all conditions must hold.",
    fields: (t) => ({
      workflow: t.string({ required: false, description: "The name of a workflow." }),
      threadId: t.id({ required: false, description: "The id of a thread." }),
      statuses: t.field({ type: [refs.runStatus], required: false }),
    }),
  });

  builder.queryField(names.rootField("run"), (t) =>
    t.field({
      type: refs.run,
      nullable: true,
      description: "A run; an error with the code NOT_FOUND when there is none.",
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, { id }, context) => engine.get(id, callerOf(context)),
    }),
  );

  builder.queryField(names.rootField("runs"), (t) =>
    t.field({
      type: refs.runConnection,
      nullable: true,
      description: "Your runs, newest first.",
      args: {
        ...pageArgs(t, RUNS_PAGE),
        where: t.arg({ type: filter, required: false }),
      },
      resolve: (_root, { where, ...page }, context) =>
        readRuns(
          api,
          {
            workflow: workflowNamed(where?.workflow),
            threadId: where?.threadId ?? undefined,
            statuses: where?.statuses ?? undefined,
          },
          page,
          context,
        ),
    }),
  );

  /** Accepts the field's name as well: it is the one that a front end sees. */
  function workflowNamed(name: string | null | undefined): string | undefined {
    if (name == null) return undefined;
    for (const [workflow, field] of workflowFields) if (field === name) return workflow;
    return name;
  }
}
