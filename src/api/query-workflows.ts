import { NotFoundError } from "../errors.ts";
import type { Api } from "./api.ts";

/** `Query.workflow` and `Query.workflows`. */
export function addWorkflowQueries({ builder, names, refs, engine }: Api): void {
  builder.queryField(names.rootField("workflows"), (t) =>
    t.field({
      type: [refs.workflow],
      nullable: true,
      description: "All workflows.",
      resolve: () => [...engine.workflows.values()],
    }),
  );
  builder.queryField(names.rootField("workflow"), (t) =>
    t.field({
      type: refs.workflow,
      nullable: true,
      description: "A workflow; an error with the code NOT_FOUND when there is none.",
      args: { name: t.arg.string({ required: true }) },
      resolve: (_root, { name }) => {
        const workflow = engine.workflows.get(name);
        if (!workflow) throw new NotFoundError("Workflow", name);
        return workflow;
      },
    }),
  );
}
