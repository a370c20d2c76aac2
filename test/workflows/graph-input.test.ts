import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { JsonValue } from "../../src/json.ts";
import { toGraphInput } from "../../src/workflows/graph-input.ts";
import { toJsonSchema } from "../../src/workflows/to-json-schema.ts";

const AT = "2026-01-02T03:04:05.000Z";
const DATE = new Date(AT);
const DATE_SCHEMA = { type: "string", format: "date-time", "x-javascript": "Date" };

const tree = z.object({
  at: z.date(),
  get children() {
    return z.array(tree).optional();
  },
});

describe("text that stands for a date or a bigint is that again,", () => {
  test.each<[string, object, JsonValue, unknown]>([
    ["in a field", z.object({ at: z.date() }), { at: AT }, { at: DATE }],
    ["with a default", z.object({ at: z.date().default(DATE) }), { at: AT }, { at: DATE }],
    ["by a day alone", z.date(), "2026-01-02", new Date("2026-01-02")],
    ["with an offset", z.date(), "2026-01-02T04:04:05+01:00", DATE],
    ["in a list", z.array(z.date()), [AT], [DATE]],
    ["in a tuple", z.tuple([z.string(), z.date()]), [AT, AT], [AT, DATE]],
    ["in a record", z.record(z.string(), z.date()), { a: AT }, { a: DATE }],
    [
      "in an intersection",
      z.object({ a: z.date() }).and(z.object({ b: z.string() })),
      { a: AT, b: AT },
      { a: DATE, b: AT },
    ],
    ["behind a name", z.object({ at: z.date().meta({ id: "At" }) }), { at: AT }, { at: DATE }],
    [
      "in a schema that contains itself",
      z.object({ tree }),
      { tree: { at: AT, children: [{ at: AT }] } },
      { tree: { at: DATE, children: [{ at: DATE }] } },
    ],
    ["where there may be null", z.object({ at: z.date().nullable() }), { at: AT }, { at: DATE }],
    ["or is null", z.object({ at: z.date().nullable() }), { at: null }, { at: null }],
    [
      "in the alternative that the value is of",
      z.array(
        z.discriminatedUnion("is", [
          z.object({ is: z.literal("date"), value: z.date() }),
          z.object({ is: z.literal("text"), value: z.string() }),
        ]),
      ),
      [
        { is: "text", value: AT },
        { is: "date", value: AT },
      ],
      [
        { is: "text", value: AT },
        { is: "date", value: DATE },
      ],
    ],
    [
      "in an intersection that has keys of its own",
      { properties: { a: DATE_SCHEMA }, allOf: [{ properties: { b: DATE_SCHEMA } }] },
      { a: AT, b: AT },
      { a: DATE, b: DATE },
    ],
    [
      "in a union that is an alternative of itself",
      {
        $ref: "#/$defs/Loop",
        $defs: { Loop: { anyOf: [{ $ref: "#/$defs/Loop" }, { type: "number" }, DATE_SCHEMA] } },
      },
      AT,
      DATE,
    ],
    [
      "in a union of unions of which others have no place for it",
      z.union([z.union([z.number(), z.boolean()]), z.union([z.date(), z.null()])]),
      AT,
      DATE,
    ],
    ["as a bigint", z.object({ n: z.bigint() }), { n: "-12345678901234567890" }, big()],
    ["as a bigint that JSON has as a number", z.bigint(), 5, 5n],
  ])("%s", (_name, schema, json, value) => {
    expect(toGraphInput(toJsonSchema(schema, "input"), json)).toEqual(value);
  });
});

describe("a value stays as it is, for the graph to refuse,", () => {
  test.each<[string, object, JsonValue]>([
    ["where it is no date", z.date(), "tomorrow"],
    ["where the calendar has no such day", z.date(), "2026-02-30T00:00:00Z"],
    ["where `Date` alone would see one", z.date(), "5"],
    ["where it is no whole number", z.bigint(), "1.5"],
    ["where it may be text as well", z.union([z.date(), z.string()]), AT],
    ["where it is of no alternative", z.union([z.date(), z.number()]), true],
    [
      "where a union is nothing but itself",
      { $ref: "#/$defs/Loop", $defs: { Loop: { anyOf: [{ $ref: "#/$defs/Loop" }] } } },
      AT,
    ],
    [
      "where an intersection is nothing but itself",
      { $ref: "#/$defs/Loop", $defs: { Loop: { allOf: [{ $ref: "#/$defs/Loop" }] } } },
      AT,
    ],
    ["where nothing is said of it", z.object({}), { at: AT }],
    ["where a field has a name that objects have", z.object({}), { constructor: AT, toString: AT }],
  ])("%s", (_name, schema, json) => {
    expect(toGraphInput(toJsonSchema(schema, "input"), json)).toEqual(json);
  });

  test("where there is no schema", () => {
    expect(toGraphInput(null, { at: AT })).toEqual({ at: AT });
  });
});

test("what the graph is given is a copy", () => {
  const json = { inner: { list: [1] } };
  const input = toGraphInput(null, json) as typeof json;
  input.inner.list.push(2);
  expect(json).toEqual({ inner: { list: [1] } });
});

test("no key reaches the prototype of what the graph is given", () => {
  const json = JSON.parse(
    '{"__proto__": {"isAdmin": true}, "a": {"__proto__": {"b": 1}}}',
  ) as never;
  const input = toGraphInput(null, json) as { isAdmin?: boolean; a: { b?: number } };
  expect(JSON.stringify(input)).toBe('{"a":{}}');
  expect(input.isAdmin).toBeUndefined();
  expect(input.a.b).toBeUndefined();
});

function big(): { readonly n: bigint } {
  return { n: -12_345_678_901_234_567_890n };
}
