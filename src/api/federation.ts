import {
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  Kind,
  parse,
  print,
  printSchema,
  visit,
  type ConstDirectiveNode,
  type GraphQLFieldResolver,
} from "graphql";
import { BadUserInputError, NotFoundError } from "../errors.ts";
import type { Api } from "./api.ts";
import { callerOf, type ApiContext } from "./context.ts";
import { presenting } from "./present-errors.ts";

/**
 * What stands before a subgraph's types. From 2.4 subscriptions are part of federation; and Apollo's
 * composition knows `@oneOf` only where it is declared.
 */
const PREAMBLE = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@key"])

directive @oneOf on INPUT_OBJECT
`;

/** A type that other subgraphs refer to, and add fields to. */
interface Entity {
  /** The field that a reference names it by. */
  readonly key: string;
  readonly resolve: (key: string, context: ApiContext | undefined) => object | Promise<object>;
}

/** A reference to an entity, as a gateway sends it: `{ __typename: "Run", id: "…" }`. */
type Reference = Readonly<Record<string, unknown>>;

/**
 * The schema as a subgraph of Apollo Federation 2, with runs, threads and workflows as entities. By hand,
 * since `@apollo/subgraph` refuses schemas with `@oneOf`; the specification asks for no more:
 * https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec
 */
export function toSubgraph(schema: GraphQLSchema, api: Api): GraphQLSchema {
  const entities = entitiesOf(api);
  const sdl = `${PREAMBLE}\n${printWithKeys(schema, entities)}\n`;
  const { query, types, ...rest } = schema.toConfig();
  const { fields, ...queryConfig } = (query as GraphQLObjectType).toConfig();
  const service = new GraphQLObjectType({
    name: "_Service",
    description: "This subgraph, to those who compose it with others.",
    fields: { sdl: { type: new GraphQLNonNull(GraphQLString) } },
  });
  const entity = new GraphQLUnionType({
    name: "_Entity",
    description: "What other subgraphs can refer to.",
    types: [...entities.keys()].map((name) => schema.getType(name) as GraphQLObjectType),
  });
  const any = new GraphQLScalarType({
    name: "_Any",
    description: "A reference to an entity: its `__typename` and its key.",
  });
  return new GraphQLSchema({
    ...rest,
    types: types.filter((type) => type !== query),
    query: new GraphQLObjectType({
      ...queryConfig,
      fields: {
        ...fields,
        _service: {
          type: new GraphQLNonNull(service),
          description: "For gateways.",
          resolve: () => ({ sdl }),
        },
        _entities: {
          type: new GraphQLNonNull(new GraphQLList(entity)),
          description:
            "For gateways. What is not there, or somebody else's, is null with an error.",
          args: {
            representations: {
              type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(any))),
            },
          },
          resolve: resolveEntities(entities),
        },
      },
    }),
  });
}

function entitiesOf({ names, engine }: Api): ReadonlyMap<string, Entity> {
  return new Map<string, Entity>([
    [names.type("Run"), { key: "id", resolve: (id, context) => engine.get(id, callerOf(context)) }],
    [
      names.type("Thread"),
      { key: "id", resolve: (id, context) => engine.threads.get(id, callerOf(context)) },
    ],
    [
      names.type("Workflow"),
      {
        key: "name",
        resolve: (name) => {
          const workflow = engine.workflows.get(name);
          if (!workflow) throw new NotFoundError("Workflow", name);
          return workflow;
        },
      },
    ],
  ]);
}

function resolveEntities(
  entities: ReadonlyMap<string, Entity>,
): GraphQLFieldResolver<unknown, ApiContext> {
  const resolveOne = presenting(
    async (reference: Reference, position: number, context: ApiContext | undefined) => {
      const typeName = String(reference["__typename"]);
      const entity = entities.get(typeName);
      const key = entity && reference[entity.key];
      if (!entity || typeof key !== "string") {
        throw new BadUserInputError("A representation has the __typename and key of an entity", [
          { path: ["representations", String(position)], message: "Names no entity" },
        ]);
      }
      return { ...(await entity.resolve(key, context)), __typename: typeName };
    },
  );
  // Each on its own: one that fails leaves the others alone.
  return (_root, { representations }: { representations: readonly Reference[] }, context) =>
    representations.map((reference, position) => resolveOne(reference, position, context));
}

function printWithKeys(schema: GraphQLSchema, entities: ReadonlyMap<string, Entity>): string {
  const document = visit(parse(printSchema(schema)), {
    ObjectTypeDefinition(node) {
      const entity = entities.get(node.name.value);
      return entity && { ...node, directives: [keyDirective(entity.key)] };
    },
  });
  return print(document);
}

function keyDirective(key: string): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: "key" },
    arguments: [
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: "fields" },
        value: { kind: Kind.STRING, value: key },
      },
    ],
  };
}
