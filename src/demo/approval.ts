import { setTimeout as sleep } from "node:timers/promises";
import { END, interrupt, START, StateGraph } from "@langchain/langgraph";
import { defineEvents } from "langgraph-graphql";
import { z } from "zod";

export const events = defineEvents({});

const State = z.object({
  request: z.string().describe("What somebody wants to be allowed."),
  draft: z.string().default(""),
  approved: z.boolean().default(false),
});

/** Drafts something, then waits for a person to approve it. */
export const graph = new StateGraph(State)
  .addNode("write", async ({ request }, config) => {
    const emit = events.emitter(config);
    emit.progress({ current: 0, total: 1, status: "Drafting" });
    await sleep(500, undefined, { signal: config.signal });
    emit.progress({ current: 1, total: 1, status: "Drafted" });
    return { draft: `Permission for: ${request}` };
  })
  .addNode("approve", ({ draft }) => {
    const approved = interrupt<{ question: string; draft: string }, boolean>({
      question: "Is this all right?",
      draft,
    });
    return { approved };
  })
  .addNode("announce", ({ approved }, config) => {
    events.emitter(config).complete({ message: approved ? "Approved" : "Turned down" });
    return {};
  })
  .addEdge(START, "write")
  .addEdge("write", "approve")
  .addEdge("approve", "announce")
  .addEdge("announce", END)
  .compile();
