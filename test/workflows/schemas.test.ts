import { FakeListChatModel } from "@langchain/core/utils/testing";
import {
  Annotation,
  entrypoint,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { registry as newestRegistry } from "@langchain/langgraph/zod";
import { type as arktype } from "arktype";
import { createAgent, createMiddleware, providerStrategy, toolStrategy } from "langchain";
import { registry as lowestRegistry } from "langgraph-lowest/zod";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { z as zod3 } from "zod/v3";
import type { Graph } from "../../src/workflows/graph.ts";
import { schemasOf, type SchemasOption } from "../../src/workflows/schemas.ts";
import { createWorkflows } from "../../src/workflows/workflow.ts";
import { LANGGRAPH_VERSIONS } from "../runs/ingest/langgraph-versions.ts";
import { graphOfSchemas, type GraphOptions } from "../support/graph-of-schemas.ts";

const STRING = { type: "string" };
const NUMBER = { type: "number" };
const MESSAGES = { langgraph_type: "messages" };

/** Each copy of LangGraph has a registry of its own. */
const REGISTRIES = [newestRegistry, lowestRegistry as unknown as typeof newestRegistry];

describe.each(
  LANGGRAPH_VERSIONS.map((langGraph, i) => ({
    ...langGraph,
    registry: REGISTRIES[i] ?? newestRegistry,
  })),
)("with LangGraph $version,", ({ core, registry }) => {
  const { StateSchema, ReducedValue, UntrackedValue, MessagesValue, MessagesZodState } = core;

  const graphOf = (state: object, options: GraphOptions = {}): Graph =>
    graphOfSchemas(core, state, options);

  describe.each([
    ["Zod 4", z],
    ["Zod 3", zod3 as unknown as typeof z],
  ])("a graph of %s", (_name, zod) => {
    test("has the schemas of its state, of which any part is an input", () => {
      const State = zod.object({
        items: zod.array(zod.string()).describe("What to do."),
        at: zod.date(),
        done: zod.boolean().optional(),
      });
      const properties = {
        items: { type: "array", items: STRING, description: "What to do." },
        at: { type: "string", format: "date-time", "x-javascript": "Date" },
        done: { type: "boolean" },
      };
      const { input, state, output, context } = schemasOf(graphOf(State));
      expect(input).toEqual({ type: "object", properties });
      expect(state).toMatchObject({ type: "object", properties });
      expect(state?.required).toBeUndefined();
      // No node need write any of it.
      expect(output).toEqual({ ...state, required: [] });
      expect(context).toBeNull();
    });

    test("has those that it declares, of which LangGraph wants the required keys", () => {
      const { input, state, output, context } = schemasOf(
        graphOf(zod.object({ question: zod.string(), answer: zod.string() }), {
          input: zod.object({ question: zod.string(), hint: zod.string().optional() }),
          output: zod.object({ answer: zod.string() }),
          context: zod.object({ user: zod.string(), model: zod.string().default("small") }),
        }),
      );
      expect(input).toEqual({
        type: "object",
        properties: { question: STRING, hint: STRING },
        required: ["question"],
      });
      expect(Object.keys(state?.properties ?? {})).toEqual(["question", "answer"]);
      expect(output).toMatchObject({ properties: { answer: STRING }, required: ["answer"] });
      expect(Object.keys(output?.properties ?? {})).toEqual(["answer"]);
      expect(context).toEqual({
        type: "object",
        properties: {
          user: STRING,
          // LangGraph checks a context and gives it to nodes as it is.
          model: STRING,
        },
        required: ["user"],
      });
    });

    test("says what it is for", () => {
      const State = zod.object({ a: zod.string() }).describe("A report.");
      const { input, state, output } = schemasOf(graphOf(State));
      for (const schema of [input, state, output]) expect(schema?.description).toBe("A report.");
    });

    test("whose messages LangGraph knows has them marked", () => {
      const { state, input, output } = schemasOf(graphOf(MessagesZodState));
      for (const schema of [state, input, output]) {
        expect(schema?.properties).toEqual({ messages: MESSAGES });
      }
    });
  });

  test("a graph of Zod takes what its reducers take", () => {
    const log = z
      .array(z.string())
      .default([])
      .register(registry, {
        reducer: { schema: z.string(), fn: (all: string[], one: string) => [...all, one] },
        default: () => [],
      });
    const chat = z.array(z.custom<object>()).register(registry, {
      jsonSchemaExtra: { langgraph_type: "messages", description: "The chat." },
    });
    const { input, state } = schemasOf(graphOf(z.object({ log, chat })));
    expect(input?.properties).toEqual({
      log: STRING,
      chat: { type: "array", items: {}, ...MESSAGES, description: "The chat." },
    });
    expect(state?.properties).toEqual({
      log: { type: "array", items: STRING, default: [] },
      chat: { type: "array", items: {}, ...MESSAGES, description: "The chat." },
    });
  });

  test("a graph of a refined Zod object has schemas, though LangGraph cannot check its inputs", () => {
    const State = z.object({ a: z.string() }).refine(() => true);
    expect(schemasOf(graphOf(State)).input?.properties).toEqual({ a: STRING });
  });

  describe("a graph of a StateSchema", () => {
    const Address = z.object({ city: z.string() }).meta({ id: "Address" });
    const State = new StateSchema({
      messages: MessagesValue,
      home: Address,
      work: Address.optional(),
      count: z.number().default(3).describe("How many."),
      log: new ReducedValue(
        z.array(z.string()).default(() => []),
        {
          inputSchema: z.string(),
          reducer: (all: string[], one: string) => [...all, one],
        },
      ),
      at: z.date(),
      // Its type is not among those that LangGraph names; the schema is one that it takes.
      old: zod3.string().optional() as unknown as z.ZodString,
      cache: new UntrackedValue(),
      token: new UntrackedValue(z.string()),
    });
    const shared = {
      home: { $ref: "#/$defs/Address" },
      work: { $ref: "#/$defs/Address" },
      at: { type: "string", format: "date-time", "x-javascript": "Date" },
      old: STRING,
      cache: {},
      token: STRING,
    };
    const { input, state, output } = schemasOf(graphOf(State));

    test("takes any part of it, reducers what they take, and tells what the state begins with", () => {
      expect(input).toEqual({
        type: "object",
        properties: {
          ...shared,
          messages: { ...MESSAGES, description: "A list of chat messages" },
          count: { type: "number", description: "How many.\n\nDefault: 3" },
          log: STRING,
        },
        $defs: { Address: { type: "object", properties: { city: STRING }, required: ["city"] } },
      });
    });

    test("holds any part of it", () => {
      expect(state?.properties).toMatchObject({
        ...shared,
        messages: MESSAGES,
        log: { type: "array", items: STRING },
      });
      expect(state?.required).toBeUndefined();
    });

    test("is sure to end with what it begins with", () => {
      expect(output?.properties).toEqual(state?.properties);
      expect(output?.required).toEqual(["messages", "count", "log"]);
    });
  });

  test("a declared StateSchema requires nothing, as LangGraph does not", () => {
    const State = new StateSchema({ question: z.string(), answer: z.string() });
    const input = new StateSchema({ question: z.string() });
    const schemas = schemasOf(graphOf(State, { input, output: input }));
    expect(schemas.input).toEqual({ type: "object", properties: { question: STRING } });
    expect(Object.keys(schemas.output?.properties ?? {})).toEqual(["question"]);
  });

  test("a default is told of a key whose schema has a name, too", () => {
    const named = <T extends z.ZodType>(schema: T): T => schema.meta({ id: "Count" });
    const State = new StateSchema({ n: named(z.number().default(3)) });
    const { input, state } = schemasOf(graphOf(State));
    expect(input?.properties).toEqual({ n: { $ref: "#/$defs/Count" } });
    expect(input?.$defs).toEqual({ Count: { type: "number", description: "Default: 3" } });
    expect(state?.$defs).toEqual({ Count: { type: "number", default: 3 } });
  });

  describe("a default stays where LangGraph fills it in for an absent key:", () => {
    const fields4 = { n: z.number().default(3), inner: z.object({ x: z.number().default(1) }) };
    const fields3 = {
      n: zod3.number().default(3),
      inner: zod3.object({ x: zod3.number().default(1) }),
    };
    const [zod4Object, zod3Object] = [z.object(fields4), zod3.object(fields3)];
    const partialFields = { n: z.number().default(3), inner: fields4.inner };

    test.each<[string, object, object, boolean]>([
      ["Zod 4", zod4Object, {}, true],
      ["Zod 4, declared as the input", zod4Object, { input: zod4Object }, true],
      ["Zod 3", zod3Object, {}, false],
      ["Zod 3, declared as the input", zod3Object, { input: zod3Object }, true],
      ["StateSchema", new StateSchema(partialFields), {}, false],
    ])("%s", async (name, state, options, isFilledIn) => {
      const seen: unknown[] = [];
      const look = (values: object): object => {
        seen.push(values);
        return {};
      };
      const checkpointer = new core.MemorySaver();
      const graph = graphOfSchemas(core, state, { ...options, checkpointer }, look);
      const config = { configurable: { thread_id: "1" } };
      await graph.invoke({ n: 7, inner: {} }, config);
      await graph.invoke({ inner: {} }, config);

      const { input } = schemasOf(graph);
      const n = { type: "number", ...(isFilledIn && { default: 3 }) };
      // What the state of a new thread begins with is told, and not sent along.
      const told = name === "StateSchema" && { description: "Default: 3" };
      expect(input?.properties?.["n"]).toEqual({ ...n, ...told });
      expect(seen.at(-1)).toEqual({ n: isFilledIn ? 3 : 7, inner: { x: 1 } });
      expect(input?.properties?.["inner"]?.properties).toEqual({
        x: { type: "number", default: 1 },
      });
    });
  });
});

describe("an agent of LangChain", () => {
  const schemasOfAgent = (options: object = {}) => {
    const model = new FakeListChatModel({ responses: [] });
    const agent = createAgent({ model, tools: [], ...options }) as unknown as Graph;
    const workflow = createWorkflows({ agent }).get("agent");
    if (!workflow) throw new Error("No workflow");
    return workflow.schemas;
  };

  test("has its messages typed", () => {
    const { input, state, output } = schemasOfAgent();
    for (const schema of [input, state, output]) {
      expect(schema?.properties?.["messages"]).toMatchObject(MESSAGES);
    }
  });

  test("has the state of its author and its middleware, and keeps what is private", () => {
    const middleware = createMiddleware({
      name: "counting",
      stateSchema: z.object({ _secret: z.string().optional(), calls: z.number().optional() }),
    });
    const { input, state, output, context } = schemasOfAgent({
      stateSchema: z.object({ todo: z.string().optional() }),
      contextSchema: z.object({ user: z.string() }),
      middleware: [middleware],
    });
    expect(state?.properties).toMatchObject({ todo: STRING, calls: NUMBER, _secret: STRING });
    expect(Object.keys(input?.properties ?? {})).toEqual(["messages", "todo", "calls"]);
    expect(Object.keys(output?.properties ?? {})).toEqual(["messages", "todo", "calls"]);
    expect(context).toEqual({ type: "object", properties: { user: STRING }, required: ["user"] });
  });

  const Answer = z.object({ answer: z.string() });

  test.each([
    ["Zod", Answer],
    ["JSON Schema", { type: "object", properties: { answer: STRING } }],
    ["toolStrategy", toolStrategy(Answer)],
    ["providerStrategy", providerStrategy(Answer)],
  ])("has its structured response typed: %s", (_name, responseFormat) => {
    const { output } = schemasOfAgent({ responseFormat });
    expect(output?.properties?.["structuredResponse"]).toMatchObject({
      type: "object",
      properties: { answer: STRING },
    });
  });

  test("may answer one of several", () => {
    const Refusal = z.object({ reason: z.string() });
    const { output } = schemasOfAgent({ responseFormat: [Answer, Refusal] });
    expect(output?.properties?.["structuredResponse"]).toMatchObject({
      anyOf: [{ properties: { answer: STRING } }, { properties: { reason: STRING } }],
    });
  });
});

describe("a graph of which LangGraph knows no types", () => {
  const annotated = new StateGraph(Annotation.Root({ n: Annotation<number> }))
    .addNode("idle", () => ({}))
    .addEdge(START, "idle")
    .compile();
  const ofMessages = new StateGraph(MessagesAnnotation)
    .addNode("idle", () => ({}))
    .addEdge(START, "idle")
    .compile();

  test.each<[string, Graph]>([
    ["Annotation", annotated],
    ["MessagesAnnotation", ofMessages],
    ["the functional API", entrypoint("flow", async (n: number) => n)],
    ["a graph of another process", { stream: () => Promise.reject(new Error("far away")) }],
  ])("has no schemas: %s", (_name, graph) => {
    expect(schemasOf(graph)).toEqual({ input: null, state: null, output: null, context: null });
  });

  test.each<[string, Required<SchemasOption>]>([
    [
      "Zod 4",
      {
        input: z.object({ n: z.number().default(3) }),
        state: z.object({ n: z.number() }),
        output: z.object({ n: z.number() }),
        context: z.object({ user: z.string().default("me") }),
      },
    ],
    [
      "Zod 3",
      {
        input: zod3.object({ n: zod3.number().default(3) }),
        state: zod3.object({ n: zod3.number() }),
        output: zod3.object({ n: zod3.number() }),
        context: zod3.object({ user: zod3.string().default("me") }),
      },
    ],
    [
      "JSON Schema",
      {
        input: { type: "object", properties: { n: { type: "number", default: 3 } } },
        state: { type: "object", properties: { n: NUMBER }, required: ["n"] },
        output: { type: "object", properties: { n: NUMBER }, required: ["n"] },
        context: { type: "object", properties: { user: { type: "string", default: "me" } } },
      },
    ],
  ])(
    "has those that defineWorkflow is given, whose defaults nobody fills in: %s",
    (_name, given) => {
      const { input, state, output, context } = schemasOf(annotated, given);
      expect(input).toEqual({
        type: "object",
        properties: { n: { type: "number" } },
      });
      expect(state).toMatchObject({ type: "object", properties: { n: NUMBER } });
      expect(state?.required).toBeUndefined();
      expect(output).toMatchObject({ properties: { n: NUMBER }, required: ["n"] });
      expect(context).toEqual({
        type: "object",
        properties: { user: STRING },
      });
    },
  );

  test("can be given those of ArkType", () => {
    const { input } = schemasOf(annotated, { input: arktype({ n: "number", "note?": "string" }) });
    expect(input).toEqual({
      type: "object",
      properties: { n: NUMBER, note: STRING },
      required: ["n"],
    });
  });
});

test("a schema that defineWorkflow is given stands above the graph's own", () => {
  const graph = new StateGraph(z.object({ n: z.number(), secret: z.string() }))
    .addNode("idle", () => ({}))
    .addEdge(START, "idle")
    .compile();
  const { input, state } = schemasOf(graph, { input: z.object({ n: z.int() }) });
  expect(Object.keys(input?.properties ?? {})).toEqual(["n"]);
  expect(Object.keys(state?.properties ?? {})).toEqual(["n", "secret"]);
});

describe("what the author fixes in a context is no part of what a client says of it:", () => {
  const graph: Graph = {
    stream: () => Promise.reject(new Error("far away")),
    invoke: () => Promise.reject(new Error("far away")),
  } as Graph;
  const contextOf = (context: object, fixed: object) =>
    createWorkflows({ work: { graph, schemas: { context }, config: { context: fixed } } }).get(
      "work",
    )?.schemas.context;
  const Context = z.object({ user: z.string(), tone: z.string().optional() });
  const Open = { type: "object", additionalProperties: {} };
  const Tone = { type: "object", properties: { tone: STRING } };
  const User = { type: "object", properties: { user: STRING }, required: ["user"] };
  const $defs = { User };

  test.each<[string, object, object, object | null]>([
    ["a key that is required", Context, { user: "" }, Tone],
    ["a key that is not", Context, { tone: "" }, User],
    ["all keys", Context, { user: "", tone: "" }, null],
    ["all keys but those without names", z.looseObject({ user: z.string() }), { user: "" }, Open],
    [
      "a key of one of several parts",
      { allOf: [{ $ref: "#/$defs/User" }, Tone], $defs },
      { user: "" },
      { allOf: [Tone], $defs },
    ],
    [
      "a key of one of several alternatives",
      { anyOf: [{ $ref: "#/$defs/User" }, Tone], $defs },
      { tone: "" },
      { anyOf: [User], $defs },
    ],
  ])("%s", (_name, context, fixed, left) => {
    expect(contextOf(context, fixed)).toEqual(left);
  });

  test("nothing, where the author fixes nothing", () => {
    expect(contextOf(Context, {})).toEqual({
      type: "object",
      properties: { user: STRING, tone: STRING },
      required: ["user"],
    });
  });
});

test("a default too long to be told is left out", () => {
  const input = { properties: { text: { type: "string", default: "x".repeat(101) } } };
  const graph: Graph = { stream: () => Promise.reject(new Error("far away")) };
  expect(schemasOf(graph, { input }).input).toEqual({ properties: { text: STRING } });
});
