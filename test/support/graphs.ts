import { END, START, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";

const State = z.object({
  count: z.number().int().min(0).default(0),
  done: z.boolean().default(false),
});

export interface WorkState {
  /** From the input. */
  readonly count: number;
}

/** What a node is given, with the writer for sure. */
export interface Work {
  readonly state: WorkState;
  readonly write: (payload: unknown) => void;
  readonly config: LangGraphRunnableConfig;
}

/** A graph of one node, `work`, that does what the test says and then sets `done`. */
export function graphOf(work: (work: Work) => void | Promise<void>) {
  return new StateGraph(State)
    .addNode("work", async (state, config) => {
      await work({ state, write: (payload) => config.writer?.(payload), config });
      return { done: true };
    })
    .addEdge(START, "work")
    .addEdge("work", END)
    .compile();
}

/** The demo's `report`, without its pauses. */
export const report = new StateGraph(
  z.object({ items: z.array(z.string()), results: z.array(z.string()).default([]) }),
)
  .addNode("work", ({ items }, config) => {
    for (const [index, item] of items.entries()) {
      const current = index + 1;
      const status = `Processing ${item}`;
      config.writer?.({ type: "progress", current, total: items.length, status });
    }
    config.writer?.({ type: "complete", message: "All items processed" });
    return { results: items.map((item) => item.toUpperCase()) };
  })
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();
