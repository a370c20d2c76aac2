import { createRequire } from "node:module";
import { type as arktype } from "arktype";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { z as zod3 } from "zod/v3";
import { resolveRef } from "../../src/workflows/json-schema.ts";
import { toJsonSchema } from "../../src/workflows/to-json-schema.ts";

/** The package as CommonJS is another copy of it, in the same process. */
const { z: otherZod } = createRequire(import.meta.url)("zod") as { readonly z: typeof z };

const DATE = { type: "string", format: "date-time", "x-javascript": "Date" };
const BIGINT = { type: "string", "x-javascript": "bigint" };

/** What TypeScript makes of `enum Priority { Low, High }`. */
const Priority = { Low: 0, High: 1, 0: "Low", 1: "High" } as const;

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
  readonly parent?: Tree | undefined;
}

const tree4 = z.object({
  name: z.string(),
  get children() {
    return z.array(tree4);
  },
  get parent() {
    return tree4.optional();
  },
});

const tree3: zod3.ZodType<Tree> = zod3.object({
  name: zod3.string(),
  children: zod3.lazy(() => tree3.array()),
  parent: zod3.lazy(() => tree3).optional(),
});

const arkTree = arktype.scope({ Tree: { name: "string", "parent?": "Tree" } }).export().Tree;

describe.each([
  ["Zod 4", z],
  ["another copy of Zod 4", otherZod],
])("%s", (_name, zod) => {
  test("says all that JSON Schema has a word for", () => {
    const schema = zod
      .object({
        name: zod.string().describe("Who."),
        age: zod.int().min(0).max(150),
        tags: zod.array(zod.string()).optional(),
        mode: zod.enum(["draft", "final"]).nullable(),
        kind: zod.union([zod.literal("a"), zod.literal("b")]),
        scores: zod.record(zod.string(), zod.number()),
      })
      .describe("A person.");
    expect(toJsonSchema(schema, "input")).toEqual({
      type: "object",
      description: "A person.",
      properties: {
        name: { type: "string", description: "Who." },
        age: { type: "integer", minimum: 0, maximum: 150 },
        tags: { type: "array", items: { type: "string" } },
        mode: { anyOf: [{ type: "string", enum: ["draft", "final"] }, { type: "null" }] },
        kind: { type: "string", enum: ["a", "b"] },
        scores: {
          type: "object",
          propertyNames: { type: "string" },
          additionalProperties: { type: "number" },
        },
      },
      required: ["name", "age", "mode", "kind", "scores"],
    });
  });

  test("keeps null among literals", () => {
    const schema = zod.object({ a: zod.literal(["a", null]), b: zod.literal(null) });
    expect(toJsonSchema(schema, "input").properties).toMatchObject({
      a: { enum: ["a", null] },
      b: { type: "null" },
    });
  });

  test("takes any name that its author gives: one with a percent sign costs nothing", () => {
    const Share = zod.object({ percent: zod.number() }).meta({ id: "50%" });
    const schema = toJsonSchema(zod.object({ share: Share }), "input");
    expect(schema.properties).toEqual({ share: { $ref: "#/$defs/50%25" } });
    expect(resolveRef(schema.properties?.["share"] ?? {}, schema)).toMatchObject({
      properties: { percent: { type: "number" } },
    });
  });

  test("keeps the names that its author gave", () => {
    const Address = zod.object({ city: zod.string() }).meta({ id: "Address", title: "Where" });
    expect(toJsonSchema(zod.object({ home: Address, work: Address }), "input")).toMatchObject({
      properties: { home: { $ref: "#/$defs/Address" }, work: { $ref: "#/$defs/Address" } },
      $defs: { Address: { type: "object", title: "Where", properties: { city: {} } } },
    });
  });
});

