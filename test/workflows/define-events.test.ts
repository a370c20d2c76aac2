import { AIMessage } from "@langchain/core/messages";
import { tool, type ToolRuntime } from "@langchain/core/tools";
import { type as arktype } from "arktype";
import { createAgent } from "langchain";
import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { z as zod3 } from "zod/v3";
import { ConfigError } from "../../src/errors.ts";
import { ingestByStream } from "../../src/runs/ingest/stream.ts";
import {
  defineEvents,
  isWorkflowEvents,
  type EventSchemas,
  type WriterConfig,
} from "../../src/workflows/define-events.ts";
import { LANGGRAPH_VERSIONS } from "../runs/ingest/langgraph-versions.ts";
import { ScriptedModel } from "../runs/ingest/scripted-model.ts";
import { tell } from "../runs/ingest/story.ts";
import { createGate } from "../support/gate.ts";

const events = defineEvents({
  citation: z.object({ url: z.url(), title: z.string().default("untitled") }),
});

describe("the functions of an emitter", () => {
  const emitted = (emit: (emitter: ReturnType<typeof events.emitter>) => void): unknown[] => {
    const chunks: unknown[] = [];
    emit(events.emitter({ writer: (chunk) => chunks.push(chunk) }));
    return chunks;
  };

  test("write the declared event with its type, as it is: readers get the schema's defaults", () => {
    expect(emitted((emit) => emit.citation({ url: "https://example.org" }))).toEqual([
      { type: "citation", url: "https://example.org" },
    ]);
  });

  test("include those of the built-in events", () => {
    const chunks = emitted((emit) => {
      emit.progress({ current: 1, total: 2, status: "reading" });
      emit.complete({ message: "read" });
    });

    expect(chunks).toEqual([
      { type: "progress", current: 1, total: 2, status: "reading" },
      { type: "complete", message: "read" },
    ]);
  });

  test("do not validate: a node never fails for an event that is wrong", () => {
    expect(emitted((emit) => emit.citation({ url: "no address" }))).toEqual([
      { type: "citation", url: "no address" },
    ]);
  });

  test("are values that can be passed on by themselves", () => {
    expect(emitted(({ progress }) => [1, 2].forEach((current) => progress({ current })))).toEqual([
      { type: "progress", current: 1 },
      { type: "progress", current: 2 },
    ]);
  });

  test("do nothing where there is no writer", () => {
    const emit = events.emitter({});

    expect(() => emit.progress({ current: 1 })).not.toThrow();
  });
});

describe.each(LANGGRAPH_VERSIONS)("with LangGraph $version, events", ({ core, prebuilt }) => {
  const { Annotation, START, StateGraph } = core;
  const State = Annotation.Root({ done: Annotation<boolean> });

  /** A graph of one node. */
  const graphOf = (node: (config: WriterConfig) => Promise<void>) =>
    new StateGraph(State)
      .addNode("a", async (_state, config) => {
        await node(config);
        return { done: true };
      })
      .addEdge(START, "a")
      .compile();

  const wroteProgress = (node: string, current: number): string =>
    `${node}, step 1, try 1: wrote {"type":"progress","current":${current}}`;

  test("are attributed to the node that emits them", async () => {
    const graph = graphOf(async (config) => events.emitter(config).progress({ current: 1 }));

    expect((await tell(graph)).lines("written")).toEqual([wroteProgress("a #0", 1)]);
  });

  test("are so when emitted from a queue that runs elsewhere", async () => {
    const jobs: (() => void)[] = [];
    const jobThere = createGate();
    const jobDone = createGate();
    // Begins to wait outside of the run, so that LangGraph's async context does not reach it.
    const worker = jobThere.pass().then(() => {
      for (const job of jobs) job();
      jobDone.open();
    });
    const graph = graphOf(async (config) => {
      jobs.push(() => events.emitter(config).progress({ current: 1 }));
      jobThere.open();
      await jobDone.pass();
    });

    const story = await tell(graph);
    await worker;

    expect(story.lines("written")).toEqual([wroteProgress("a #0", 1)]);
  });

  test("are so when emitted from a timer", async () => {
    const graph = graphOf(async (config) => {
      const emit = events.emitter(config);
      await new Promise<void>((resolve) =>
        setTimeout(() => {
          emit.progress({ current: 1 });
          resolve();
        }, 0),
      );
    });

    expect((await tell(graph)).lines("written")).toEqual([wroteProgress("a #0", 1)]);
  });

  test("are so when another node brings the listener to emit them", async () => {
    const bus = new EventEmitter();
    const listening = createGate();
    const called = createGate();
    const graph = new StateGraph(State)
      .addNode("listener", async (_state, config: WriterConfig) => {
        bus.on("go", () => events.emitter(config).progress({ current: 1 }));
        listening.open();
        await called.pass();
        return {};
      })
      .addNode("speaker", async (_state, config: WriterConfig) => {
        await listening.pass();
        bus.emit("go");
        events.emitter(config).progress({ current: 2 });
        called.open();
        return {};
      })
      .addEdge(START, "listener")
      .addEdge(START, "speaker")
      .compile();

    expect((await tell(graph)).lines("written")).toEqual([
      wroteProgress("listener #0", 1),
      wroteProgress("speaker #1", 2),
    ]);
  });

  test("are so when a subgraph emits what its parent's node gave it", async () => {
    let emit: ReturnType<typeof events.emitter> | undefined;
    const child = graphOf(async (config) => {
      emit?.progress({ current: 1 });
      events.emitter(config).progress({ current: 2 });
    });
    const graph = new StateGraph(State)
      .addNode("parent", async (_state, config: WriterConfig) => {
        emit = events.emitter(config);
        await child.invoke({}, config);
        return {};
      })
      .addEdge(START, "parent")
      .compile();

    expect((await tell(graph)).lines("written")).toEqual([
      wroteProgress("parent #0", 1),
      wroteProgress("parent:#0/a #1", 2),
    ]);
  });

  test("keep their namespace in LangGraph's public stream, too, wherever they are emitted", async () => {
    const bus = new EventEmitter();
    const child = graphOf(async (config) => {
      bus.on("go", () => events.emitter(config).progress({ current: 1 }));
    });
    const graph = new StateGraph(State)
      .addNode("sub", child)
      .addNode("next", () => {
        bus.emit("go");
        return {};
      })
      .addEdge(START, "sub")
      .addEdge("sub", "next")
      .compile();

    const [event] = (await tell(graph, { ingest: ingestByStream })).chunks.filter(
      ({ kind }) => kind === "written",
    );

    expect(event?.origin.namespace).toEqual([expect.stringMatching(/^sub:/)]);
  });

  test("can be emitted in tools, called by a node or by a ToolNode", async () => {
    const search = tool(
      (_input: object, config: WriterConfig) => {
        events.emitter(config).progress({ current: 1 });
        return "found";
      },
      { name: "search", schema: z.object({}) },
    );
    const call = { name: "search", args: {}, id: "call-1", type: "tool_call" as const };
    const toolNode = new prebuilt.ToolNode([search]);
    const graph = graphOf(async (config) => {
      await search.invoke({}, config);
      await toolNode.invoke(
        { messages: [new AIMessage({ content: "", tool_calls: [call] })] },
        config,
      );
    });

    expect((await tell(graph)).lines("written")).toEqual([
      'a #0, step 1, try ?: wrote {"type":"progress","current":1}',
      'a #0, step 1, try ?: wrote {"type":"progress","current":1}',
    ]);
  });

  test("can be emitted in tasks of the functional API", async () => {
    const work = core.task("work", async () => {
      events.emitter(core.getConfig()).progress({ current: 1 });
    });
    const graph = core.entrypoint("flow", async (_input: object) => work());

    expect((await tell(graph)).lines("written")).toEqual([
      'work #0, step 0, try 1: wrote {"type":"progress","current":1}',
    ]);
  });

  test("go nowhere when the graph is run by invoke", async () => {
    const graph = graphOf(async (config) => events.emitter(config).progress({ current: 1 }));

    await expect(graph.invoke({})).resolves.toEqual({ done: true });
  });
});

