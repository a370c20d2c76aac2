import { setTimeout as sleep } from "node:timers/promises";
import { END, interrupt, START, StateGraph } from "@langchain/langgraph";
import { defineEvents } from "langgraph-graphql";
import { z } from "zod";

export const events = defineEvents({});

const Input = z.object({
  request: z.string().describe("What somebody wants to be allowed."),
});

const Output = z.object({
  draft: z.string().describe("What a person was asked to approve."),
  approved: z.boolean().describe("What the person answered."),
});

/** Drafts something, then waits for a person to approve it. */
export const graph = new StateGraph({
  state: Input.extend(Output.shape),
  input: Input,
  output: Output,
})
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
