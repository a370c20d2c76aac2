import {
  Annotation,
  entrypoint,
  interrupt,
  Send,
  START,
  StateGraph,
  task,
} from "@langchain/langgraph";
import type { Graph } from "../../../src/workflows/graph.ts";

/** Adds up what the nodes return: a write that is applied twice, or lost, is seen in it. */
const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});

/** A turn of the event loop, so that tasks overlap. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

type Config = { readonly writer?: ((chunk: unknown) => void) | undefined };

const node = (name: string) => async (_state: unknown, config: Config) => {
  config.writer?.({ type: "progress", current: 1, total: 2, status: name });
  await turn();
  config.writer?.({ type: "progress", current: 2, total: 2, status: name });
  return { log: [name] };
};

/** What is crashed, by name. */
export const SCENARIOS: Readonly<Record<string, () => Graph>> = {
  "a chain of nodes": () =>
    new StateGraph(State)
      .addNode("a", node("a"))
      .addNode("b", node("b"))
      .addNode("c", node("c"))
      .addEdge(START, "a")
      .addEdge("a", "b")
      .addEdge("b", "c")
      .compile(),

  "a fan-out": () =>
    new StateGraph(State)
      .addNode("map", async (state: { i: number }, config: Config) => {
        for (let i = 0; i < state.i; i++) await turn();
        return node(`map ${state.i}`)(state, config);
      })
      .addNode("join", node("join"))
      .addConditionalEdges(START, () => [0, 1, 2].map((i) => new Send("map", { i })))
      .addEdge("map", "join")
      .compile(),

  "a subgraph beside a node": () => {
    const sub = new StateGraph(State)
      .addNode("x", node("x"))
      .addNode("y", node("y"))
      .addEdge(START, "x")
      .addEdge("x", "y")
      .compile();
    return new StateGraph(State)
      .addNode("sub", async (_state: unknown, config: object) => {
        const { log } = await sub.invoke({ log: [] }, config);
        return { log };
      })
      .addNode("beside", node("beside"))
      .addNode("last", node("last"))
      .addEdge(START, "sub")
      .addEdge(START, "beside")
      .addEdge("sub", "last")
      .addEdge("beside", "last")
      .compile();
  },

  "questions, two at once and two of one node": () =>
    new StateGraph(State)
      .addNode("ask", () => {
        const first = String(interrupt("first"));
        const second = String(interrupt("second"));
        return { log: [`${first}, ${second}`] };
      })
      .addNode("also", () => ({ log: [String(interrupt("also"))] }))
      .addNode("beside", node("beside"))
      .addNode("last", node("last"))
      .addEdge(START, "ask")
      .addEdge(START, "also")
      .addEdge(START, "beside")
      .addEdge("ask", "last")
      .addEdge("also", "last")
      .addEdge("beside", "last")
      .compile(),

  "a function with tasks": () => {
    const work = task("work", async (i: number) => {
      await turn();
      return [`work ${i}`];
    });
    return entrypoint({ name: "all" }, async () => {
      const logs = await Promise.all([work(1), work(2)]);
      const answer = String(interrupt("go on"));
      return { log: [...logs.flat(), answer, ...(await work(3))] };
    });
  },
};
