import type { JsonValue } from "../json.ts";
import { describeGraph } from "../workflows/describe-graph.ts";
import type { Api } from "./api.ts";

/** `Workflow`, which says what can be run and what it takes. */
export function implementWorkflow({ builder, names, refs, catalog, workflowFields }: Api): void {
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

  const eventType = builder.objectRef<EventTypeSource>(names.type("EventType")).implement({
    description: "An event that a workflow's nodes may write.",
    fields: (t) => ({
      type: t.exposeString("type", { description: "The `type` that nodes write." }),
      typeName: t.exposeString("typeName", { description: "The GraphQL type that becomes of it." }),
      schema: t.field({
        type: "JSON",
        description: "JSON Schema of its other fields.",
        resolve: ({ schema }) => schema,
      }),
    }),
  });

  refs.workflow.implement({
    description: "A graph that can be run.",
    fields: (t) => ({
      name: t.exposeString("name", { description: "As the server's configuration names it." }),
      field: t.string({
        description:
          "Its field in `WorkflowInput`, `WorkflowContext`, `WorkflowState` and `WorkflowResult`.",
        resolve: ({ name }) => workflowFields.get(name) ?? name,
      }),
      description: t.exposeString("description", { nullable: true }),
      version: t.exposeString("version", {
        description: "Changes when the graph's nodes or edges do.",
      }),
      inputSchema: t.field({
        ...describeSchema("input"),
        resolve: ({ schemas }) => schemas.input as JsonValue,
      }),
      stateSchema: t.field({
        ...describeSchema("state"),
        resolve: ({ schemas }) => schemas.state as JsonValue,
      }),
      outputSchema: t.field({
        ...describeSchema("output"),
        resolve: ({ schemas }) => schemas.output as JsonValue,
      }),
      contextSchema: t.field({
        ...describeSchema("context"),
        resolve: ({ schemas }) => schemas.context as JsonValue,
      }),
      eventTypes: t.field({
        type: [eventType],
        description: "The events that its nodes may write, built-in ones included.",
        resolve: ({ events }) =>
          [...events.keys()].map((type) => ({
            type,
            typeName: catalog.typeNameOf({ kind: "written", event: type, payload: null }),
            schema: catalog.schemaOf(type) as JsonValue,
          })),
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
}

interface EventTypeSource {
  readonly type: string;
  readonly typeName: string;
  readonly schema: JsonValue;
}

function describeSchema(part: string) {
  return {
    type: "JSON",
    nullable: true,
    description: `JSON Schema of its ${part}; null where the graph has none.`,
  } as const;
}
