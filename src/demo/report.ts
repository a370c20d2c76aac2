import { setTimeout as sleep } from "node:timers/promises";
import { END, START, StateGraph } from "@langchain/langgraph";
import { defineEvents } from "langgraph-graphql";
import { z } from "zod";

const Input = z.object({
  items: z.array(z.string()).describe("What to work through."),
});

const Output = z.object({
  results: z.array(z.string()).describe("What became of the items, in their order."),
});

// `progress` and `complete` are built in; this workflow needs no more.
export const events = defineEvents({});

/** Works through a list, one item after the other, and says how far it has got. */
export const graph = new StateGraph({
  state: Input.extend(Output.shape),
  input: Input,
  output: Output,
})
  .addNode("work", async ({ items }, config) => {
    const emit = events.emitter(config);
    const results: string[] = [];
    for (const [index, item] of items.entries()) {
      emit.progress({ current: index + 1, total: items.length, status: `Processing ${item}` });
      await sleep(500, undefined, { signal: config.signal });
      results.push(item.toUpperCase());
    }
    emit.complete({ message: "All items processed" });
    return { results };
  })
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();
