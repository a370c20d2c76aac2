import { MemorySaver } from "@langchain/langgraph";
import { beforeEach, describe, expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import { defineWorkflow } from "../../src/index.ts";
import type { Engine } from "../../src/runs/engine.ts";
import { ANN, BOB } from "../support/callers.ts";
import { counter } from "../support/counter.ts";
import { ended, startEngine, startRun } from "../support/engine.ts";

/** A graph with a checkpointer of its own. */
function withOwn(saver: MemorySaver): typeof counter {
  const graph = counter.withConfig({});
  graph.checkpointer = saver;
  return graph;
}

let engine: Engine;

/** The checkpointer of `work`, `sibling` and `made` keeps the thread `existing`, which nobody started here. */
beforeEach(async () => {
  const saver = new MemorySaver();
  const graph = withOwn(saver);
  await graph.invoke({ add: 40 }, { configurable: { thread_id: "existing" } });
  ({ engine } = startEngine(graph, {
    workflows: {
      sibling: withOwn(saver),
      plain: counter,
      made: defineWorkflow({ graph: counter, makeGraph: () => withOwn(saver) }),
    },
  }));
});

const add = { input: { add: 2 } };

describe("a thread that only the graph's own checkpointer knows", () => {
  test.each([
    ["as a thread", { threadId: "existing" }],
    ["as a run, whose thread is called like it", { runId: "existing" }],
    ["to wait on", { threadId: "existing", whenBusy: "enqueue" as const }],
    ["of a graph that is made for each run", { threadId: "existing", workflow: "made" }],
  ])("is NOT_FOUND to a viewer who names it %s", async (_how, request) => {
    await expect(startRun(engine, { ...add, ...request, caller: ANN })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect((await engine.list({}, { first: 9 }, ANN)).runs).toEqual([]);
    await expect(engine.threads.get("existing", ANN)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("is so to a viewer who has taken its name for a thread of another workflow", async () => {
    const mine = { ...add, caller: ANN, threadId: "existing" };
    await ended(engine, await startRun(engine, { ...mine, workflow: "plain" }));
    await expect(startRun(engine, mine)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const again = await startRun(engine, { ...mine, workflow: "plain" });
    expect(await ended(engine, again)).toMatchObject({ output: { total: 4 } });
  });

  test("goes on where nobody is identified", async () => {
    const run = await startRun(engine, { ...add, caller: NOBODY, threadId: "existing" });
    expect(await ended(engine, run)).toMatchObject({ output: { total: 42 } });
  });
});

test("threads that were started here go on, whichever workflow of that checkpointer goes on with them", async () => {
  const on = { ...add, caller: ANN, threadId: "mine" };
  const totals = [];
  for (const workflow of ["work", "work", "sibling", "made", "made"]) {
    const { output } = await ended(engine, await startRun(engine, { ...on, workflow }));
    totals.push((output as { readonly total: number }).total);
  }
  expect(totals).toEqual([2, 4, 6, 8, 10]);
  await expect(startRun(engine, { ...on, caller: BOB })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});
