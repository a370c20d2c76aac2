import { randomUUID } from "node:crypto";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { graph, type Work } from "../graph.ts";
import { Broadcast } from "./broadcast.ts";

/** Runs that several may watch. They are kept for as long as they run. */
const runs = new Map<string, Broadcast<unknown>>();

/**
 * What one writes without us: resolvers over `graph.stream`. No cursor, no log and no typed input,
 * but the operations that the clients here send to ours too.
 */
export const plainSchema = makeExecutableSchema({
  typeDefs: /* GraphQL */ `
    scalar JSON
    input WorkflowInput {
      write: JSON!
    }
    type Query {
      ok: Boolean
    }
    type Subscription {
      runWorkflow(input: WorkflowInput!): WorkflowEvent!
      workflowEvents(runId: ID!): WorkflowEvent!
    }
    union WorkflowEvent = ProgressEvent
    type ProgressEvent {
      current: Float!
      total: Float
      status: String
    }
  `,
  resolvers: {
    WorkflowEvent: { __resolveType: () => "ProgressEvent" },
    Subscription: {
      runWorkflow: {
        subscribe: (_root: unknown, { input }: { input: { write: Work } }) =>
          graph.stream(input.write as never, { streamMode: "custom" }),
        resolve: (event: unknown) => event,
      },
      workflowEvents: {
        subscribe: (_root: unknown, { runId }: { runId: string }) => {
          const events = runs.get(runId);
          if (!events) throw new Error(`No run ${runId}`);
          return events[Symbol.asyncIterator]();
        },
        resolve: (event: unknown) => event,
      },
    },
  },
});

/** Starts a run for `workflowEvents`. */
export async function startPlainRun(work: Work): Promise<string> {
  const id = randomUUID();
  const events = new Broadcast<unknown>();
  runs.set(id, events);
  void (async () => {
    for await (const event of await graph.stream(work, { streamMode: "custom" })) {
      events.push(event);
    }
    events.close();
    runs.delete(id);
  })();
  return id;
}
