import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { useServer } from "graphql-ws/use/ws";
import { createSchema, createYoga } from "graphql-yoga";
import { WebSocketServer } from "ws";
import { graph } from "./graph.ts";

/** What one writes without us: a resolver over `graph.stream`, and graphql-ws as Yoga documents it. */
const schema = createSchema({
  typeDefs: /* GraphQL */ `
    type Query {
      ok: Boolean
    }
    type Subscription {
      runWorkflow(events: Int!): WorkflowEvent!
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
        subscribe: (_root, { events }: { events: number }) =>
          graph.stream({ events }, { streamMode: "custom" }),
        resolve: (event: unknown) => event,
      },
    },
  },
});

const yoga = createYoga({ schema, logging: false });
const server = createServer((request, response) => void yoga(request, response));
type Enveloped = ReturnType<typeof yoga.getEnveloped>;
useServer(
  {
    execute: (args) => (args.rootValue as Enveloped).execute(args),
    subscribe: (args) => (args.rootValue as Enveloped).subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const enveloped = yoga.getEnveloped({ ...context, params });
      const {
        schema: envelopedSchema,
        execute,
        subscribe,
        contextFactory,
        parse,
        validate,
      } = enveloped;
      const document = parse(params.query);
      const errors = validate(envelopedSchema, document);
      if (errors.length > 0) return errors;
      return {
        schema: envelopedSchema,
        operationName: params.operationName,
        document,
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
    },
  },
  new WebSocketServer({ server, path: "/graphql" }),
);
server.listen(0, "127.0.0.1", () => {
  process.send?.(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
});