test("an agent's tools emit events with the runtime that they are given", async () => {
  const search = tool(
    (_input: object, runtime: ToolRuntime) => {
      events.emitter(runtime).progress({ current: 1 });
      return "found";
    },
    { name: "search", schema: z.object({}) },
  );
  const model = new ScriptedModel([{ tool: "search" }, "done"]);

  const story = await tell(createAgent({ model, tools: [search] }), { input: { messages: [] } });

  expect(story.lines("written")).toEqual([
    'tools #0, step 2, try ?: wrote {"type":"progress","current":1}',
  ]);
});

describe("declaring events", () => {
  test("keeps the schemas as they are, without the built-in ones", () => {
    expect(Object.keys(events.schemas)).toEqual(["citation"]);
  });

  test("is recognised by its shape, as it may come from another copy of the package", () => {
    expect(isWorkflowEvents(events)).toBe(true);
    expect(isWorkflowEvents({ schemas: {}, emitter: () => ({}) })).toBe(true);
    for (const other of [undefined, null, {}, { schemas: {} }, { emitter: "no function" }]) {
      expect(isWorkflowEvents(other)).toBe(false);
    }
  });

  test.each(["progress", "complete"])("throws when it declares %s, which is built in", (type) => {
    expect(() => defineEvents({ [type]: z.object({}) })).toThrow(
      new ConfigError(`Event "${type}" is built in: leave it out, or name yours differently`),
    );
  });

  test.each([
    ["a string", z.string()],
    ["a union", z.union([z.object({}), z.object({})])],
    ["a record", z.record(z.string(), z.string())],
    ["of Zod 3 and a string", zod3.string()],
    ["of ArkType and a record", arktype({ "[string]": "number" })],
    ["a schema that does not say what it is", { "~standard": { validate: () => ({ value: {} }) } }],
    ["no schema", { url: z.string() }],
    ["JSON Schema, which checks nothing", { type: "object", properties: {} }],
    ["nothing", undefined],
  ])("throws when an event is %s, since its fields could not be named", (_what, schema) => {
    expect(() => defineEvents({ note: schema } as unknown as EventSchemas)).toThrow(
      new ConfigError('Event "note" must be declared as an object schema, z.object({ … })'),
    );
  });

  test("throws when an event has a field named type", () => {
    expect(() => defineEvents({ note: z.object({ type: z.string() }) })).toThrow(
      new ConfigError('Event "note" must not declare a field "type": it is the event\'s own name'),
    );
  });

  test("takes object schemas of any library that says what they are", () => {
    const { emitter } = defineEvents({
      zod3: zod3.object({ page: zod3.number() }),
      ark: arktype({ page: "number", "note?": "string" }),
    });
    const chunks: unknown[] = [];
    const emit = emitter({ writer: (chunk) => chunks.push(chunk) });

    emit.zod3({ page: 1 });
    emit.ark({ page: 2 });

    expect(chunks).toEqual([
      { type: "zod3", page: 1 },
      { type: "ark", page: 2 },
    ]);
  });

  test("takes names that objects have by themselves", () => {
    const { emitter } = defineEvents({ constructor: z.object({ who: z.string() }) });
    const chunks: unknown[] = [];

    emitter({ writer: (chunk) => chunks.push(chunk) }).constructor({ who: "me" });

    expect(chunks).toEqual([{ type: "constructor", who: "me" }]);
  });
});
