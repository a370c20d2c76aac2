import { fastify } from "fastify";
import { mercurius } from "mercurius";
import { answer } from "../support/child.ts";
import { plainSchema } from "../support/plain-schema.ts";

/** Fastify and Mercurius, whose compiler leaves subscriptions to graphql-js. */
const app = fastify();
await app.register(mercurius, { schema: plainSchema, subscription: true, jit: 1 });
answer(`${await app.listen({ host: "127.0.0.1", port: 0 })}/graphql`);
