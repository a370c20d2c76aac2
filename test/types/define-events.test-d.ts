import { Annotation, entrypoint, START, StateGraph } from "@langchain/langgraph";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import type { RemoteGraph } from "@langchain/langgraph/remote";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { tool, type ToolRuntime } from "@langchain/core/tools";
import { type as arktype } from "arktype";
import { createAgent } from "langchain";
import * as lowest from "langgraph-lowest";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { z as zod3 } from "zod/v3";
import { defineEvents } from "../../src/workflows/define-events.ts";
import type { Graph } from "../../src/workflows/graph.ts";

const events = defineEvents({
  citation: z.object({
    url: z.string(),
    page: z.number().optional(),
    foundAt: z.coerce.date<string>(),
    kind: z.enum(["book", "paper"]).default("book"),
  }),
});

describe("an emitter", () => {
  const emit = events.emitter({});

  test("wants the fields that the schema takes, those with a default when one likes", () => {
    expectTypeOf(emit.citation).parameter(0).toEqualTypeOf<{
      url: string;
      page?: number | undefined;
      foundAt: string;
      kind?: "book" | "paper" | undefined;
    }>();

    emit.citation({ url: "https://example.org", foundAt: "2026-01-01" });
    // @ts-expect-error `url` is missing
    emit.citation({ foundAt: "2026-01-01" });
    // @ts-expect-error not one of its kinds
    emit.citation({ url: "https://example.org", foundAt: "2026-01-01", kind: "letter" });
    // @ts-expect-error no such field
    emit.citation({ url: "https://example.org", foundAt: "2026-01-01", author: "Ada" });
  });

  test("has the built-in events", () => {
    expectTypeOf(emit.progress).parameter(0).toEqualTypeOf<{
      current: number;
      total?: number | null | undefined;
      status?: string | null | undefined;
    }>();
    expectTypeOf(emit.complete)
      .parameter(0)
      .toEqualTypeOf<{ message?: string | null | undefined }>();

    emit.progress({ current: 1 });
    // @ts-expect-error a number
    emit.progress({ current: "1" });
  });

  test("knows no other events", () => {
    // @ts-expect-error not declared
    emit.citations({});
    expectTypeOf<keyof typeof emit>().toEqualTypeOf<"citation" | "progress" | "complete">();
  });

  test("returns nothing to wait for", () => {
    expectTypeOf(emit.citation).returns.toBeVoid();
  });

  test("is made from the config of nodes, of tools and of the functional API", () => {
    new StateGraph(Annotation.Root({})).addNode("a", (_state, config) => {
      events.emitter(config).progress({ current: 1 });
      return {};
    });
    entrypoint("flow", async (_input: string, config) => {
      events.emitter(config).progress({ current: 1 });
    });
    tool(
      (_input: object, config: LangGraphRunnableConfig) => {
        events.emitter(config).progress({ current: 1 });
        return "";
      },
      { name: "a", schema: z.object({}) },
    );
    tool(
      (_input: object, runtime: ToolRuntime) => {
        events.emitter(runtime).progress({ current: 1 });
        return "";
      },
      { name: "b", schema: z.object({}) },
    );
    events.emitter({ writer: (_chunk: { type: "narrow" }) => {} });
  });
});

describe("declarations", () => {
  test("are object schemas", () => {
    // @ts-expect-error its fields could not be named
    defineEvents({ note: z.string() });
    // @ts-expect-error no schema
    defineEvents({ note: { text: z.string() } });
  });

  test("may be of any library that follows Standard Schema", () => {
    const emit = defineEvents({
      zod3: zod3.object({ page: zod3.number().default(1), url: zod3.string() }),
      ark: arktype({ url: "string", "page?": "number" }),
    }).emitter({});
    expectTypeOf(emit.zod3)
      .parameter(0)
      .toEqualTypeOf<{ url: string; page?: number | undefined }>();
    expectTypeOf(emit.ark).parameter(0).toEqualTypeOf<{ url: string; page?: number }>();
    // @ts-expect-error its fields could not be named
    defineEvents({ note: zod3.string() });
    // @ts-expect-error its fields could not be named
    defineEvents({ note: arktype("string") });
  });

  test("may be none", () => {
    const emit = defineEvents({}).emitter({});
    expectTypeOf<keyof typeof emit>().toEqualTypeOf<"progress" | "complete">();
  });
});

describe("a workflow's graph may be", () => {
  test("a StateGraph, whatever its state is declared with", () => {
    const annotated = new StateGraph(Annotation.Root({ n: Annotation<number> }))
      .addNode("a", () => ({ n: 1 }))
      .addEdge(START, "a")
      .compile();
    const zod = new StateGraph(z.object({ n: z.number() }), {
      context: z.object({ user: z.string() }),
    })
      .addNode("a", () => ({ n: 1 }))
      .addEdge(START, "a")
      .compile();

    expectTypeOf(annotated).toExtend<Graph>();
    expectTypeOf(zod).toExtend<Graph>();
    expectTypeOf(annotated.withConfig({ tags: ["x"] })).toExtend<Graph>();
  });

  test("an agent, prebuilt or of the langchain package", () => {
    const model = new FakeListChatModel({ responses: [] });
    // oxlint-disable-next-line typescript/no-deprecated
    expectTypeOf(createReactAgent({ llm: model, tools: [] })).toExtend<Graph>();
    expectTypeOf(createAgent({ model, tools: [] })).toExtend<Graph>();
    expectTypeOf(createAgent({ model, tools: [] }).graph).toExtend<Graph>();
  });

  test("an entrypoint of the functional API", () => {
    expectTypeOf(entrypoint("flow", async (n: number) => n + 1)).toExtend<Graph>();
  });

  test("a RemoteGraph", () => {
    expectTypeOf<RemoteGraph>().toExtend<Graph>();
  });

  test("one of the lowest supported version of LangGraph", () => {
    const graph = new lowest.StateGraph(lowest.Annotation.Root({ n: lowest.Annotation<number> }))
      .addNode("a", () => ({ n: 1 }))
      .addEdge(lowest.START, "a")
      .compile();

    expectTypeOf(graph).toExtend<Graph>();
  });

  test("but not a graph that is not compiled yet", () => {
    expectTypeOf(new StateGraph(Annotation.Root({}))).not.toExtend<Graph>();
  });
});