describe.each([
  ["Zod 4", z],
  ["Zod 3", zod3 as unknown as typeof z],
])("%s: a part that JSON has no word for", (_name, zod) => {
  const schema = zod.object({
    text: zod.string(),
    at: zod.date(),
    until: zod.date().nullish(),
    amount: zod.bigint(),
    length: zod.string().transform((text) => text.length),
    lookup: zod.map(zod.string(), zod.string()),
    custom: zod.custom<URL>((value) => value instanceof URL),
    inner: zod.object({ site: zod.instanceof(URL), text: zod.string() }),
  });

  test("costs only that part", () => {
    const { text, length, lookup, custom, inner } = toJsonSchema(schema, "output").properties ?? {};
    expect(text).toEqual({ type: "string" });
    expect([length, lookup, custom]).toEqual([{}, {}, {}]);
    expect(inner?.properties).toEqual({ site: {}, text: { type: "string" } });
  });

  test("is the text that JSON has it as, with a mark, when it is a date or a bigint", () => {
    expect(toJsonSchema(schema, "input").properties).toMatchObject({
      at: DATE,
      until: { anyOf: [DATE, { type: "null" }] },
      amount: BIGINT,
    });
  });

  test("shows what a transform takes as the input, and nothing of what it makes", () => {
    expect(toJsonSchema(schema, "input").properties?.["length"]).toEqual({ type: "string" });
    expect(toJsonSchema(schema, "output").properties?.["length"]).toEqual({});
  });
});

