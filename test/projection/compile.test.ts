import { Access } from "../../src/access/access.ts";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import {
  assertAbstractType,
  assertObjectType,
  assertScalarType,
  buildSchema,
  GraphQLScalarType,
  parse,
} from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import type { StreamedRun, StreamItem } from "../../src/api/event-stream.ts";
import { createSchema } from "../../src/api/schema.ts";
import type { SchemaOptions } from "../../src/api/schema-options.ts";
import { memory } from "../../src/backends/memory/index.ts";
import { compile } from "../../src/projection/compile.ts";
import { DEFAULT_LIMITS } from "../../src/runs/engine-options.ts";
import { Engine } from "../../src/runs/engine.ts";
import { createWorkflows } from "../../src/workflows/workflow.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { selectEverything } from "../support/select-everything.ts";
import { until } from "../support/until.ts";
import { Choices } from "./support/choices.ts";
import { randomEvent } from "./support/random-event.ts";
import { randomOperation } from "./support/random-operation.ts";
import { expectSameResults, isValid } from "./support/same-results.ts";
import { temperedItem, temperedSchema } from "./support/tempers.ts";
import { workflows } from "./support/workflows.ts";

const logger = recordingLogger();
const backend = memory();
const engine = new Engine({
  workflows: createWorkflows(workflows),
  backend,
  access: new Access({ isAuthenticated: false }),
  limits: DEFAULT_LIMITS,
  exposeErrors: true,
  drainMs: 0,
  logger,
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
});

/** Runs that have come to their end or to a question, and one that is no more. */
const runs: StreamedRun[] = [{ id: "gone", createdAt: new Date(0), workflow: "gone" }];
/** All that they have recorded. */
const recorded: StreamItem[] = [];

beforeAll(async () => {
  engine.open();
  await record("typed", { outcome: "succeeds" }, "succeeded");
  await record("typed", { outcome: "fails" }, "failed");
  await record("typed", { outcome: "asks" }, "interrupted");
  await record("untyped", { n: 1 }, "succeeded");
});

async function record(
  workflow: string,
  input: { readonly [key: string]: string | number },
  status: string,
) {
  const { run } = await engine.start({ caller: NOBODY, workflow, input });
  await until(async () => (await engine.get(run.id, NOBODY)).status === status);
  runs.push(run);
  const { events } = await engine.read(run, { after: 0, limit: 1_000 }, NOBODY);
  recorded.push(...events.map((event) => ({ kind: "event", run, event }) as const));
}

const operation = { seed: fc.noShrink(fc.integer({ min: 1 })), size: fc.nat(400) };

const SCHEMAS: readonly (readonly [string, SchemaOptions])[] = [
  ["the schema", {}],
  [
    "a prefixed subgraph with scalars of its host's own",
    {
      prefix: "Agents",
      federation: true,
      scalars: {
        JSON: new GraphQLScalarType({
          name: "JSON",
          serialize: (value) => (value === "" ? null : { as: value }),
        }),
        DateTime: new GraphQLScalarType<Date, number>({
          name: "DateTime",
          serialize(value) {
            if (Number(value) % 7 === 0) throw new RangeError("It is a seventh");
            return Number(value);
          },
        }),
      },
    },
  ],
];

describe.each(SCHEMAS)("a compiled operation on %s", (_what, options) => {
  const { schema, names } = createSchema(engine, logger, options);

  test("has graphql-js' results, whatever it selects of whatever events", async () => {
    const items = fc.array(
      fc.record({
        kind: fc.oneof({ weight: 9, arbitrary: fc.constant("event") }, fc.constant("failure")),
        run: fc.nat(runs.length - 1).map((i) => runs[i]),
        event: randomEvent,
      }),
      { minLength: 4, maxLength: 8 },
    );
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.record(operation), fc.noShrink(items), async ({ seed, size }, random) => {
        const choices = new Choices(seed);
        const { text, variables } = randomOperation(schema, choices, size);
        if (!isValid(schema, text)) return;
        const from = choices.below(recorded.length);
        const results = await expectSameResults({
          schema,
          text,
          variables,
          items: [...random, ...recorded.slice(from, from + 3)],
        });
        compared += results.length;
      }),
      { numRuns: 200 },
    );
    expect(compared).toBeGreaterThan(1_000);
  });

  test("has them for all that there is to select of all that runs recorded", async () => {
    const union = assertAbstractType(schema.getType(names.type("WorkflowEvent")));
    for (const type of schema.getPossibleTypes(union)) {
      const text = `subscription { ${names.rootField("workflowEvents")}(runId: "1") {
        ... on ${type.name} ${selectEverything(schema, type)}
      } }`;
      await expectSameResults({ schema, text, items: recorded });
    }
  });
});

