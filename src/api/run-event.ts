import type { Api } from "./api.ts";
import { cursorOf, type EventSource, type WrittenSource } from "./event-source.ts";

/** The fields of `RunEvent` and `WrittenEvent`: declared events may not have fields of these names. */
export const INTERFACE_FIELDS: readonly string[] = [
  "runId",
  "seq",
  "cursor",
  "createdAt",
  "node",
  "taskId",
  "step",
  "namespace",
  "attempt",
  "nodeAttempt",
  "type",
  "payload",
];

/** `RunEvent` and `WrittenEvent`, which the members of the union `WorkflowEvent` implement. */
export function implementRunEvent({ refs, catalog }: Api): void {
  const resolveType = ({ event }: EventSource): string => catalog.typeNameOf(event);

  refs.runEvent.implement({
    description: "What all events have: their place in the run and in the graph.",
    resolveType,
    fields: (t) => ({
      runId: t.id({ resolve: ({ runId }) => runId }),
      seq: t.int({
        description: "Its number in the run: 1, 2, 3 … without gaps.",
        resolve: ({ event }) => event.seq,
      }),
      cursor: t.field({
        type: "Cursor",
        description: "Resumes just after this event.",
        resolve: cursorOf,
      }),
      createdAt: t.field({
        type: "DateTime",
        resolve: ({ event }) => new Date(event.createdAt),
      }),
      node: t.string({
        nullable: true,
        description:
          "The node it comes from; null for the run itself, or where LangGraph does not tell.",
        resolve: ({ event }) => event.node,
      }),
      taskId: t.id({
        nullable: true,
        description: "The task it comes from: one execution of a node. Retries of a node share it.",
        resolve: ({ event }) => event.taskId,
      }),
      step: t.int({
        nullable: true,
        description: "The superstep of the node's own graph.",
        resolve: ({ event }) => event.step,
      }),
      namespace: t.stringList({
        description: 'The path of subgraphs to the node, as LangGraph names it: `["sub:<task>"]`.',
        resolve: ({ event }) => [...event.namespace],
      }),
      attempt: t.int({
        description:
          "Which execution of the run it comes from, from 1: a run that is recovered or resumed goes on under the next number.",
        resolve: ({ event }) => event.attempt,
      }),
      nodeAttempt: t.int({
        nullable: true,
        description: "Which try of the node's retry policy it comes from, from 1.",
        resolve: ({ event }) => event.nodeAttempt,
      }),
    }),
  });

  refs.writtenEvent.implement({
    description: "What a node wrote with LangGraph's writer: progress, complete, declared or not.",
    interfaces: [refs.runEvent],
    resolveType,
    fields: (t) => ({
      type: t.string({
        nullable: true,
        description: "The `type` of what was written, if it is an object with one.",
        resolve: typeOf,
      }),
      payload: t.field({
        type: "JSON",
        nullable: true,
        description:
          "What was written, whole; null for what is larger than an event may be, as `CustomEvent.problems` say.",
        resolve: ({ event }) => event.payload,
      }),
    }),
  });
}

function typeOf({ event: { payload, type } }: WrittenSource): string | null {
  if (type !== undefined) return type;
  const isObject = typeof payload === "object" && payload !== null && !Array.isArray(payload);
  return isObject && typeof payload["type"] === "string" ? payload["type"] : null;
}
