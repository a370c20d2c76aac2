import { AIMessage } from "@langchain/core/messages";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { tool } from "@langchain/core/tools";
import { MessagesAnnotation, Send, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { AsyncResource } from "node:async_hooks";
import { setImmediate, setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { memory } from "../../src/backends/memory/index.ts";
import type { Engine } from "../../src/runs/engine.ts";
import { NodeTime } from "../../src/runs/node-time.ts";
import type { Run } from "../../src/runs/run.ts";
import { ended, startEngine, startRun } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { intercept } from "../support/intercept.ts";
import type { recordingLogger } from "../support/recording-logger.ts";
import { until } from "../support/until.ts";

/** Well above what counts as blocked. */
const LONG_MS = 400;

function block(): void {
  const end = performance.now() + LONG_MS;
  while (performance.now() < end);
}

/** Longer than between two looks at the loop: a block before it has been seen. */
const looked = (): Promise<void> => setTimeout(100);

/** What was logged about blocks, once the engine has ended and has nothing more to say. */
async function reports(engine: Engine, logger: ReturnType<typeof recordingLogger>) {
  await engine[Symbol.asyncDispose]();
  // What else holds the loop up, on a busy machine and when code runs first, is said at `debug`.
  return logger.lines.filter(
    ({ level, message }) => level !== "debug" && message.includes("event loop"),
  );
}

/** The line that says that nobody is to blame. */
const BY_NO_NODE = {
  level: "debug",
  fields: { blockedMs: expect.any(Number) },
  message: "something other than a node blocked the event loop",
};

/** That node, and nothing else, was named. */
function naming(run: Run, node: string, workflow = "work") {
  return expect.objectContaining({
    level: "warn",
    fields: {
      workflow,
      node,
      runId: run.id,
      blockedMs: expect.any(Number),
      taskId: expect.any(String),
      namespace: [],
    },
  });
}

describe("a node that blocks the event loop is named with its workflow, run and task", () => {
  test.each<{ readonly when: string; readonly work: () => void | Promise<void> }>([
    { when: "at once", work: block },
    {
      when: "after it has waited",
      async work() {
        await setTimeout(20);
        block();
        await setTimeout(20);
      },
    },
    {
      when: "in a callback",
      work: () =>
        new Promise<void>((resolve) => {
          globalThis.setTimeout(() => {
            block();
            resolve();
          });
        }),
    },
    {
      when: "by awaiting nothing over and over",
      async work() {
        // Between two pieces of the node V8 is at work, which counts as nobody's.
        const end = performance.now() + 3 * LONG_MS;
        while (performance.now() < end) await null;
      },
    },
    {
      when: "by standing still",
      work: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONG_MS),
    },
  ])("$when", async ({ work }) => {
    const { engine, logger } = startEngine(graphOf(async () => work()));
    const run = await startRun(engine);
    await ended(engine, run);
    expect(await reports(engine, logger)).toEqual([naming(run, "work")]);
  });

  test("in a graph that is not observed", async () => {
    const graph = graphOf(() => block());
    const { engine, logger } = startEngine({ graph, observe: false });
    const run = await startRun(engine);
    await ended(engine, run);
    expect(await reports(engine, logger)).toEqual([naming(run, "work")]);
  });

  test("in a subgraph", async () => {
    const outer = new StateGraph(z.object({ count: z.number().default(0) }))
      .addNode(
        "inside",
        graphOf(() => block()),
      )
      .addEdge(START, "inside")
      .compile();
    const { engine, logger } = startEngine(outer);
    const run = await startRun(engine);
    await ended(engine, run);
    const [report, ...others] = await reports(engine, logger);
    expect(others).toEqual([]);
    expect(report?.fields).toMatchObject({
      node: "work",
      runId: run.id,
      namespace: [expect.stringMatching(/^inside:/)],
    });
  });

  test("in a tool", async () => {
    const compute = tool(
      () => {
        block();
        return "42";
      },
      { name: "compute", schema: z.object({}) },
    );
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("ask", () => ({
        messages: [
          new AIMessage({ content: "", tool_calls: [{ name: "compute", args: {}, id: "1" }] }),
        ],
      }))
      .addNode("tools", new ToolNode([compute]))
      .addEdge(START, "ask")
      .addEdge("ask", "tools")
      .compile();
    const { engine, logger } = startEngine(graph);
    const run = await startRun(engine, { input: { messages: [] } });
    await ended(engine, run);
    expect(await reports(engine, logger)).toEqual([naming(run, "tools")]);
  });

  test("in many tasks that each take a little", async () => {
    const graph = new StateGraph(z.object({ count: z.number().default(0) }))
      .addNode("part", () => {
        const end = performance.now() + LONG_MS / 8;
        while (performance.now() < end);
        return {};
      })
      .addConditionalEdges(START, () => Array.from({ length: 8 }, () => new Send("part", {})))
      .compile();
    const { engine, logger } = startEngine(graph);
    const run = await startRun(engine);
    await ended(engine, run);
    expect(await reports(engine, logger)).toEqual([naming(run, "part")]);
  });
});

test("nodes that block one after the other are all named", async () => {
  const graph = new StateGraph(z.object({ count: z.number().default(0) }))
    .addNode("first", () => {
      block();
      return {};
    })
    .addNode("second", () => {
      block();
      return {};
    })
    .addEdge(START, "first")
    .addEdge("first", "second")
    .compile();
  const { engine, logger } = startEngine(graph);
  const run = await startRun(engine);
  await ended(engine, run);
  const named = await reports(engine, logger);
  expect(named).toHaveLength(2);
  expect(named).toContainEqual(naming(run, "first"));
  expect(named).toContainEqual(naming(run, "second"));
});

describe("only who blocks is named", () => {
  test("a node that waits is not, however long", async () => {
    const { engine, logger } = startEngine(graphOf(() => setTimeout(LONG_MS)));
    await ended(engine, await startRun(engine));
    expect(await reports(engine, logger)).toEqual([]);
  });

  test("neither nodes beside it nor other runs are", async () => {
    const gate = createGate();
    const guilty = new StateGraph(z.object({ count: z.number().default(0) }))
      .addNode("before", () => setImmediate({}))
      .addNode("computes", async () => {
        await setImmediate();
        block();
        return {};
      })
      .addNode("waits", async () => {
        await gate.pass();
        return {};
      })
      .addNode("writes", async (_state, { writer }) => {
        for (let i = 0; i < 10; i += 1) {
          writer?.(i);
          await setImmediate();
        }
        return {};
      })
      .addEdge(START, "before")
      .addEdge("before", "computes")
      .addEdge("before", "waits")
      .addEdge("before", "writes")
      .compile();
    const waiting = graphOf(() => gate.pass());
    const { engine, logger } = startEngine(waiting, { workflows: { guilty } });
    const innocent = [await startRun(engine), await startRun(engine)];
    await until(() => gate.arrivals === 2);
    const run = await startRun(engine, { workflow: "guilty" });
    await until(() => logger.lines.some(({ level }) => level === "warn"));
    gate.open(Infinity);
    await Promise.all([...innocent, run].map((one) => ended(engine, one)));
    expect(await reports(engine, logger)).toEqual([naming(run, "computes", "guilty")]);
  });

  test("nobody is when something outside of any node blocks", async () => {
    const gate = createGate();
    const { engine, logger } = startEngine(graphOf(() => gate.pass()));
    const run = await startRun(engine);
    await until(() => gate.arrivals === 1);
    block();
    gate.open();
    await ended(engine, run);
    expect(await reports(engine, logger)).toEqual([]);
    expect(logger.lines).toContainEqual(BY_NO_NODE);
  });

  test("nobody is when the log of a backend blocks", async () => {
    const gate = createGate();
    const backend = memory();
    let blocks = 0;
    const events = intercept(backend.events, ["append"], async (_name, act) => {
      // The event of the node, not the run's status.
      if (gate.arrivals === 1 && blocks === 0) {
        blocks += 1;
        block();
      }
      return act();
    });
    const { engine, logger } = startEngine(
      graphOf(async ({ write }) => {
        await setImmediate();
        write("something");
        await gate.pass();
      }),
      { backend: { ...backend, events, [Symbol.asyncDispose]: () => Promise.resolve() } },
    );
    const run = await startRun(engine);
    await until(() => blocks === 1);
    gate.open();
    await ended(engine, run);
    expect(await reports(engine, logger)).toEqual([]);
    expect(logger.lines).toContainEqual(BY_NO_NODE);
  });

  test("nobody is when V8 collects the garbage of all", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const kept = Array.from({ length: 300_000 }, (_, i) => ({ i }));
    const { engine, logger } = startEngine(
      graphOf(() => {
        const end = performance.now() + LONG_MS;
        while (performance.now() < end) collect();
      }),
    );
    await ended(engine, await startRun(engine));
    expect(kept).toHaveLength(300_000);
    expect(await reports(engine, logger)).toEqual([]);
    expect(logger.lines).toContainEqual(BY_NO_NODE);
  });
});

