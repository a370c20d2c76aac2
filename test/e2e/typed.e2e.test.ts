import { AIMessage } from "@langchain/core/messages";
import { Annotation, MessagesValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineWorkflow } from "../../src/index.ts";
import { post, postEvents, readFrames, type Operation } from "../support/http.ts";
import type { Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";

const Shape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("circle"), radius: z.number() }),
  z.object({ kind: z.literal("square"), side: z.number().min(0) }),
]);

/** A graph that says what it was given. */
const echo = new StateGraph({
  state: z.object({
    tone: z.enum(["plain", "in-verse"]).default("plain"),
    shapes: z.array(Shape),
    due: z.date().optional(),
    seen: z.string().optional(),
  }),
  input: z.object({
    tone: z.enum(["plain", "in-verse"]).default("plain"),
    shapes: z.array(Shape).max(2),
    due: z.date().optional(),
  }),
  context: z.object({ locale: z.enum(["de", "en"]) }),
})
  .addNode("look", (state, config) => ({
    seen: JSON.stringify({
      tone: state.tone,
      shapes: state.shapes,
      due: state.due instanceof Date ? state.due.getTime() : state.due,
      locale: config.context?.locale,
    }),
  }))
  .addEdge(START, "look")
  .compile();

const chat = new StateGraph(new StateSchema({ messages: MessagesValue }))
  .addNode("answer", ({ messages }) => ({
    messages: [new AIMessage({ id: "a1", content: `You said: ${messages.at(-1)?.text}` })],
  }))
  .addEdge(START, "answer")
  .compile();

const counter = new StateGraph(new StateSchema({ count: z.int32().min(0), label: z.string() }))
  .addNode("add", ({ count }) => ({ count: count + 1 }))
  .addEdge(START, "add")
  .compile();

const untyped = new StateGraph(Annotation.Root({ anything: Annotation<unknown> }))
  .addNode("idle", () => ({ anything: 1 }))
  .addEdge(START, "idle")
  .compile();

const described = defineWorkflow({
  graph: untyped,
  schemas: {
    input: z.object({ anything: z.string() }),
    // Not what the node returns: LangGraph lets it pass.
    state: z.object({ anything: z.string() }),
    output: z.object({ anything: z.int32() }),
  },
});

let service: RunningService;
beforeAll(async () => {
  service = await startService({ workflows: { echo, chat, counter, untyped, described } });
});
afterAll(() => service[Symbol.asyncDispose]());

const RUN = `subscription Run($input: WorkflowInput!, $options: RunOptions) {
  runWorkflow(input: $input, options: $options) {
    ... on StateUpdate { state { echo { seen } chat { messages { id role text } } described { anything } } }
    ... on RunStatusEvent { runStatus result { echo { tone shapes { __typename ... on EchoShapesItemCircle { radius } } due seen } chat { messages { role text } } described { anything } } }
  }
}`;

describe("a typed input", () => {
  test("reaches the node as its schema says: enums, unions and dates", async () => {
    const { state, result } = await run({
      input: {
        echo: {
          tone: "IN_VERSE",
          shapes: [{ circle: { radius: 2 } }, { square: { side: 1 } }],
          due: "2026-11-22T10:00:00Z",
        },
      },
      options: { context: { echo: { locale: "DE" } } },
    });
    expect(JSON.parse(String(state["echo"]?.["seen"]))).toEqual({
      tone: "in-verse",
      shapes: [
        { kind: "circle", radius: 2 },
        { kind: "square", side: 1 },
      ],
      due: Date.parse("2026-11-22T10:00:00Z"),
      locale: "de",
    });
    expect(result["echo"]).toMatchObject({
      tone: "IN_VERSE",
      due: "2026-11-22T10:00:00.000Z",
      shapes: [
        { __typename: "EchoShapesItemCircle", radius: 2 },
        { __typename: "EchoShapesItemSquare" },
      ],
    });
  });

  test("is what `POST /stream/:workflow` takes in the graph's own words", async () => {
    const response = await fetch(service.url.replace("graphql", "stream/chat"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ role: "user", content: "Hi" }] }),
    });
    const frames = [];
    for await (const { data } of readFrames(response)) frames.push(data);
    expect(frames.join("\n")).toContain("You said: Hi");
  });

  test("of messages is a conversation, and so is the state", async () => {
    const { state, result } = await run({ input: { chat: { messages: [{ text: "Hello" }] } } });
    expect(state["chat"]).toEqual({
      messages: [{ id: "a1", role: "AI", text: "You said: Hello" }],
    });
    expect(result["chat"]).toEqual({
      messages: [
        { role: "HUMAN", text: "Hello" },
        { role: "AI", text: "You said: Hello" },
      ],
    });
  });

  test("is what defineWorkflow says of a graph that has no schemas", async () => {
    const { result } = await run({ input: { described: { anything: "x" } } });
    expect(result["described"]).toEqual({ anything: 1 });
  });
});

