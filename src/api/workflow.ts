import { toJson } from "../json.ts";
import { describeGraph } from "../workflows/describe-graph.ts";
import type { Api } from "./api.ts";

/** `Workflow`, and the types with one field for each workflow: `WorkflowInput`, `WorkflowState`, `WorkflowResult`. */
export function implementWorkflow({ builder, names, refs, engine, catalog, workflowFields }: Api) {
  const nodeType = builder
    .objectRef<{ readonly id: string; readonly name: string }>(names.type("GraphNode"))
    .implement({
      description: "A node of a workflow's graph.",
      fields: (t) => ({ id: t.exposeID("id"), name: t.exposeString("name") }),
    });
  const edgeType = builder
    .objectRef<{ source: string; target: string; isConditional: boolean }>(names.type("GraphEdge"))
    .implement({
      description: "An edge of a workflow's graph.",
      fields: (t) => ({
        source: t.exposeID("source"),
        target: t.exposeID("target"),
        isConditional: t.exposeBoolean("isConditional"),
      }),
    });

  refs.workflow.implement({
    description: "A graph that can be run.",
    fields: (t) => ({
      name: t.exposeString("name", { description: "As the server's configuration names it." }),
      field: t.string({
        description: "Its field in `WorkflowInput`, `WorkflowState` and `WorkflowResult`.",
        resolve: ({ name }) => workflowFields.get(name) ?? name,
      }),
      description: t.exposeString("description", { nullable: true }),
      version: t.exposeString("version", {
        description: "Changes when the graph's nodes or edges do.",
      }),
      eventTypes: t.stringList({
        description: "The GraphQL types of the events that it declares, built-in ones included.",
        resolve: ({ events }) =>
          [...events.keys()].map((event) =>
            catalog.typeNameOf({ kind: "written", event, payload: null }),
          ),
      }),
      nodes: t.field({
        type: [nodeType],
        resolve: async (workflow) => (await describeGraph(workflow)).nodes,
      }),
      edges: t.field({
        type: [edgeType],
        resolve: async (workflow) => (await describeGraph(workflow)).edges,
      }),
      mermaid: t.string({
        description: "The graph as a Mermaid flowchart.",
        resolve: async (workflow) => (await describeGraph(workflow)).mermaid,
      }),
    }),
  });

  for (const [ref, description] of [
    [refs.workflowState, "State of a workflow: only the run's own workflow is set."],
    [refs.workflowResult, "Output of a workflow: only the run's own workflow is set."],
  ] as const) {
    ref.implement({
      description,
      fields: (t) =>
        Object.fromEntries(
          [...workflowFields].map(([name, field]) => [
            field,
            t.field({
              type: "JSON",
              nullable: true,
              resolve: ({ workflow, value }) => (workflow === name ? value : null),
            }),
          ]),
        ),
    });
  }

  const input = builder.inputType(names.type("WorkflowInput"), {
    isOneOf: true,
    description: "Which workflow to run, and its input.",
    fields: (t) =>
      Object.fromEntries(
        [...workflowFields].map(([name, field]) => [
          field,
          t.field({
            type: "JSON",
            required: false,
            description: engine.workflows.get(name)?.description ?? `The input of ${name}.`,
          }),
        ]),
      ),
  });
  return { input };
}

export type WorkflowRefs = ReturnType<typeof implementWorkflow>;

/** The workflow and input that a `WorkflowInput` holds; GraphQL has checked that there is just one. */
export function readWorkflowInput(
  input: Readonly<Record<string, unknown>>,
  workflowFields: ReadonlyMap<string, string>,
) {
  for (const [workflow, field] of workflowFields) {
    const value = input[field];
    if (value !== undefined) return { workflow, input: toJson(value) };
  }
  throw new TypeError("GraphQL let an empty WorkflowInput pass");
}