const CLOSER = {
  level: "info",
  fields: { blockedMs: expect.any(Number) as unknown },
  message:
    "the event loop was blocked: if it was a node, and it does so again soon, it will be named",
};

describe("the log is not flooded", () => {
  test("a node is named once in ten minutes", async () => {
    let minutes = 0;
    const clock = (): Date => new Date(minutes * 60_000);
    const graph = graphOf(async () => {
      block();
      await looked();
      block();
      await looked();
    });
    const { engine, logger } = startEngine(graph, { clock });
    const first = await startRun(engine);
    await ended(engine, first);
    minutes = 9.5;
    await ended(engine, await startRun(engine));
    minutes = 10;
    const last = await startRun(engine);
    await ended(engine, last);
    const named = [naming(first, "work"), CLOSER, naming(last, "work")];
    expect(await reports(engine, logger)).toEqual(named);
  });

  test("a workflow that has run often is looked at closely for a minute once it has blocked", async () => {
    let minutes = 0;
    const clock = (): Date => new Date(minutes * 60_000);
    const graph = graphOf(async ({ state }) => {
      if (state.count === 0) return;
      block();
      await looked();
    });
    const { engine, logger } = startEngine(graph, { clock });
    const execute = async (count: number): Promise<Run> =>
      ended(engine, await startRun(engine, { input: { count } }));
    for (let i = 0; i < 3; i += 1) await execute(0);

    await execute(1);
    minutes = 2;
    await execute(1);
    minutes = 11;
    await execute(1);
    const named = await execute(1);

    expect(await reports(engine, logger)).toEqual([CLOSER, CLOSER, naming(named, "work")]);
  });
});

test("what happens once a node's callback has returned is not the node's", () => {
  const config = {
    configurable: { run_id: "run-1", graph_id: "work" },
    metadata: { langgraph_node: "waits" },
  };
  const callback = AsyncLocalStorageProviderSingleton.runWithConfig(
    config,
    () => new AsyncResource("callback"),
  );
  const time = new NodeTime();
  time.toggle(true);
  callback.runInAsyncScope(() => void Promise.resolve());
  block();
  const { nodes } = time.take();
  time.toggle(false);
  expect(nodes).toEqual([expect.objectContaining({ workflow: "work", runId: "run-1" })]);
  expect(nodes[0]?.ms).toBeLessThan(LONG_MS / 2);
});

test("once no run is executed nothing watches any more", async () => {
  const { engine, logger } = startEngine(graphOf(() => {}));
  await ended(engine, await startRun(engine));
  await engine[Symbol.asyncDispose]();
  const lookUps = vi.spyOn(AsyncLocalStorageProviderSingleton, "getRunnableConfig");
  block();
  // A hook would look up whose each promise is.
  await looked();
  expect(lookUps).not.toHaveBeenCalled();
  expect(logger.lines.map(({ message }) => message)).toEqual(["run started", "run ended"]);
});
