import type { Api } from "./api.ts";
import type { EventSource } from "./event-source.ts";

/** The union `WorkflowEvent` and the enum `WorkflowEventType`, which names its members. */
export function createWorkflowEvent({ builder, names, refs, catalog }: Api) {
  const event = builder.unionType(names.type("WorkflowEvent"), {
    description: "Anything that happens in a run.",
    types: [
      refs.progressEvent,
      refs.completeEvent,
      refs.stateUpdate,
      refs.customEvent,
      refs.messageChunk,
      refs.nodeEvent,
      refs.runStatusEvent,
      // Made at runtime, so Pothos cannot know them.
      ...(catalog.declared.map(({ typeName }) => typeName) as never[]),
    ],
    resolveType: (source: EventSource) => catalog.typeNameOf(source.event),
  });
  const eventType = builder.enumType(names.type("WorkflowEventType"), {
    description: "The types of events, to choose from.",
    values: Object.fromEntries(
      [...catalog.enumValues].map(([name, typeName]) => [name, { value: typeName }]),
    ),
  });
  return { event, eventType };
}

export type WorkflowEventRefs = ReturnType<typeof createWorkflowEvent>;
