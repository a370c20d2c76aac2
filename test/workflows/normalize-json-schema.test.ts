import { describe, expect, test } from "vitest";
import { normalizeJsonSchema } from "../../src/workflows/normalize-json-schema.ts";

describe("an older dialect", () => {
  test("is said in the words of the current one", () => {
    const schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      $id: "https://example.org/pair",
      definitions: { Name: { type: "string" } },
      type: "object",
      properties: {
        pair: { type: "array", items: [{ $ref: "#/definitions/Name" }, true] },
        list: { type: "array", items: true },
        never: false,
      },
      required: [],
    };
    expect(normalizeJsonSchema(schema)).toEqual({
      type: "object",
      properties: {
        pair: { type: "array", prefixItems: [{ $ref: "#/$defs/Name" }, {}], items: {} },
        list: { type: "array" },
        never: { not: {} },
      },
      $defs: { Name: { type: "string" } },
    });
  });
});

describe("definitions", () => {
  const NODE = { properties: { next: { $ref: "#/definitions/Node" } } };

  test("move to the root, out of the documents that LangGraph makes of single fields", () => {
    const schema = {
      type: "object",
      properties: {
        a: { $schema: "…", $ref: "#/definitions/Node", definitions: { Node: NODE } },
        b: { $schema: "…", $ref: "#/definitions/Node", definitions: { Node: NODE } },
        c: { $schema: "…", properties: { self: { $ref: "#" } } },
      },
    };
    expect(normalizeJsonSchema(schema)).toEqual({
      type: "object",
      properties: {
        a: { $ref: "#/$defs/Node" },
        b: { $ref: "#/$defs/Node" },
        c: { properties: { self: { $ref: "#/properties/c" } } },
      },
      $defs: { Node: { properties: { next: { $ref: "#/$defs/Node" } } } },
    });
  });

  test("that say something else under one name get another, also where it is further in", () => {
    const a = { Outer: { items: { $ref: "#/$defs/Inner" } }, Inner: { type: "string" } };
    const b = { Outer: { items: { $ref: "#/$defs/Inner" } }, Inner: { type: "number" } };
    const schema = {
      properties: {
        a: { $schema: "…", $ref: "#/$defs/Outer", $defs: a },
        b: { $schema: "…", $ref: "#/$defs/Outer", $defs: b },
      },
    };
    expect(normalizeJsonSchema(schema)).toEqual({
      properties: { a: { $ref: "#/$defs/Outer" }, b: { $ref: "#/$defs/Outer2" } },
      $defs: {
        Outer: { items: { $ref: "#/$defs/Inner" } },
        Inner: { type: "string" },
        Outer2: { items: { $ref: "#/$defs/Inner2" } },
        Inner2: { type: "number" },
      },
    });
  });

  test("are found under names that a pointer must escape", () => {
    const schema = { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": { type: "string" } } };
    expect(normalizeJsonSchema(schema)).toEqual({
      $ref: "#/$defs/a~1b c",
      $defs: { "a/b c": { type: "string" } },
    });
  });

  test.each([
    ["encoded", "50%25"],
    ["as Zod writes it, which encodes nothing", "50%"],
  ])("are found under names with a percent sign, %s", (_name, written) => {
    const $defs = { "50%": { type: "string" } };
    const schema = normalizeJsonSchema({
      properties: { a: { $ref: `#/$defs/${written}` } },
      $defs,
    });
    expect(schema).toEqual({ properties: { a: { $ref: "#/$defs/50%25" } }, $defs });
    // What a document of its own becomes is normalised again with the whole.
    expect(normalizeJsonSchema(schema)).toEqual(schema);
  });

  test("that contain each other are told apart by all that they refer to, however far", () => {
    const ring = (last: object) => ({
      A: { items: { $ref: "#/$defs/B" } },
      B: { items: { $ref: "#/$defs/C" } },
      C: { prefixItems: [{ $ref: "#/$defs/A" }, { $ref: "#/$defs/D" }] },
      D: last,
    });
    const field = (last: object) => ({ $schema: "…", $ref: "#/$defs/B", $defs: ring(last) });
    const { properties, $defs } = normalizeJsonSchema({
      properties: {
        one: field({ type: "string" }),
        same: field({ type: "string" }),
        other: field({ type: "number" }),
      },
    });
    expect(properties).toEqual({
      one: { $ref: "#/$defs/B" },
      same: { $ref: "#/$defs/B" },
      other: { $ref: "#/$defs/B2" },
    });
    expect(Object.keys($defs ?? {})).toEqual(["A", "B", "C", "D", "A2", "B2", "C2", "D2"]);
    expect($defs?.["C2"]?.prefixItems).toEqual([{ $ref: "#/$defs/A2" }, { $ref: "#/$defs/D2" }]);
  });

  // Where each is compared with all that it leads to, it is half a minute: the test's own limit.
  test("can be many: a thousand in a row", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `Step${i}`);
    const definitions = names.map((name, i) => [
      name,
      { properties: { next: { $ref: `#/$defs/Step${(i + 1) % names.length}` } } },
    ]);
    const schema = { $ref: "#/$defs/Step0", $defs: Object.fromEntries(definitions) as object };
    expect(normalizeJsonSchema(schema)).toEqual(schema);
  });
});

