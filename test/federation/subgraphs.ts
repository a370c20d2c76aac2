import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { graphql, type GraphQLSchema } from "graphql";
import { createSchema, createYoga } from "graphql-yoga";

/** A schema as those who compose a supergraph take it. */
export interface Subgraph {
  readonly name: string;
  readonly sdl: string;
  readonly url: string;
}

/** What a subgraph says of itself. */
export async function sdlOf(schema: GraphQLSchema): Promise<string> {
  const { data, errors } = await graphql({ schema, source: "{ _service { sdl } }" });
  if (errors) throw new Error(errors.join());
  return (data?.["_service"] as { readonly sdl: string }).sdl;
}

const NOTES = `
  type Query { notes: [Note!]! }
  type Note { text: String!  workflow: Workflow! }
  type Run @key(fields: "id") { id: ID!  note: String! }
  type Thread @key(fields: "id") { id: ID!  title: String! }
  type Workflow @key(fields: "name", resolvable: false) { name: String! }
`;

/** Somebody else's subgraph: it adds fields to `Run` and `Thread`, and refers to `Workflow`. */
export const NOTES_SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@key"])
  ${NOTES}`;

/** The same, running. */
export async function serveNotes(): Promise<Subgraph & AsyncDisposable> {
  const schema = createSchema({
    typeDefs: `
      ${NOTES}
      directive @key(fields: String!, resolvable: Boolean) on OBJECT
      scalar _Any
      union _Entity = Run | Thread
      extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
    `,
    resolvers: {
      Query: {
        notes: () => [{ text: "Run it on Mondays", workflow: { name: "report" } }],
        _entities: (_root, { representations }: { representations: unknown[] }) => representations,
      },
      Run: { note: ({ id }: { id: string }) => `Note of ${id}` },
      Thread: { title: ({ id }: { id: string }) => `Title of ${id}` },
    },
  });
  const yoga = createYoga({ schema, logging: false });
  const server = createServer((request, response) => void yoga(request, response));
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name: "notes",
    sdl: NOTES_SDL,
    url: `http://localhost:${port}/graphql`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
