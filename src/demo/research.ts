import { setTimeout as sleep } from "node:timers/promises";
import { AIMessageChunk } from "@langchain/core/messages";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { END, ReducedValue, Send, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { defineEvents } from "langgraph-graphql";
import { z } from "zod";

export const events = defineEvents({
  citation: z
    .object({
      url: z.url().describe("Where it was found."),
      title: z.string(),
      relevance: z.number().min(0).max(1).describe("From 0 to 1."),
    })
    .describe("A source that the research found."),
});

const notes = new ReducedValue(z.array(z.string()).default([]), {
  inputSchema: z.array(z.string()),
  reducer: (all, more) => [...all, ...more],
});

const Topic = new StateSchema({ topic: z.string(), notes });

/** Looks into one topic: a graph of its own, run once for each topic, all at the same time. */
const investigate = new StateGraph(Topic)
  .addNode("search", async ({ topic }, config) => {
    const emit = events.emitter(config);
    const sources = 3;
    for (let found = 1; found <= sources; found++) {
      await sleep(300 + 40 * topic.length, undefined, { signal: config.signal });
      emit.citation({
        url: `https://example.com/${encodeURIComponent(topic)}/${found}`,
        title: `${topic}, part ${found}`,
        relevance: 1 - found / 10,
      });
      emit.progress({ current: found, total: sources, status: `Reading about ${topic}` });
    }
    return { notes: [`${topic}: ${sources} sources`] };
  })
  .addEdge(START, "search")
  .addEdge("search", END)
  .compile();

const Research = new StateSchema({
  topics: z.array(z.string()).describe("What to look into."),
  notes,
  summary: z.string().default(""),
});

// Stands in for a chat model, so that the demo needs no key.
const model = new FakeStreamingChatModel({
  chunks: "All topics were looked into, and the sources agree on the essentials."
    .split(/(?<= )/)
    .map((word) => new AIMessageChunk(word)),
  sleep: 100,
});

/** Looks into several topics in parallel, then has a model sum up what was found. */
export const graph = new StateGraph(Research)
  .addNode("plan", (_state, config) => {
    events.emitter(config).progress({ current: 0, status: "Planning" });
    return {};
  })
  .addNode("investigate", investigate)
  .addNode("summarize", async ({ notes: found }, config) => {
    const answer = await model.invoke(`Sum up: ${found.join("; ")}`, config);
    events.emitter(config).complete({ message: `${found.length} topics researched` });
    return { summary: answer.text };
  })
  .addEdge(START, "plan")
  .addConditionalEdges("plan", ({ topics }) =>
    topics.map((topic) => new Send("investigate", { topic, notes: [] })),
  )
  .addEdge("investigate", "summarize")
  .addEdge("summarize", END)
  .compile();
