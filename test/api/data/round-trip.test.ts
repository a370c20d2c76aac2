import fc from "fast-check";
import { execute, parse, type GraphQLObjectType } from "graphql";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readInput, writeInput } from "../../../src/api/data/input-value.ts";
import type { JsonObject, JsonValue } from "../../../src/json.ts";
import { selectEverything } from "../../support/select-everything.ts";
import { dataTypes, type DataTypes, type Echo } from "./data-types.ts";

const Tree = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree).optional();
  },
});

const State = z.object({
  "page-no": z.int32(),
  tone: z.enum(["plain", "in-verse"]),
  at: z.iso.datetime({ precision: 3 }),
  note: z.string().nullable(),
  shapes: z.array(
    z.discriminatedUnion("the-kind", [
      z.object({ "the-kind": z.literal("circle"), radius: z.number() }),
      z.object({ "the-kind": z.literal("big-square"), side: z.object({ "in-mm": z.number() }) }),
      z.object({ "the-kind": z.literal("none") }),
    ]),
  ),
  either: z.union([z.string(), z.number(), z.array(z.string())]),
  matrix: z.array(z.array(z.number().nullable())),
  tree: Tree,
  rest: z.record(z.string(), z.number()),
});

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const date = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
  .map((value) => value.toISOString());
const { tree } = fc.letrec<{ tree: JsonObject }>((tie) => ({
  tree: fc.record(
    {
      name: fc.string(),
      children: fc.array(tie("tree"), { maxLength: 2, depthIdentifier: "tree" }),
    },
    { requiredKeys: ["name"] },
  ),
}));
const stateData = fc.record({
  "page-no": fc.integer(),
  tone: fc.constantFrom("plain", "in-verse"),
  at: date,
  note: fc.option(fc.string()),
  shapes: fc.array(
    fc.oneof(
      fc.record({ "the-kind": fc.constant("circle"), radius: number }),
      fc.record({ "the-kind": fc.constant("big-square"), side: fc.record({ "in-mm": number }) }),
      fc.constant({ "the-kind": "none" }),
    ),
  ),
  either: fc.oneof(fc.string(), number, fc.array(fc.string())),
  matrix: fc.array(fc.array(fc.option(number))),
  tree,
  rest: fc.dictionary(fc.string(), number),
}) as fc.Arbitrary<JsonObject>;

describe("data of a workflow", () => {
  const types = dataTypes(State);

  test("given to GraphQL as its input type wants it reaches the graph as it was", () => {
    fc.assert(
      fc.property(stateData, (given) => {
        expect(throughInput(types, writeInput(types.input, given))).toEqual(given);
      }),
    );
  });

  test("reaches the client whole, under GraphQL's names", () => {
    fc.assert(
      fc.property(stateData, (given) => {
        const { data, errors } = echo(types, given);
        expect(errors).toBeUndefined();
        expect(data).toMatchObject({
          pageNo: given["page-no"],
          either: given["either"],
          rest: given["rest"],
        });
        expect(data?.["tone"]).toBe(given["tone"] === "plain" ? "PLAIN" : "IN_VERSE");
        expect((data?.["shapes"] as JsonValue[]).length).toBe(
          (given["shapes"] as JsonValue[]).length,
        );
      }),
    );
    expect(types.misfits).toEqual([]);
  });
});

describe("what a client gives", () => {
  test("as null for a property that may be absent means that it is absent", () => {
    const types = dataTypes(
      z.object({ a: z.string().optional(), b: z.string().nullish(), c: z.int32() }),
    );
    expect(throughInput(types, { a: null, b: null, c: 1 })).toEqual({ b: null, c: 1 });
  });

  test("as a message is LangChain's", () => {
    const types = dataTypes({
      type: "object",
      properties: { messages: { langgraph_type: "messages" } },
    });
    const given = [
      { text: "Hi" },
      { role: "AI", text: "", toolCalls: [{ id: "1", name: "search", args: { q: "x" } }] },
      { role: "TOOL", text: "found", toolCallId: "1", name: "search" },
      { role: "REMOVE", id: "m1" },
      { raw: ["user", "Hello"] },
    ];
    expect(throughInput(types, { messages: given })).toEqual({
      messages: [
        { type: "human", content: "Hi" },
        {
          type: "ai",
          content: "",
          tool_calls: [{ type: "tool_call", id: "1", name: "search", args: { q: "x" } }],
        },
        { type: "tool", content: "found", tool_call_id: "1", name: "search" },
        { type: "remove", content: "", id: "m1" },
        ["user", "Hello"],
      ],
    });
  });
});

