import { BadUserInputError } from "../errors.ts";
import type { Run } from "../runs/run.ts";
import type { Api } from "./api.ts";
import { viewerOf } from "./context.ts";

const MAX_RUNS_PER_PAGE = 100;

interface RunConnection {
  readonly nodes: readonly Run[];
  readonly hasMore: boolean;
}

/** `Query.run` and `Query.runs`. */
export function addRunQueries({ builder, names, refs, engine, workflowFields }: Api): void {
  const connection = builder.objectRef<RunConnection>(names.type("RunConnection")).implement({
    description: "A page of runs, newest first.",
    fields: (t) => ({
      nodes: t.field({ type: [refs.run], resolve: ({ nodes }) => nodes }),
      endCursor: t.id({
        nullable: true,
        description: "Pass it as `after` for the next page.",
        resolve: ({ nodes }) => nodes.at(-1)?.id ?? null,
      }),
      hasMore: t.exposeBoolean("hasMore"),
    }),
  });
  const filter = builder.inputType(names.type("RunFilter"), {
    description: "Which runs to list; all conditions must hold.",
    fields: (t) => ({
      workflow: t.string({ required: false, description: "The name of a workflow." }),
      statuses: t.field({ type: [refs.runStatus], required: false }),
    }),
  });

  builder.queryField(names.rootField("run"), (t) =>
    t.field({
      type: refs.run,
      nullable: true,
      description: "A run; an error with the code NOT_FOUND when there is none.",
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, { id }, context) => engine.get(id, viewerOf(context)),
    }),
  );

  builder.queryField(names.rootField("runs"), (t) =>
    t.field({
      type: connection,
      nullable: true,
      description: "Your runs, newest first.",
      args: {
        first: t.arg.int({
          required: true,
          defaultValue: 20,
          description: `At most so many, up to ${MAX_RUNS_PER_PAGE}.`,
        }),
        after: t.arg.string({
          required: false,
          description: "The `endCursor` of the page before.",
        }),
        where: t.arg({ type: filter, required: false }),
      },
      resolve: async (_root, { first, after, where }, context) => {
        if (first < 1 || first > MAX_RUNS_PER_PAGE) {
          throw new BadUserInputError(`first must be between 1 and ${MAX_RUNS_PER_PAGE}`, [
            { path: ["first"], message: `Must be between 1 and ${MAX_RUNS_PER_PAGE}` },
          ]);
        }
        const { runs, hasMore } = await engine.list(
          { workflow: workflowNamed(where?.workflow), statuses: where?.statuses ?? undefined },
          { first, after: after ?? undefined },
          viewerOf(context),
        );
        return { nodes: runs, hasMore };
      },
    }),
  );

  /** Accepts the field's name as well: it is the one that a front end sees. */
  function workflowNamed(name: string | null | undefined): string | undefined {
    if (name == null) return undefined;
    for (const [workflow, field] of workflowFields) if (field === name) return workflow;
    return name;
  }
}
