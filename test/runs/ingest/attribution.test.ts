import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { FakeChatModel } from "@langchain/core/utils/testing";
import { createAgent } from "langchain";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ingestBySink } from "../../../src/runs/ingest/sink.ts";
import { ingestByStream } from "../../../src/runs/ingest/stream.ts";
import type { Graph } from "../../../src/workflows/graph.ts";
import { createGate } from "../../support/gate.ts";
import { until } from "../../support/until.ts";
import { LANGGRAPH_VERSIONS } from "./langgraph-versions.ts";
import type { NodeConfig } from "./random-script.ts";
import { ScriptedModel } from "./scripted-model.ts";
import { tell } from "./story.ts";

const lookUp = tool(
  (_input: object, config: NodeConfig) => {
    config.writer?.("looking up");
    return "42";
  },
  { name: "lookUp", schema: z.object({}) },
);
const question = { input: { messages: [{ role: "user", content: "What is it?" }] } };

describe.each(LANGGRAPH_VERSIONS)("with LangGraph $version", ({ core, prebuilt }) => {
  const { Annotation, Command, MemorySaver, Send, START, StateGraph } = core;
  const State = Annotation.Root({
    log: Annotation<string[]>({ reducer: (left, right) => [...left, ...right], default: () => [] }),
    messages: Annotation<BaseMessage[]>({
      reducer: (left, right) => [...left, ...right],
      default: () => [],
    }),
  });
  const thread = { configurable: { thread_id: "thread-1" } };

  test("the output is what the graph declares as such, as `invoke` returns it", async () => {
    const graph = new StateGraph({
      input: Annotation.Root({ given: Annotation<string> }),
      output: Annotation.Root({ made: Annotation<string> }),
      stateSchema: Annotation.Root({ given: Annotation<string>, made: Annotation<string> }),
    })
      .addNode("make", ({ given }) => ({ made: given.toUpperCase() }))
      .addEdge(START, "make")
      .compile();

    const story = await tell(graph, { input: { given: "a" } });

    expect(await story.outcome).toMatchObject({ output: { made: "A" } });
    expect(await graph.invoke({ given: "a" })).toEqual({ made: "A" });
  });

  describe("nodes", () => {
    test("what nodes say carries their node, task, step and try", async () => {
      const graph = new StateGraph(State)
        .addNode("a", (_state, config) => {
          config.writer?.("from a");
          return { log: ["a"] };
        })
        .addNode("b", async (_state, config) => {
          await setImmediate();
          config.writer?.("from b");
          return { log: ["b"] };
        })
        .addEdge(START, "a")
        .addEdge("a", "b")
        .compile();

      const story = await tell(graph);

      expect(story.lines()).toEqual([
        "a #0, step 1, try 1: started",
        'a #0, step 1, try 1: wrote "from a"',
        "a #0, step 1, try 1: finished",
        'a #0, step 1, try 1: updated {"log":["a"]}',
        "b #1, step 2, try 1: started",
        'b #1, step 2, try 1: wrote "from b"',
        "b #1, step 2, try 1: finished",
        'b #1, step 2, try 1: updated {"log":["b"]}',
      ]);
      await expect(story.outcome).resolves.toEqual({
        output: { log: ["a", "b"], messages: [] },
        interrupts: [],
        isInterrupted: false,
      });
    });

    test("nodes that run side by side are told apart", async () => {
      const gate = createGate();
      const graph = new StateGraph(State)
        .addNode("long", async (_state, config) => {
          config.writer?.("begins");
          await gate.pass();
          config.writer?.("ends");
          return { log: ["long"] };
        })
        .addNode("short", (_state, config) => {
          config.writer?.("at once");
          gate.open();
          return { log: ["short"] };
        })
        .addEdge(START, "long")
        .addEdge(START, "short")
        .compile();

      expect((await tell(graph)).lines("written")).toEqual([
        'long #0, step 1, try 1: wrote "begins"',
        'short #1, step 1, try 1: wrote "at once"',
        'long #0, step 1, try 1: wrote "ends"',
      ]);
    });

    test.each([
      { microtasks: [0, 0, 0] },
      { microtasks: [0, 9, 4] },
      { microtasks: [2, 1, 0] },
      { microtasks: [3, 1, 2] },
      { microtasks: [9, 5, 0] },
      { microtasks: [1, 8, 7] },
    ])(
      "of tasks sent to one node, each update carries its own: $microtasks",
      async ({ microtasks }) => {
        const graph = new StateGraph(State)
          .addNode("worker", async ({ log: [number] }, config: NodeConfig) => {
            for (let left = microtasks[Number(number)] ?? 0; left > 0; left--)
              await Promise.resolve();
            return { log: [String(config.executionInfo?.taskId)] };
          })
          .addConditionalEdges(START, () =>
            microtasks.map((_, number) => new Send("worker", { log: [String(number)] })),
          )
          .compile();

        const updates = (await tell(graph)).chunks.filter((chunk) => chunk.kind === "state");

        expect(new Set(updates.map(({ origin }) => origin.taskId)).size).toBe(3);
        for (const { changes, origin } of updates)
          expect(changes).toEqual({ log: [origin.taskId] });
      },
    );

    test("what has the node's name and runs inside the node is not the node", async () => {
      const graph = new StateGraph(State)
        .addNode("a", async (_state, config) => {
          await RunnableLambda.from(() => "done").invoke("", { ...config, runName: "a" });
          return {};
        })
        .addEdge(START, "a")
        .compile();

      expect((await tell(graph)).lines("node")).toEqual([
        "a #0, step 1, try 1: started",
        "a #0, step 1, try 1: finished",
      ]);
    });

    test("a node that returns nothing finishes with an empty update", async () => {
      const graph = new StateGraph(State)
        .addNode("silent", () => ({}))
        .addEdge(START, "silent")
        .compile();

      expect((await tell(graph)).lines()).toEqual([
        "silent #0, step 1, try 1: started",
        "silent #0, step 1, try 1: finished",
        "silent #0, step 1, try 1: updated {}",
      ]);
    });
  });

  describe("graphs in graphs", () => {
    const inner = () =>
      new StateGraph(State)
        .addNode("leaf", (_state, config) => {
          config.writer?.("deep");
          return { log: ["leaf"] };
        })
        .addEdge(START, "leaf")
        .compile();

    test("the namespace is the path of subgraphs, each with the task that it runs as", async () => {
      const middle = new StateGraph(State)
        .addNode("inner", inner())
        .addEdge(START, "inner")
        .compile();
      const graph = new StateGraph(State)
        .addNode("middle", middle)
        .addEdge(START, "middle")
        .compile();

      expect((await tell(graph)).lines()).toEqual([
        "middle #0, step 1, try 1: started",
        "middle:#0/inner #1, step 1, try 1: started",
        "middle:#0/inner:#1/leaf #2, step 1, try 1: started",
        'middle:#0/inner:#1/leaf #2, step 1, try 1: wrote "deep"',
        "middle:#0/inner:#1/leaf #2, step 1, try 1: finished",
        'middle:#0/inner:#1/leaf #2, step 1, try 1: updated {"log":["leaf"]}',
        "middle:#0/inner #1, step 1, try 1: finished",
        'middle:#0/inner #1, step 1, try 1: updated {"log":["leaf"],"messages":[]}',
        "middle #0, step 1, try 1: finished",
        'middle #0, step 1, try 1: updated {"log":["leaf"],"messages":[]}',
      ]);
    });

    test("a graph that a node calls counts as its subgraph, with or without its config", async () => {
      const child = inner();
      const graph = new StateGraph(State)
        .addNode("caller", async (_state, config) => {
          await child.invoke({}, config);
          await child.invoke({});
          config.writer?.("called");
          return {};
        })
        .addEdge(START, "caller")
        .compile();

      expect((await tell(graph)).lines("written", "state")).toEqual([
        'caller:#0/leaf #1, step 1, try 1: wrote "deep"',
        'caller:#0/leaf #1, step 1, try 1: updated {"log":["leaf"]}',
        'caller:#0/1/leaf #2, step 1, try 1: wrote "deep"',
        'caller:#0/1/leaf #2, step 1, try 1: updated {"log":["leaf"]}',
        'caller #0, step 1, try 1: wrote "called"',
        "caller #0, step 1, try 1: updated {}",
      ]);
    });

    test("a node that goes on in the parent graph has finished, and so has the subgraph", async () => {
      const leaving = new StateGraph(State)
        .addNode(
          "leave",
          () => new Command({ graph: Command.PARENT, update: { log: ["left"] }, goto: "next" }),
        )
        .addEdge(START, "leave")
        .compile();
      const graph = new StateGraph(State)
        .addNode("sub", leaving, { ends: ["next"] })
        .addNode("next", () => ({ log: ["next"] }))
        .addEdge(START, "sub")
        .compile();

      expect((await tell(graph)).lines()).toEqual([
        "sub #0, step 1, try 1: started",
        "sub:#0/leave #1, step 1, try 1: started",
        "sub:#0/leave #1, step 1, try 1: finished",
        "sub #0, step 1, try 1: finished",
        'sub #0, step 1, try 1: updated {"log":["left"]}',
        "next #2, step 2, try 1: started",
        "next #2, step 2, try 1: finished",
        'next #2, step 2, try 1: updated {"log":["next"]}',
      ]);
    });

    test("an entrypoint and its tasks run in the same graph, in a step of their own", async () => {
      const double = core.task("double", async (value: number) => {
        core.getWriter()?.(`doubling ${value}`);
        return value * 2;
      });
      const graph = core.entrypoint("flow", async (value: number, config) => {
        config.writer?.("begins");
        return [await double(value), await double(value + 1)];
      });

      const story = await tell(graph, { input: 1 });

      expect(story.lines()).toEqual([
        "flow #0, step 0, try 1: started",
        'flow #0, step 0, try 1: wrote "begins"',
        "double #1, step 0, try 1: started",
        'double #1, step 0, try 1: wrote "doubling 1"',
        "double #1, step 0, try 1: finished",
        "double #1, step 0, try 1: updated 2",
        "double #2, step 0, try 1: started",
        'double #2, step 0, try 1: wrote "doubling 2"',
        "double #2, step 0, try 1: finished",
        "double #2, step 0, try 1: updated 4",
        "flow #0, step 0, try 1: finished",
        "flow #0, step 0, try 1: updated [2,4]",
      ]);
      await expect(story.outcome).resolves.toMatchObject({ output: [2, 4] });
    });
  });

  describe("failures", () => {
    test("each try of a node starts and ends, and what it wrote carries its number", async () => {
      const graph = new StateGraph(State)
        .addNode(
          "flaky",
          (_state, config: NodeConfig) => {
            const attempt = config.executionInfo?.nodeAttempt ?? 0;
            config.writer?.(`try ${attempt}`);
            if (attempt < 3) throw new Error(`not at try ${attempt}`);
            return { log: ["done"] };
          },
          { retryPolicy: { initialInterval: 1, jitter: false, logWarning: false } },
        )
        .addEdge(START, "flaky")
        .compile();

      expect((await tell(graph)).lines()).toEqual([
        "flaky #0, step 1, try 1: started",
        'flaky #0, step 1, try 1: wrote "try 1"',
        "flaky #0, step 1, try 1: failed, Error: not at try 1",
        "flaky #0, step 1, try 2: started",
        'flaky #0, step 1, try 2: wrote "try 2"',
        "flaky #0, step 1, try 2: failed, Error: not at try 2",
        "flaky #0, step 1, try 3: started",
        'flaky #0, step 1, try 3: wrote "try 3"',
        "flaky #0, step 1, try 3: finished",
        'flaky #0, step 1, try 3: updated {"log":["done"]}',
      ]);
    });

    const throwing = (error: unknown) =>
      new StateGraph(State)
        .addNode("thrower", () => {
          throw error;
        })
        .addNode("waiting", async (_state, { signal }) => {
          await new Promise((resolve) => signal?.addEventListener("abort", resolve));
          return { log: ["too late"] };
        })
        .addEdge(START, "thrower")
        .addEdge(START, "waiting")
        .compile();

    test("the run rejects with what a node threw; nodes beside it are stopped and have failed, too", async () => {
      const error = new Error("no disk");

      const story = await tell(throwing(error));

      await expect(story.outcome).rejects.toBe(error);
      expect(story.lines()).toEqual([
        "thrower #0, step 1, try 1: started",
        "waiting #1, step 1, try 1: started",
        "thrower #0, step 1, try 1: failed, Error: no disk",
        "waiting #1, step 1, try 1: failed, AbortError: This operation was aborted",
      ]);
    });

    test("a node may throw what is no error", async () => {
      const story = await tell(throwing("boom"));

      await expect(story.outcome).rejects.toBe("boom");
      expect(story.lines()).toContain("thrower #0, step 1, try 1: failed, boom");
    });
  });

  describe("interrupts", () => {
    const asking = (checkpointer: InstanceType<typeof MemorySaver>) => {
      const sub = new StateGraph(State)
        .addNode("ask", () => ({ log: [String(core.interrupt("Are you sure?"))] }))
        .addEdge(START, "ask")
        .compile();
      return new StateGraph(State)
        .addNode("sub", sub)
        .addEdge(START, "sub")
        .compile({ checkpointer });
    };

    test("a question in a subgraph is reported once, and its node has neither finished nor failed", async () => {
      const story = await tell(asking(new MemorySaver()), {
        config: thread,
        input: { log: ["begun"] },
      });

      expect(story.lines()).toEqual([
        "sub #0, step 1, try 1: started",
        "sub:#0/ask #1, step 1, try 1: started",
      ]);
      const [sub] = story.chunks;
      await expect(story.outcome).resolves.toEqual({
        output: { log: ["begun"], messages: [] },
        interrupts: [
          {
            id: expect.stringMatching(/^[0-9a-f]{32}$/),
            value: "Are you sure?",
            node: "ask",
            namespace: [`sub:${sub?.origin.taskId}`],
          },
        ],
        isInterrupted: true,
      });
    });

    test("with the answer the same task goes on, as its first try", async () => {
      const checkpointer = new MemorySaver();
      const asked = await tell(asking(checkpointer), { config: thread });

      const answered = await tell(asking(checkpointer), {
        config: thread,
        input: new Command({ resume: "yes" }),
      });

      expect(answered.lines()).toEqual([
        "sub #0, step 1, try 1: started",
        "sub:#0/ask #1, step 1, try 1: started",
        "sub:#0/ask #1, step 1, try 1: finished",
        'sub:#0/ask #1, step 1, try 1: updated {"log":["yes"]}',
        "sub #0, step 1, try 1: finished",
        'sub #0, step 1, try 1: updated {"log":["yes"],"messages":[]}',
      ]);
      expect(answered.chunks[1]?.origin).toEqual(asked.chunks[1]?.origin);
      await expect(answered.outcome).resolves.toMatchObject({
        interrupts: [],
        isInterrupted: false,
      });
    });

    test("a breakpoint interrupts without a question", async () => {
      const graph = new StateGraph(State)
        .addNode("a", () => ({ log: ["a"] }))
        .addNode("b", () => ({ log: ["b"] }))
        .addEdge(START, "a")
        .addEdge("a", "b")
        .compile({ checkpointer: new MemorySaver(), interruptBefore: ["b"] });

      const story = await tell(graph, { config: thread });

      await expect(story.outcome).resolves.toEqual({
        output: { log: ["a"], messages: [] },
        interrupts: [],
        isInterrupted: true,
      });
    });
  });

  describe("aborting", () => {
    test("rejects with the signal's reason, and the node sees it on its own signal", async () => {
      const controller = new AbortController();
      const reason = new Error("cancelled by the user");
      let seen: unknown;
      const graph = new StateGraph(State)
        .addNode("waiting", async (_state, { signal, writer }) => {
          await new Promise<void>((resolve) => {
            signal?.addEventListener("abort", () => {
              seen = signal.reason;
              resolve();
            });
            writer?.("waiting");
          });
          return {};
        })
        .addNode("never", () => ({}))
        .addEdge(START, "waiting")
        .addEdge("waiting", "never")
        .compile();

      const story = await tell(graph, {
        signal: controller.signal,
        onLine: (line) => line.endsWith('wrote "waiting"') && controller.abort(reason),
      });

      await expect(story.outcome).rejects.toBe(reason);
      expect(seen).toBe(reason);
      expect(story.lines()).toEqual([
        "waiting #0, step 1, try 1: started",
        'waiting #0, step 1, try 1: wrote "waiting"',
        "waiting #0, step 1, try 1: failed, Error: cancelled by the user",
      ]);
    });

    test("before the start means that no node runs", async () => {
      const reason = new Error("too late");
      const graph = new StateGraph(State)
        .addNode("never", () => ({}))
        .addEdge(START, "never")
        .compile();

      const story = await tell(graph, { signal: AbortSignal.abort(reason) });

      await expect(story.outcome).rejects.toBe(reason);
      expect(story.chunks).toEqual([]);
    });
  });

  describe("writers", () => {
    test("tools, conditional edges and timers write for their node", async () => {
      const search = tool(
        (_input: object, config: NodeConfig) => {
          config.writer?.("in a tool");
          return "found";
        },
        { name: "search", schema: z.object({}) },
      );
      const graph = new StateGraph(State)
        .addNode("a", async (_state, config) => {
          await search.invoke({}, config);
          await new Promise<void>((resolve) =>
            setTimeout(() => {
              config.writer?.("in a timer");
              resolve();
            }, 0),
          );
          return {};
        })
        .addNode("b", () => ({}))
        .addConditionalEdges("a", (_state, config) => {
          config.writer?.("in an edge");
          return "b" as const;
        })
        .addEdge(START, "a")
        .compile();

      // LangGraph tells the try to nodes only.
      expect((await tell(graph)).lines("written")).toEqual([
        'a #0, step 1, try ?: wrote "in a tool"',
        'a #0, step 1, try 1: wrote "in a timer"',
        'a #0, step 1, try ?: wrote "in an edge"',
      ]);
    });

    test("report at once, before the node can change what it wrote", async () => {
      const heard: string[] = [];
      let heardWhenWritten = 0;
      const graph = new StateGraph(State)
        .addNode("a", (_state, config) => {
          const payload = { words: "first" };
          config.writer?.(payload);
          payload.words = "second";
          heardWhenWritten = heard.length;
          return {};
        })
        .addEdge(START, "a")
        .compile();

      await tell(graph, { observe: false, onLine: (line) => heard.push(line) });

      expect(heardWhenWritten).toBe(1);
      expect(heard[0]).toContain('wrote {"words":"first"}');
    });

    test("that outlive the run still reach onChunk, which must be ready for it, and throw nothing", async () => {
      const gate = createGate();
      let write: NodeConfig["writer"];
      const graph = new StateGraph(State)
        .addNode("a", (_state, config) => {
          write = config.writer;
          void gate.pass().then(() => config.writer?.("by a promise of the node"));
          return {};
        })
        .addEdge(START, "a")
        .compile();

      const story = await tell(graph);
      gate.open();
      await until(() => story.lines("written").length === 1);
      write?.("from outside");

      expect(story.lines("written")).toEqual([
        'a #0, step 1, try 1: wrote "by a promise of the node"',
        '? ?, step ?, try ?: wrote "from outside"',
      ]);
    });
  });

  describe("chat models", () => {
    const asking = (model: { invoke(input: string): Promise<BaseMessage> }) =>
      new StateGraph(State)
        .addNode("ask", async () => ({ messages: [await model.invoke("Hello?")] }))
        .addEdge(START, "ask")
        .compile();

    test("stream their messages in pieces, though the node calls invoke", async () => {
      const story = await tell(asking(new ScriptedModel(["good day"])));

      expect(story.lines("message")).toEqual([
        'ask #0, step 1, try 1: said "good"',
        'ask #0, step 1, try 1: said " day"',
      ]);
      const ids = story.chunks.flatMap((chunk) =>
        chunk.kind === "message" ? chunk.messageId : [],
      );
      expect(ids).toEqual([expect.stringMatching(/^run-/), ids[0]]);
    });

    test("that do not stream say the whole message", async () => {
      const story = await tell(asking(new FakeChatModel({})));

      expect(story.lines("message")).toEqual(['ask #0, step 1, try 1: said "Hello?"']);
    });

    test.each([
      { by: "the sink", ingest: ingestBySink },
      { by: "LangGraph's public stream", ingest: ingestByStream },
    ])("with the tag nostream say nothing, read by $by", async ({ ingest }) => {
      for (const model of [new ScriptedModel(["good day"]), new FakeChatModel({})]) {
        const graph = asking(model.withConfig({ tags: ["nostream"] }));

        expect((await tell(graph, { ingest })).lines("message")).toEqual([]);
      }
    });

    test.each([
      { by: "the sink", ingest: ingestBySink },
      { by: "LangGraph's public stream", ingest: ingestByStream },
    ])("are not who writes the messages that nodes make up, read by $by", async ({ ingest }) => {
      const graph = asking({ invoke: async () => new AIMessage("made up") });

      expect((await tell(graph, { ingest })).lines("message")).toEqual([]);
    });

    test("say the same in LangGraph's public stream, which does not tell the try", async () => {
      const told = (graph: Graph) => tell(graph, { ingest: ingestByStream });

      expect((await told(asking(new ScriptedModel(["good day"])))).lines("message")).toEqual([
        'ask #0, step 1, try ?: said "good"',
        'ask #0, step 1, try ?: said " day"',
      ]);
      expect((await told(asking(new FakeChatModel({})))).lines("message")).toEqual([
        'ask #0, step 1, try ?: said "Hello?"',
      ]);
    });

    test("and tools of a prebuilt agent are told apart", async () => {
      const model = new ScriptedModel([{ tool: "lookUp" }, "it is 42"]);
      // Deprecated for the langchain package's agent, and in wide use.
      // oxlint-disable-next-line typescript/no-deprecated
      const agent = prebuilt.createReactAgent({ llm: model, tools: [lookUp] });

      const story = await tell(agent, question);

      expect(story.lines("node", "message", "written")).toEqual([
        "agent #0, step 1, try 1: started",
        'agent #0, step 1, try 1: said ""',
        "agent #0, step 1, try 1: finished",
        "tools #1, step 2, try 1: started",
        'tools #1, step 2, try ?: wrote "looking up"',
        "tools #1, step 2, try 1: finished",
        "agent #2, step 3, try 1: started",
        'agent #2, step 3, try 1: said "it"',
        'agent #2, step 3, try 1: said " is"',
        'agent #2, step 3, try 1: said " 42"',
        "agent #2, step 3, try 1: finished",
      ]);
    });
  });

  test("the graph object is left as it was", async () => {
    const graph = new StateGraph(State)
      .addNode("a", () => ({ log: ["a"] }))
      .addEdge(START, "a")
      .compile({ checkpointer: new MemorySaver(), store: new core.InMemoryStore() });
    const before = ownProperties(graph);

    await tell(graph, { config: thread });
    await tell(graph, { config: thread, ingest: ingestByStream });

    expect(before.get("checkpointer")).toBeInstanceOf(MemorySaver);
    expect(ownProperties(graph)).toEqual(before);
    for (const [key, value] of ownProperties(graph)) expect(before.get(key)).toBe(value);
  });
});

test("models and tools of an agent of the langchain package are told apart", async () => {
  const model = new ScriptedModel([{ tool: "lookUp" }, "it is 42"]);

  const story = await tell(createAgent({ model, tools: [lookUp] }), question);

  expect(story.lines("message", "written")).toEqual([
    'model_request #0, step 1, try 1: said ""',
    'tools #1, step 2, try ?: wrote "looking up"',
    'model_request #2, step 3, try 1: said "it"',
    'model_request #2, step 3, try 1: said " is"',
    'model_request #2, step 3, try 1: said " 42"',
  ]);
});

function ownProperties(object: object): Map<PropertyKey, unknown> {
  return new Map(Reflect.ownKeys(object).map((key) => [key, Reflect.get(object, key)]));
}