describe("data that is not what its schema says", () => {
  test.each<[string, z.ZodType, JsonValue, JsonValue, string]>([
    ["where it may be null", z.string().nullable(), 3, null, "field: a text"],
    [
      "in a list with holes",
      z.array(z.int32().nullable()),
      [1, 2.5],
      [1, null],
      "field.1: a 32-bit integer",
    ],
    [
      "in an object that may be absent",
      z.object({ a: z.string() }).optional(),
      {},
      null,
      "field.a: a value",
    ],
    ["of an enum", z.enum(["a"]).optional(), "b", null, "field: one of a"],
    ["of a date", z.date().optional(), "soon", null, "field: a date and time in ISO 8601"],
  ])("is null %s, and told", (_what, field, given, expected, misfit) => {
    const types = dataTypes(z.object({ field }));
    const { data, errors } = echo(types, { field: given });
    expect(errors).toBeUndefined();
    expect(data?.["field"]).toEqual(expected);
    expect(types.misfits).toEqual([misfit]);
  });

  test("is null as a whole where no part of it may be", () => {
    const types = dataTypes(z.object({ a: z.string(), b: z.string() }));
    expect(echo(types, { a: "x" })).toEqual({ data: null });
    expect(types.misfits).toEqual(["b: a value"]);
  });

  test("is a list of one where a node gave a reducer one item", () => {
    const types = dataTypes(z.object({ notes: z.array(z.string()) }));
    expect(echo(types, { notes: "a" }).data?.["notes"]).toEqual(["a"]);
  });
});

test("messages of all forms that LangChain takes are messages to the client", () => {
  const types = dataTypes({
    type: "object",
    properties: { messages: { langgraph_type: "messages" } },
  });
  const { data, errors } = echo(types, {
    messages: [
      "Hi",
      { role: "assistant", content: [{ type: "text", text: "Yes" }, { type: "image" }] },
      {
        type: "AIMessageChunk",
        content: "No",
        tool_calls: [{ id: "1", name: "search", args: {} }],
      },
      {
        lc: 1,
        type: "constructor",
        id: ["langchain_core", "messages", "SystemMessage"],
        kwargs: { content: "Be brief" },
      },
      { type: "generic", role: "poet", content: "O" },
    ],
  });
  expect(errors).toBeUndefined();
  const messages = data?.["messages"] as {
    role: string | null;
    text: string;
    toolCalls: unknown[];
  }[];
  expect(messages.map(({ role, text }) => [role, text])).toEqual([
    ["HUMAN", "Hi"],
    ["AI", "Yes"],
    ["AI", "No"],
    ["SYSTEM", "Be brief"],
    [null, "O"],
  ]);
  expect(messages[2]?.toolCalls).toMatchObject([{ id: "1", name: "search", args: {} }]);
});

/** Sends a variable through GraphQL's own coercion, and reads what comes out as the engine does. */
function throughInput({ schema, input }: DataTypes, variable: JsonValue): JsonValue {
  const root: Echo = {};
  const result = execute({
    schema,
    document: parse("query ($input: ReportInput) { echo(input: $input) { __typename } }"),
    variableValues: { input: variable },
    rootValue: root,
  });
  expect(result).not.toHaveProperty("errors");
  return readInput(input, root.received, (path, problem) => {
    throw new Error(`${path.join(".")}: ${problem}`);
  });
}

/** Everything of `value` as a client sees it. */
function echo({ schema }: DataTypes, value: JsonValue) {
  const type = schema.getType("ReportOutput") as GraphQLObjectType;
  const result = execute({
    schema,
    document: parse(`{ echo ${selectEverything(schema, type)} }`),
    rootValue: { value } satisfies Echo,
  }) as { data?: { echo: JsonObject | null }; errors?: readonly Error[] };
  return { data: result.data?.echo ?? null, ...(result.errors && { errors: result.errors }) };
}