describe("before any run starts", () => {
  test.each<[string, Record<string, unknown>, readonly string[]]>([
    [
      "a value of another type",
      { echo: { shapes: [{ circle: { radius: "big" } }] } },
      ["input", "echo", "shapes", "0", "circle", "radius"],
    ],
    ["a key that is missing", { echo: {} }, ["input", "echo", "shapes"]],
    ["a key that there is not", { echo: { shapes: [], size: 1 } }, ["input", "echo", "size"]],
    [
      "an enum value that there is not",
      { echo: { shapes: [], tone: "LOUD" } },
      ["input", "echo", "tone"],
    ],
    ["two workflows at once", { echo: { shapes: [] }, chat: {} }, ["input"]],
    [
      "two alternatives at once",
      { echo: { shapes: [{ circle: { radius: 1 }, square: { side: 1 } }] } },
      ["input", "echo", "shapes", "0"],
    ],
    [
      "what only the graph's own schema refuses",
      { echo: { shapes: [1, 2, 3].map((radius) => ({ circle: { radius } })) } },
      ["input", "echo", "shapes"],
    ],
    [
      "what a field of a StateSchema refuses",
      { counter: { count: -1 } },
      ["input", "counter", "count"],
    ],
  ])("%s is BAD_USER_INPUT with the path", async (_what, input, path) => {
    const { errors } = await post(service.url, {
      query: "mutation ($input: WorkflowInput!) { startRun(input: $input) { run { id } } }",
      variables: { input },
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", problems: [{ path }] });
  });

  test.each([
    [
      "the context of another workflow",
      { counter: { count: 1 } },
      { echo: { locale: "DE" } },
      ["options", "context"],
    ],
    [
      "a context that is not valid",
      { echo: { shapes: [] } },
      { echo: { locale: "FR" } },
      ["options", "context", "echo", "locale"],
    ],
  ])("%s is BAD_USER_INPUT with the path", async (_what, input, context, path) => {
    const { errors } = await post(service.url, {
      query:
        "mutation ($input: WorkflowInput!, $options: RunOptions) { startRun(input: $input, options: $options) { run { id } } }",
      variables: { input, options: { context } },
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", problems: [{ path }] });
  });
});

test("state that is not what its schema says is null, whole in `changes`, and told in the log once", async () => {
  for (let i = 0; i < 2; i++) {
    const { state } = await run({
      input: { described: { anything: "x" } },
    });
    expect(state["described"]).toEqual({ anything: null });
  }
  const told = service.log.filter((line) => line.includes("not what its schema says"));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/workflow: 'described'.*path: 'anything'.*a text/s);
});

test("workflow(name) tells the schemas of its data and of its events", async () => {
  const { data } = await post(service.url, {
    query: `{ workflow(name: "echo") { inputSchema stateSchema outputSchema contextSchema eventTypes { type typeName schema } } }`,
  });
  expect(data?.["workflow"]).toMatchObject({
    inputSchema: { properties: { tone: { enum: ["plain", "in-verse"] } }, required: ["shapes"] },
    contextSchema: { properties: { locale: { enum: ["de", "en"] } } },
    eventTypes: [
      { type: "progress", typeName: "ProgressEvent", schema: { required: ["current"] } },
      { type: "complete", typeName: "CompleteEvent" },
    ],
  });
  const { data: none } = await post(service.url, {
    query: `{ workflow(name: "untyped") { inputSchema } }`,
  });
  expect(none?.["workflow"]).toEqual({ inputSchema: null });
});

type Data = Record<string, Record<string, unknown> | null>;

/** Runs a workflow to its end: the first state that it wrote, and its result. */
async function run(variables: Record<string, unknown>): Promise<{ state: Data; result: Data }> {
  const operation: Operation = { query: RUN, variables };
  let state: Data = {};
  let result: Data = {};
  for await (const { data } of readFrames(await postEvents(service.url, operation))) {
    if (!data) continue;
    const { errors, data: event } = JSON.parse(data) as Result;
    expect(errors).toBeUndefined();
    const found = event?.["runWorkflow"] as { state?: Data; result?: Data } | undefined;
    state = found?.state ?? state;
    result = found?.result ?? result;
  }
  return { state, result };
}
