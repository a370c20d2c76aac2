import { buildSchema, Kind, parse, validate, type GraphQLResolveInfo } from "graphql";
import { expect, test } from "vitest";
import { namedTypes } from "../../src/api/named-types.ts";

const schema = buildSchema(`
  interface Thing { id: ID! }
  interface Animal implements Thing { id: ID! legs: Int! }
  type Cat implements Thing & Animal { id: ID! legs: Int! owner: String }
  type Dog implements Thing & Animal { id: ID! legs: Int! owner: String }
  type Stone implements Thing { id: ID! }
  union Any = Cat | Dog | Stone
  union Pet = Cat | Dog
  type Query { any: Any }
  type Subscription { any: Any }
`);

/** What the operation names; `undefined` for all. */
function namedBy(
  selection: string,
  { fragments = "", variables = {} }: { fragments?: string; variables?: object } = {},
): readonly string[] | undefined {
  const declared = Object.keys(variables).map((name) => `$${name}: Boolean!`);
  const head = declared.length > 0 ? `(${declared.join(", ")})` : "";
  const document = parse(`subscription ${head} { ${selection} } ${fragments}`);
  expect(validate(schema, document)).toEqual([]);
  const [operation, ...others] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("No operation");
  const info = {
    schema,
    fieldNodes: operation.selectionSet.selections,
    fragments: Object.fromEntries(
      others.flatMap((each) =>
        each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [],
      ),
    ),
    variableValues: variables,
  };
  const named = namedTypes(info as unknown as GraphQLResolveInfo);
  return named && [...named].sort();
}

test.each<readonly [string, readonly string[] | undefined]>([
  ["any { __typename }", undefined],
  ["any { kind: __typename }", undefined],
  ["any { ... on Thing { __typename } }", undefined],
  ["any { ... on Any { __typename } }", undefined],
  ["any { ... { __typename } }", undefined],
  ["any { ... on Cat { __typename } }", ["Cat"]],
  ["any { ... on Cat { id } ... on Dog { id } }", ["Cat", "Dog"]],
  ["any { ... on Thing { id } }", ["Cat", "Dog", "Stone"]],
  ["any { ... on Animal { legs } }", ["Cat", "Dog"]],
  ["any { ... on Animal { renamed: legs } }", ["Cat", "Dog"]],
  ["any { ... on Thing { ... on Animal { id } } }", ["Cat", "Dog"]],
  ["any { ... on Animal { ... on Thing { id } } }", ["Cat", "Dog"]],
  ["any { ... on Pet { ... on Thing { id } } }", ["Cat", "Dog"]],
  ["any { ... on Animal { ... { id } } }", ["Cat", "Dog"]],
  ["any { ... on Animal { ... on Cat { owner } __typename } }", ["Cat"]],
  ["any { ... on Cat { ... on Thing { id } } }", ["Cat"]],
  ["any { ... on Cat { __typename } } any { ... on Dog { __typename } }", ["Cat", "Dog"]],
])("%s names %j", (selection, expected) => {
  expect(namedBy(selection)).toEqual(expected);
});

test("named fragments count as what they stand for, at any depth", () => {
  const fragments = `
    fragment Outer on Any { ...Inner ... on Stone { id } }
    fragment Inner on Animal { legs }
  `;
  expect(namedBy("any { ...Outer }", { fragments })).toEqual(["Cat", "Dog", "Stone"]);
});

test("@skip and @include count as they are when the operation begins", () => {
  const selection = "any { ... on Cat @skip(if: $a) { id } ... on Dog @include(if: $b) { id } }";
  expect(namedBy(selection, { variables: { a: false, b: true } })).toEqual(["Cat", "Dog"]);
  expect(namedBy(selection, { variables: { a: true, b: true } })).toEqual(["Dog"]);
  expect(namedBy(selection, { variables: { a: false, b: false } })).toEqual(["Cat"]);
});

test("@skip and @include on fields and on named fragments count as well", () => {
  const fragments = "fragment C on Cat { id }";
  const selection = "any { ...C @include(if: $a) ... on Animal { legs @skip(if: $b) } }";
  expect(namedBy(selection, { fragments, variables: { a: true, b: true } })).toEqual(["Cat"]);
  expect(namedBy(selection, { fragments, variables: { a: false, b: false } })).toEqual([
    "Cat",
    "Dog",
  ]);
});

test("directives only take away: an operation whose names are all skipped names nothing, not all", () => {
  expect(namedBy("any { ... on Cat @skip(if: true) { id } }")).toEqual([]);
});