describe("a compiled operation", () => {
  test("has graphql-js' results and errors, however fickle resolvers and types are", async () => {
    const schema = temperedSchema();
    let compared = 0;
    let failed = 0;
    const items = fc.array(temperedItem, { minLength: 4, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.record(operation), fc.noShrink(items), async ({ seed, size }, random) => {
        const { text, variables } = randomOperation(schema, new Choices(seed), size);
        if (!isValid(schema, text)) return;
        const results = await expectSameResults({
          schema,
          text,
          variables,
          items: random,
          mayAskAgain: true,
        });
        compared += results.length;
        failed += results.filter(({ errors }) => errors).length;
      }),
      { numRuns: 100 },
    );
    // Both happen, often.
    expect(failed).toBeGreaterThan(40);
    expect(compared - failed).toBeGreaterThan(40);
  });

  test.each<[string, string, object, unknown]>([
    [
      "a fragment of whose spreads the second is included",
      `subscription ($a: Boolean!, $b: Boolean!) {
        event { ...Inner @include(if: $a) ...Inner @include(if: $b) }
      }
      fragment Inner on Event { n }`,
      { a: false, b: true },
      { n: 1 },
    ],
    [
      "a field of whose occurrences one is skipped",
      "subscription ($a: Boolean!) { event { in @skip(if: $a) { ... { n } } in { in { n } } } }",
      { a: true },
      { in: { in: { n: 3 } } },
    ],
    [
      "names that JavaScript has a meaning for",
      "subscription { event { __proto__: n then: n constructor: n toJSON: n } }",
      {},
      JSON.parse('{ "__proto__": 1, "then": 1, "constructor": 1, "toJSON": 1 }'),
    ],
    [
      "arguments with variables, of one that is not given too",
      "subscription ($x: Int, $y: Int!) { event { told(x: $x, list: [$y, 2]) } }",
      { y: 1 },
      { told: { x: 7, list: [1, 2] } },
    ],
    [
      "one field with arguments in types that have other defaults for them",
      `subscription ($list: [Int!]) { event { item { ...Told } items { ...Told } } }
      fragment Told on Telling { told(list: $list) }`,
      { list: 5 },
      { item: { told: { x: 8, list: [5] } }, items: { told: { x: 9, list: [5] } } },
    ],
  ])("takes %s as graphql-js does", async (_what, text, variables, event) => {
    const results = await expectSameResults({ schema, text, items, variables: [variables] });
    expect(results).toEqual([{ data: { event } }]);
  });

  test("tells apart all that @skip and @include can say", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const text = `subscription (${names.map((name) => `$${name}: Boolean!`).join(" ")}) {
      event { ${names.map((name) => `${name}: n @include(if: $${name})`).join(" ")} }
    }`;
    const variables = Array.from({ length: 2 ** names.length }, (_, i) =>
      Object.fromEntries(names.map((name, bit) => [name, (i & (1 << bit)) !== 0])),
    );
    const results = await expectSameResults({ schema, text, items, variables });
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(variables.length);
  });

  test("reads variables once for however many events", async () => {
    let reads = 0;
    const text = "subscription ($odd: Odd) { event { told(odd: $odd) } }";
    assertScalarType(schema.getType("Odd")).parseValue = (value) => {
      reads += 1;
      return value;
    };
    const execute = compile({ schema, document: parse(text) });
    const variables = { odd: 1 };
    for (let i = 0; i < 10; i++) {
      expect(execute(items[0], undefined, variables)).toEqual({
        data: { event: { told: { x: 7, odd: 1 } } },
      });
    }
    expect(reads).toBe(1);
  });

  test("leaves no failure behind that ends the process, when another comes first", async () => {
    const later = async () => {
      await setImmediate();
      throw new RangeError("Later");
    };
    const now = () => {
      throw new RangeError("Now");
    };
    const text = "subscription { event { a: in { n } must { n } } }";
    const results = await expectSameResults({
      schema,
      text,
      items: [{ event: { in: later, must: now } }, { event: { in: later, must: later } }],
    });
    await setImmediate();
    expect(results.map(({ data }) => data)).toEqual([{ event: null }, { event: null }]);
  });

  test.each([
    ["an error that a resolver returns", { in: new RangeError("Wrong") }],
    ["no list", { list: { length: 1 } }],
    ["a list with an item that is wrong", { list: [1, "Wrong"] }],
    ["an object of another type", { item: "no item" }],
  ])("takes %s as graphql-js does", async (_what, event) => {
    const text = "subscription { event { n in { n } list item { __typename } } }";
    const [result] = await expectSameResults({ schema, text, items: [{ event }] });
    expect(result?.errors).toHaveLength(1);
  });

  test("executes what is no subscription once, even if it fails", async () => {
    let calls = 0;
    const event = () => {
      calls += 1;
      throw new RangeError("Wrong");
    };
    const execute = compile({ schema, document: parse("mutation { event { n } }") });
    expect(await execute({ event }, undefined, {})).toMatchObject({ data: { event: null } });
    expect(calls).toBe(1);
  });

  const schema = buildSchema(`
    scalar Odd
    type Query { nothing: Int }
    type Mutation { event: Event }
    type Subscription { event: Event }
    type Event {
      n: Int
      list: [Int]
      in: Event
      must: Event!
      told(x: Int = 7, list: [Int!], odd: Odd): Odd
      item: Item
      items: Items
    }
    interface Telling { told(x: Int, list: [Int!]): Odd }
    type Item implements Telling { told(x: Int = 8, list: [Int!]): Odd }
    type Items implements Telling { told(x: Int = 9, list: [Int!]): Odd }
  `);
  assertObjectType(schema.getType("Item")).isTypeOf = (value) => value !== "no item";
  const told = (args: object) => args;
  const items = [
    { event: { n: 1, in: { n: 2, in: { n: 3 } }, told, item: { told }, items: { told } } },
  ];
});
