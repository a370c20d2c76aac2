import { createServer } from "node:http";
import { useServer } from "graphql-ws/use/ws";
import { createYoga } from "graphql-yoga";
import { WebSocketServer } from "ws";
import { answer } from "../support/child.ts";
import { listen } from "../support/listen.ts";
import { plainSchema, startPlainRun } from "../support/plain-schema.ts";

/** Yoga's own server-sent events, and graphql-ws as Yoga documents it. */
const yoga = createYoga({ schema: plainSchema, logging: false });
const server = createServer((request, response) => void yoga(request, response));
type Enveloped = ReturnType<typeof yoga.getEnveloped>;
useServer(
  {
    execute: (args) => (args.rootValue as Enveloped).execute(args),
    subscribe: (args) => (args.rootValue as Enveloped).subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const enveloped = yoga.getEnveloped({ ...context, params });
      const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped;
      const document = parse(params.query);
      const errors = validate(schema, document);
      if (errors.length > 0) return errors;
      return {
        schema,
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
answer(await listen(server), { start: startPlainRun });
