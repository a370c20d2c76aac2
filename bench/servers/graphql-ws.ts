import { createServer } from "node:http";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { answer } from "../support/child.ts";
import { listen } from "../support/listen.ts";
import { plainSchema, startPlainRun } from "../support/plain-schema.ts";

/** graphql-ws alone, with graphql-js. */
const server = createServer();
useServer({ schema: plainSchema }, new WebSocketServer({ server, path: "/graphql" }));
answer(await listen(server), { start: startPlainRun });