test("a reference into another document allows anything", () => {
  expect(
    normalizeJsonSchema({ properties: { a: { $ref: "https://example.org", title: "A" } } }),
  ).toEqual({ properties: { a: { title: "A" } } });
});

test("keywords that are not ours stay", () => {
  const schema = { type: "string", pattern: "^a", minLength: 1, examples: ["a"] };
  expect(normalizeJsonSchema(schema)).toEqual(schema);
});

test("a default that is no JSON becomes what JSON says of it", () => {
  expect(normalizeJsonSchema({ default: [1n, undefined] })).toEqual({ default: ["1", null] });
});

describe("constants among alternatives", () => {
  test("become one enumeration, beside what else there is", () => {
    const schema = {
      description: "How.",
      oneOf: [{ const: "a" }, { type: "null" }, { const: "b", type: "string" }],
    };
    expect(normalizeJsonSchema(schema)).toEqual({
      description: "How.",
      oneOf: [{ type: "string", enum: ["a", "b"] }, { type: "null" }],
    });
  });

  test("stay what they are where they are described, are numbers, or only one", () => {
    for (const anyOf of [
      [{ const: "a", description: "The first." }, { const: "b" }],
      [{ const: 1 }, { const: 2 }],
      [{ const: "a" }, { type: "number" }],
    ]) {
      expect(normalizeJsonSchema({ anyOf })).toEqual({ anyOf });
    }
  });
});

describe("a list of messages of LangChain for Python", () => {
  const kind = (type: string) => ({
    type: "object",
    properties: { content: { type: "string" }, type: { const: type, type: "string" } },
  });
  const $defs = {
    HumanMessage: kind("human"),
    AIMessage: kind("ai"),
    SystemMessage: kind("system"),
    ToolMessage: kind("tool"),
  };
  const listOf = (names: readonly string[]) => ({
    type: "array",
    title: "Messages",
    items: { oneOf: names.map((name) => ({ $ref: `#/$defs/${name}` })) },
  });

  test("is known by the kinds of its items", () => {
    const messages = listOf(Object.keys($defs));
    expect(normalizeJsonSchema({ properties: { messages }, $defs }).properties).toEqual({
      messages: { type: "array", title: "Messages", langgraph_type: "messages" },
    });
  });

  test("is not seen in a list of some other union", () => {
    const messages = listOf(["HumanMessage", "AIMessage"]);
    expect(normalizeJsonSchema({ properties: { messages }, $defs }).properties).toEqual({
      messages,
    });
  });
});
