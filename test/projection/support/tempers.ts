import fc from "fast-check";
import {
  assertAbstractType,
  assertObjectType,
  assertScalarType,
  buildSchema,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from "graphql";

const SDL = `
  scalar Odd
  enum Kind { A B }
  interface Thing {
    id: ID
    kind: Kind!
    told(keys: [String!], first: Int! = 3, kind: Kind = B): String
  }
  type Leaf implements Thing {
    id: ID
    kind: Kind!
    told(keys: [String!], first: Int! = 4, kind: Kind): String
    n: Int
    s: String!
    odd: Odd
    odds: [Odd!]
  }
  type Tree implements Thing {
    id: ID
    kind: Kind!
    told(keys: [String!], first: Int! = 5, kind: Kind = A): String
    one: Thing
    must: Thing!
    many: [Thing]
    some: [Leaf]!
    grid: [[Int]]!
    any: Any
  }
  union Any = Leaf | Tree
  type Query { nothing: Int }
  type Subscription {
    thing: Thing
    any: Any!
    things(first: Int! = 1): [Thing]
  }
`;

/** A schema of types that {@link temperedItem} is of: its resolvers and types are as fickle as can be. */
export function temperedSchema(): GraphQLSchema {
  const schema = buildSchema(SDL);
  assertScalarType(schema.getType("Odd")).serialize = (value) => {
    if (value === "throws") throw new RangeError("It is odd");
    return value === "none" ? null : { odd: value };
  };
  // The union has the default, which asks its members.
  assertAbstractType(schema.getType("Thing")).resolveType = (source: Source) =>
    source.typeOf() as string;
  for (const name of ["Leaf", "Tree"]) {
    assertObjectType(schema.getType(name)).isTypeOf = (source: Source) => {
      const type = source.typeOf();
      return type instanceof Promise ? type.then((it) => it === name) : type === name;
    };
  }
  return schema;
}

interface Source {
  readonly typeOf: () => unknown;
}

/** Gives what a resolver is given. */
function told(args: object, context: unknown, info: GraphQLResolveInfo): string {
  const { fieldName, fieldNodes, parentType, returnType, path, operation, fragments } = info;
  return JSON.stringify([
    [args, context, fieldName, fieldNodes.length, parentType, returnType, path],
    [operation.name, Object.keys(fragments), info.variableValues, info.schema.getTypeMap()],
  ]);
}

async function reject(): Promise<never> {
  throw new RangeError("Rejected");
}

function fail(): never {
  throw new RangeError("Thrown");
}

/** Mostly `value`. */
function tempered(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const wrong = fc.constantFrom<unknown>(null, undefined, new RangeError("Returned"), "wrong", {});
  return fc.oneof({ weight: 20, arbitrary: value }, { weight: 1, arbitrary: wrong });
}

/** What a field is resolved from: a value, at once or later, or what makes it. */
function inField(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const it = tempered(value);
  return fc.oneof(
    { weight: 20, arbitrary: it },
    { weight: 8, arbitrary: it.map((made) => () => made) },
    { weight: 4, arbitrary: it.map((made) => async () => made) },
    { weight: 4, arbitrary: it.map((made) => Promise.resolve(made)) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(fail, reject) },
  );
}

/**
 * Either all items are there or all come later: of a list with both, one that is wrong has graphql-js
 * forget those to come, which ends the process if one of them is wrong too.
 */
function list(item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const items = fc.array(tempered(item), { maxLength: 3 });
  return fc.oneof(
    { weight: 4, arbitrary: items },
    { weight: 1, arbitrary: items.map((all) => new Set(all)) },
    { weight: 1, arbitrary: items.map((all) => all.map((each) => Promise.resolve(each))) },
  );
}

const typeOf = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom("Leaf", "Tree").map((name) => () => name) },
  { weight: 1, arbitrary: fc.constantFrom("Leaf", "Tree").map((name) => async () => name) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("Query", "Kind", "None", 1, null).map((name) => () => name),
  },
  { weight: 1, arbitrary: fc.constantFrom<() => unknown>(fail, reject) },
);

const { source } = fc.letrec<{ source: unknown }>((tie) => {
  const below = fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    fc.constant({ typeOf: () => "Leaf", id: 1, kind: "A", s: "small", told }),
    tie("source"),
  );
  return {
    source: fc.record({
      typeOf,
      id: inField(fc.oneof(fc.string(), fc.integer())),
      kind: inField(fc.constantFrom("A", "A", "A", "B", "C")),
      told: fc.constant(told),
      n: inField(fc.oneof(fc.integer(), fc.double())),
      s: inField(fc.oneof(fc.string(), fc.boolean())),
      odd: inField(fc.constantFrom(1, 2, "none", "throws")),
      odds: inField(list(fc.constantFrom(1, 2, 3, 4, "none"))),
      one: inField(below),
      must: inField(below),
      many: inField(list(below)),
      some: inField(list(below)),
      grid: inField(list(list(fc.oneof(fc.integer(), fc.constant(null))))),
      any: inField(below),
    }),
  };
});

/** What the subscriptions of {@link temperedSchema} are executed with. */
export const temperedItem: fc.Arbitrary<unknown> = fc.record({
  thing: inField(source),
  any: inField(source),
  things: inField(list(source)),
});
