import { setTimeout as sleep } from "node:timers/promises";
import { END, interrupt, START, StateGraph } from "@langchain/langgraph";
import { defineEvents } from "langgraph-graphql";
import { z } from "zod";

export const events = defineEvents({});

const Input = z.object({
  request: z.string().describe("What somebody wants to be allowed."),
});

const Decision = z.object({
  approved: z.boolean().describe("Whether it may be done."),
  comment: z.string().optional().describe("Why, or on which condition."),
});

const Output = Decision.extend({
  draft: z.string().describe("What a person was asked to approve."),
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
  .addNode("approve", ({ draft }) =>
    interrupt<{ question: string; draft: string }, z.infer<typeof Decision>>(
      { question: "Is this all right?", draft },
      // LangGraph before 1.7 ignores it, and takes any answer.
      { responseSchema: Decision },
    ),
  )
  .addNode("announce", ({ approved, comment }, config) => {
    const decision = approved ? "Approved" : "Turned down";
    const message = comment === undefined ? decision : `${decision}: ${comment}`;
    events.emitter(config).complete({ message });
    return {};
  })
  .addEdge(START, "write")
  .addEdge("write", "approve")
  .addEdge("approve", "announce")
  .addEdge("announce", END)
  .compile();
