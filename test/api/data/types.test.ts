import { describe, expect, test } from "vitest";
import { z } from "zod";
import { dataTypes } from "./data-types.ts";

describe("a property becomes", () => {
  test.each<[string, z.ZodType, string, string]>([
    ["a text", z.string(), "String!", "String!"],
    ["a boolean", z.boolean(), "Boolean!", "Boolean!"],
    ["a number", z.number(), "Float!", "Float!"],
    ["an integer of 32 bits", z.int32(), "Int!", "Int!"],
    ["an integer within bounds", z.int().min(0).max(9), "Int!", "Int!"],
    ["an integer that may be larger", z.int(), "Float!", "Float!"],
    ["a date", z.date(), "DateTime!", "DateTime!"],
    ["a date as text", z.iso.datetime(), "String!", "String!"],
    ["a bigint", z.bigint(), "String!", "String!"],
    ["a literal", z.literal("a"), "String!", "String!"],
    ["null beside literals", z.literal(["a", null]), "ReportField", "ReportField"],
    ["null beside a value", z.string().nullable(), "String", "String"],
    ["one that may be absent", z.string().optional(), "String", "String"],
    ["a default", z.string().default("a"), "String!", 'String = "a"'],
    ["a default of a list", z.array(z.int32()).default([1]), "[Int!]!", "[Int!] = [1]"],
    ["a default that GraphQL cannot print", z.json().default({ a: 1 }), "JSON", "JSON"],
    ["a list", z.array(z.string()), "[String!]!", "[String!]!"],
    ["a list with holes", z.array(z.string().nullable()), "[String]!", "[String]!"],
    ["a list of lists", z.array(z.array(z.number())), "[[Float!]!]!", "[[Float!]!]!"],
    ["a record", z.record(z.string(), z.number()), "JSON!", "JSON!"],
    ["an object without properties", z.object({}), "JSON!", "JSON!"],
    ["an enum of values without ASCII", z.enum(["да", "нет"]), "String!", "String!"],
    ["an enum whose values GraphQL cannot tell apart", z.enum(["c++", "c#"]), "String!", "String!"],
    ["anything", z.unknown(), "JSON", "JSON"],
    ["a class", z.instanceof(Map), "JSON", "JSON"],
    ["numbers of two kinds", z.union([z.int32(), z.number()]), "Float!", "Float!"],
    ["a list that only contains itself", z.lazy(() => Endless), "[JSON!]!", "[JSON!]!"],
    ["any JSON", z.json(), "JSON", "JSON"],
  ])("%s", (_what, field, output, input) => {
    const types = dataTypes(z.object({ field }));
    expect(types.print("ReportOutput")).toContain(`  field: ${output}\n`);
    expect(types.print("ReportInput")).toContain(`  field: ${input}\n`);
  });

  const Endless: z.ZodType = z.array(z.lazy(() => Endless));
});

describe("an enum", () => {
  test("has values of valid names, and is one for input and output", () => {
    const types = dataTypes(
      z.object({ tone: z.enum(["plain", "in-verse", "2x"]).default("plain") }),
    );
    expect(types.print("ReportTone")).toBe("enum ReportTone {\n  IN_VERSE\n  PLAIN\n  _2X\n}");
    expect(types.print("ReportInput")).toContain("tone: ReportTone = PLAIN");
    expect(types.print("ReportOutput")).toContain("tone: ReportTone!");
  });

  test("is what literals are together", () => {
    const types = dataTypes(
      z.object({ tone: z.union([z.literal("a"), z.literal("b")]).nullable() }),
    );
    expect(types.print("ReportOutput")).toContain("tone: ReportTone\n");
  });

  test("that is another one in the input has a name of its own there", () => {
    const types = dataTypes(
      z.object({ tone: z.enum(["a", "b"]) }),
      z.object({ tone: z.enum(["a", "b", "c"]) }),
    );
    expect(types.print("ReportOutput")).toContain("tone: ReportTone!");
    expect(types.print("ReportInput")).toContain("tone: ReportInputTone!");
  });
});

describe("an object", () => {
  test("is a type named after the way to it", () => {
    const types = dataTypes(z.object({ items: z.array(z.object({ "page-no": z.int32() })) }));
    expect(types.print("ReportOutput")).toContain("items: [ReportItemsItem!]!");
    expect(types.print("ReportItemsItem")).toContain("pageNo: Int!");
    expect(types.print("ReportInput")).toContain("items: [ReportItemsItemInput!]!");
  });

  test("with an id is a type of that name, wherever it stands", () => {
    const Address = z.object({ street: z.string() }).meta({ id: "address" });
    const types = dataTypes(z.object({ home: Address, work: Address.nullable() }));
    expect(types.print("ReportOutput")).toMatch(/home: Address!\n {2}work: Address\n/);
    expect(types.print("ReportInput")).toMatch(/home: AddressInput!\n {2}work: AddressInput\n/);
  });

  test("may contain itself", () => {
    const Tree = z.object({
      name: z.string(),
      get children() {
        return z.array(Tree);
      },
    });
    const types = dataTypes(z.object({ tree: Tree }));
    expect(types.print("ReportTree")).toContain("children: [ReportTree!]!");
    expect(types.print("ReportTreeInput")).toContain("children: [ReportTreeInput!]!");
  });

  test("with an id is one type in whatever document it stands, with all that it contains", () => {
    const Address = z.object({ street: z.string() }).meta({ id: "Address" });
    const Person = z.object({ home: Address }).meta({ id: "Person" });
    const Order = z.object({ to: Address }).meta({ id: "Order" });
    const types = dataTypes(
      z.object({ person: Person, order: Order }),
      z.object({ person: Person }),
    );
    expect(types.print("ReportOutput")).toContain("person: Person!");
    const alone = z.object({ person: Person, own: z.object({ shared: Person }) });
    expect(() => dataTypes(alone)).not.toThrow();
  });

  test("may have keys that GraphQL cannot spell, and ids that begin with a digit", () => {
    const types = dataTypes(
      z.object({ 名: z.string(), flat: z.object({ a: z.int32() }).meta({ id: "2d" }) }),
    );
    expect(types.print("ReportOutput")).toContain("flat: _2d!\n  u540D: String!");
    expect(types.print("ReportInput")).toContain("flat: _2dInput!\n  u540D: String!");
  });

  test("that is an intersection has the properties of both", () => {
    const both = z.object({ a: z.string() }).and(z.object({ b: z.int32() }));
    const types = dataTypes(z.object({ both }));
    expect(types.print("ReportBoth")).toBe("type ReportBoth {\n  a: String!\n  b: Int!\n}");
  });

  test("whose properties would have one name is refused, with the way out", () => {
    const names = z.object({ "page-no": z.string(), pageNo: z.string() });
    expect(() => dataTypes(names)).toThrow(/"page-no" and "pageNo" would both be "pageNo"/);
  });

  test("whose id is a type of the service is refused, with the way out", () => {
    const Role = z.object({ name: z.string() }).meta({ id: "Message" });
    expect(() => dataTypes(z.object({ role: Role }))).toThrow(
      /the schema with the id "Message" would be the GraphQL type Message, which is taken by the service itself: give it another id/,
    );
  });
});