test("Zod 3 says what Zod 4 says", () => {
  const schema = zod3.object({
    count: zod3.number().int().min(1).max(9).describe("How many."),
    at: zod3.string().datetime(),
    priority: zod3.nativeEnum(Priority),
    mode: zod3.enum(["draft", "final"]).nullable(),
    kind: zod3.union([zod3.literal("a"), zod3.literal("b")]),
    shape: zod3.discriminatedUnion("is", [
      zod3.object({ is: zod3.literal("round") }),
      zod3.object({ is: zod3.literal("square"), side: zod3.number() }).strict(),
    ]),
    pair: zod3.tuple([zod3.string(), zod3.number()]),
    scores: zod3.record(zod3.number()).optional(),
    both: zod3.object({ a: zod3.string() }).and(zod3.object({ b: zod3.string() })),
    title: zod3.string().default("untitled"),
    piped: zod3.string().pipe(zod3.coerce.number()).readonly(),
  });
  expect(toJsonSchema(schema, "input")).toEqual({
    type: "object",
    properties: {
      count: { type: "integer", minimum: 1, maximum: 9, description: "How many." },
      at: { type: "string", format: "date-time" },
      priority: { enum: [0, 1] },
      mode: { anyOf: [{ type: "string", enum: ["draft", "final"] }, { type: "null" }] },
      kind: { type: "string", enum: ["a", "b"] },
      shape: {
        oneOf: [
          { type: "object", properties: { is: { const: "round" } }, required: ["is"] },
          {
            type: "object",
            properties: { is: { const: "square" }, side: { type: "number" } },
            required: ["is", "side"],
            additionalProperties: false,
          },
        ],
      },
      pair: { type: "array", prefixItems: [{ type: "string" }, { type: "number" }], items: false },
      scores: { type: "object", additionalProperties: { type: "number" } },
      both: {
        allOf: [
          { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
          { type: "object", properties: { b: { type: "string" } }, required: ["b"] },
        ],
      },
      title: { type: "string", default: "untitled" },
      piped: { type: "string" },
    },
    required: ["count", "at", "priority", "mode", "kind", "shape", "pair", "both", "piped"],
  });
  const output = toJsonSchema(schema, "output");
  expect(output.required).toContain("title");
  expect(output.properties?.["piped"]).toEqual({ type: "number" });
});

describe("ArkType", () => {
  test("says what it takes and what it makes of that", () => {
    const schema = arktype({
      url: "string.url",
      "count?": "number.integer",
      at: "Date",
      amount: "bigint",
      length: "string.numeric.parse",
      kind: "'a' | 'b' | null",
      key: "symbol",
    });
    expect(toJsonSchema(schema, "output").properties).toMatchObject({
      url: { type: "string", format: "uri" },
      count: { type: "integer" },
      at: DATE,
      amount: BIGINT,
      length: { type: "number" },
      kind: { anyOf: [{ type: "string", enum: ["a", "b"] }, { type: "null" }] },
      key: {},
    });
    expect(toJsonSchema(schema, "input").properties?.["length"]).toMatchObject({ type: "string" });
    expect(toJsonSchema(schema, "input").required).not.toContain("count");
  });
});

describe("a schema that contains itself", () => {
  test.each([
    ["Zod 4", z.object({ tree: tree4 })],
    ["Zod 3", zod3.object({ tree: tree3 })],
  ])("does so by reference: %s", (_name, schema) => {
    const ref = { $ref: "#/$defs/__schema0" };
    expect(toJsonSchema(schema, "input")).toEqual({
      type: "object",
      properties: { tree: ref },
      required: ["tree"],
      $defs: {
        __schema0: {
          type: "object",
          properties: {
            name: { type: "string" },
            children: { type: "array", items: ref },
            parent: ref,
          },
          required: ["name", "children"],
        },
      },
    });
  });

  test.each([
    ["Zod 4", tree4, "#"],
    ["Zod 3", tree3, "#/$defs/__schema0"],
    ["ArkType, whatever number it gave the schema", arkTree, "#/$defs/__schema0"],
  ])("has its fields at the root: %s", (_name, schema, $ref) => {
    expect(toJsonSchema(schema, "input")).toMatchObject({
      type: "object",
      properties: { name: { type: "string" }, parent: { $ref } },
    });
  });
});

describe("a default", () => {
  test.each([
    ["Zod 4", z],
    ["Zod 3", zod3 as unknown as typeof z],
  ])("that a function makes, or that is a time, is not told: %s", (_name, zod) => {
    let count = 0;
    const schema = zod.object({
      constant: zod.array(zod.string()).default(["a"]),
      id: zod.string().default(() => crypto.randomUUID()),
      now: zod.number().default(() => Date.now()),
      at: zod.date().default(new Date(0)),
      inner: zod.object({ n: zod.number().default(() => count++) }),
    });
    expect(toJsonSchema(schema, "input").properties).toEqual({
      constant: { type: "array", items: { type: "string" }, default: ["a"] },
      id: { type: "string" },
      now: { type: "number" },
      at: DATE,
      inner: { type: "object", properties: { n: { type: "number" } } },
    });
  });

  test("makes a field required in the output, and optional in the input", () => {
    const schema = z.object({ title: z.string().default("untitled") });
    expect(toJsonSchema(schema, "input").required).toBeUndefined();
    expect(toJsonSchema(schema, "output").required).toEqual(["title"]);
  });

  test("is a keyword, and can be the name of a field", () => {
    const schema = z.object({ default: z.string().default("x") });
    expect(toJsonSchema(schema, "input").properties).toEqual({
      default: { type: "string", default: "x" },
    });
  });
});

describe("what a library cannot convert as a whole is converted in parts:", () => {
  test("two schemas of one id", () => {
    const schema = z.object({
      a: z.object({ n: z.string() }).meta({ id: "Same" }),
      b: z.object({ n: z.number() }).meta({ id: "Same" }).optional(),
      list: z.array(z.object({ n: z.boolean() }).meta({ id: "Same" })).nullable(),
    });
    expect(toJsonSchema(schema, "input")).toMatchObject({
      properties: {
        a: { $ref: "#/$defs/Same" },
        b: { $ref: "#/$defs/Same2" },
        list: { anyOf: [{ items: { $ref: "#/$defs/Same3" } }, { type: "null" }] },
      },
      required: ["a", "list"],
      $defs: {
        Same: { properties: { n: { type: "string" } } },
        Same2: { properties: { n: { type: "number" } } },
        Same3: { properties: { n: { type: "boolean" } } },
      },
    });
  });

  test.each([
    ["Zod 4", z],
    ["Zod 3", zod3 as unknown as typeof z],
  ])("a lazy schema that throws, far inside: %s", (_name, zod) => {
    const broken = zod.lazy((): never => {
      throw new Error("not yet");
    });
    const schema = zod.object({ inner: zod.object({ broken, text: zod.string() }) });
    expect(toJsonSchema(schema, "input").properties?.["inner"]?.properties).toEqual({
      broken: {},
      text: { type: "string" },
    });
  });
});

describe("anything", () => {
  const bare = { "~standard": { version: 1, vendor: "mine", validate: () => ({ value: 1 }) } };
  const throwing = {
    "~standard": {
      ...bare["~standard"],
      jsonSchema: {
        input: () => {
          throw new Error("no");
        },
      },
    },
  };

  test.each([
    ["a Standard Schema without JSON Schema", bare],
    ["one that throws", throwing],
    ["no schema", undefined],
    ["text", "schema"],
  ])("goes for %s", (_name, schema) => {
    expect(toJsonSchema(schema, "input")).toEqual({});
  });

  test("else is JSON Schema already", () => {
    const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
    expect(toJsonSchema(schema, "input")).toEqual(schema);
  });
});