describe("a union", () => {
  const Shape = z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("circle"), radius: z.number() }),
    z.object({ kind: z.literal("big-square"), side: z.number() }),
    z.object({ kind: z.literal("none") }),
  ]);

  test("of objects that a property tells apart is a union, and `@oneOf` in input", () => {
    const types = dataTypes(z.object({ shape: Shape }));
    expect(types.print("ReportShape")).toBe(
      "union ReportShape = ReportShapeBigSquare | ReportShapeCircle | ReportShapeNone",
    );
    expect(types.print("ReportShapeCircle")).toContain("kind: String!\n  radius: Float!");
    expect(types.print("ReportShapeInput")).toBe(
      "input ReportShapeInput @oneOf {\n  bigSquare: ReportShapeBigSquareInput\n" +
        "  circle: ReportShapeCircleInput\n  none: Boolean\n}",
    );
    expect(types.print("ReportShapeCircleInput")).toBe(
      "input ReportShapeCircleInput {\n  radius: Float!\n}",
    );
  });

  test("has members that may also stand alone", () => {
    const Circle = z
      .object({ kind: z.literal("circle"), radius: z.number() })
      .meta({ id: "Circle" });
    const Square = z.object({ kind: z.literal("square"), side: z.number() }).meta({ id: "Square" });
    const types = dataTypes(
      z.object({ shape: z.discriminatedUnion("kind", [Circle, Square]), favourite: Circle }),
    );
    expect(types.print("ReportShape")).toBe("union ReportShape = Circle | Square");
    expect(types.print("CircleInput")).toContain("kind: String!");
    expect(types.print("ReportShapeCircleInput")).not.toContain("kind");
  });

  test("may contain itself", () => {
    const Expression: z.ZodType = z.discriminatedUnion("op", [
      z.object({
        op: z.literal("add"),
        left: z.lazy(() => Expression),
        right: z.lazy(() => Expression),
      }),
      z.object({ op: z.literal("number"), value: z.number() }),
    ]);
    const types = dataTypes(z.object({ expression: Expression }));
    expect(types.print("ReportExpressionAdd")).toContain("left: ReportExpression!");
    expect(types.print("ReportExpressionAddInput")).toContain("left: ReportExpressionInput!");
    const Endless: z.ZodType = z.lazy(() => z.union([Endless, z.string()]));
    expect(dataTypes(z.object({ a: Endless })).print("ReportOutput")).toMatch(/a: (JSON|String)/);
  });

  test("of several JSON types is `JSON`, and `@oneOf` in input", () => {
    const either = z.union([z.string(), z.object({ url: z.string() }), z.array(z.string())]);
    const types = dataTypes(z.object({ either }));
    expect(types.print("ReportOutput")).toContain("either: JSON!");
    expect(types.print("ReportEitherInput")).toBe(
      "input ReportEitherInput @oneOf {\n  array: [String!]\n  object: ReportEitherObjectInput\n" +
        "  string: String\n}",
    );
  });

  test("of objects that nothing tells apart is `JSON`", () => {
    const either = z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]);
    const types = dataTypes(z.object({ either }));
    expect(types.print("ReportOutput")).toContain("either: JSON!");
    expect(types.print("ReportInput")).toContain("either: JSON!");
  });
});

describe("messages", () => {
  const types = dataTypes({
    type: "object",
    properties: { messages: { langgraph_type: "messages" } },
  });

  test("are a list of `Message`, and of `MessageInput`", () => {
    expect(types.print("ReportOutput")).toContain("messages: [Message!]");
    expect(types.print("ReportInput")).toContain("messages: [MessageInput!]");
  });
});

test("descriptions of properties and types are those of the schema, a hidden default told as well", () => {
  const { schema } = dataTypes(
    z.object({
      meta: z.json().default({ a: 1 }).describe("Whatever else."),
      inner: z.object({ a: z.string() }).describe("The inner one."),
    }),
  );
  const input = schema.getType("ReportInput");
  expect(input && "getFields" in input && input.getFields()["meta"]?.description).toBe(
    'Whatever else. Default: `{"a":1}`.',
  );
  expect(schema.getType("ReportInner")?.description).toBe("The inner one.");
});
