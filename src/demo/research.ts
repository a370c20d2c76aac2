import { setTimeout as sleep } from "node:timers/promises";
import { AIMessageChunk } from "@langchain/core/messages";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { END, ReducedValue, Send, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { defineEvents } from "langgraph-graphql";
import { z } from "zod";

// An `id` becomes the name of a GraphQL type, the same wherever the schema is used.
const SourceKind = z
  .enum(["article", "book"])
  .meta({ id: "SourceKind", description: "What kind of source it is." });

type Source = z.infer<typeof Source>;
const Source = z
  .object({
    url: z.url().describe("Where it was found."),
    title: z.string(),
    kind: SourceKind,
  })
  .meta({ id: "Source", description: "Something that was read." });

export const events = defineEvents({
  citation: Source.extend({
    relevance: z.number().min(0).max(1).describe("From 0 to 1."),
    passage: z
      .object({
        page: z.int().min(1).max(10_000).describe("Its number in the source."),
        text: z.string(),
      })
      .describe("The words that are cited."),
  }).describe("A source that the research found."),
});

const Input = z.object({
  topics: z.array(z.string()).describe("What to look into."),
  depth: z.enum(["skim", "study"]).default("skim").describe("How closely to read."),
  sourcesPerTopic: z.int().min(1).max(5).default(3).describe("How many sources to read for each."),
});

const sources = new ReducedValue(z.array(Source).default([]), {
  inputSchema: z.array(Source),
  reducer: (all, more) => [...all, ...more],
});

/** Looks into one topic: a graph of its own, run once for each topic, all at the same time. */
const investigate = new StateGraph({
  state: new StateSchema({ topic: z.string(), count: z.int(), msPerSource: z.int(), sources }),
  output: new StateSchema({ sources }),
})
  .addNode("search", async ({ topic, count, msPerSource }, config) => {
    const emit = events.emitter(config);
    const found: Source[] = [];
    for (let part = 1; part <= count; part++) {
      await sleep(msPerSource + 40 * topic.length, undefined, { signal: config.signal });
      const source: Source = {
        url: `https://example.com/${encodeURIComponent(topic)}/${part}`,
        title: `${topic}, part ${part}`,
        kind: part % 2 === 1 ? "article" : "book",
      };
      const passage = { page: 7 * part, text: `Much is known about ${topic}.` };
      emit.citation({ ...source, relevance: 1 - part / 10, passage });
      emit.progress({ current: part, total: count, status: `Reading about ${topic}` });
      found.push(source);
    }
    return { sources: found };
  })
  .addEdge(START, "search")
  .addEdge("search", END)
  .compile();

const Output = z.object({
  summary: z.string().describe("What the sources say, in short."),
  sources: z.array(Source).describe("All that was read."),
});

/** Stands in for a chat model, so that the demo needs no key. */
class DemoModel extends FakeStreamingChatModel {
  // By itself it takes no time for the chunks that it is given.
  override async *_streamResponseChunks(
    ...args: Parameters<FakeStreamingChatModel["_streamResponseChunks"]>
  ): ReturnType<FakeStreamingChatModel["_streamResponseChunks"]> {
    for await (const chunk of super._streamResponseChunks(...args)) {
      await sleep(100, undefined, { signal: args[1].signal });
      yield chunk;
    }
  }
}

const model = new DemoModel({
  chunks: "All topics were looked into, and the sources agree on the essentials."
    .split(/(?<= )/)
    .map((word) => new AIMessageChunk(word)),
});

/** Looks into several topics in parallel, then has a model sum up what was found. */
export const graph = new StateGraph({
  state: new StateSchema({ ...Input.shape, sources, summary: Output.shape.summary }),
  input: Input,
  output: Output,
})
  .addNode("plan", (_state, config) => {
    events.emitter(config).progress({ current: 0, status: "Planning" });
    return {};
  })
  .addNode("investigate", investigate)
  .addNode("summarize", async ({ topics, sources: found }, config) => {
    const titles = found.map(({ title }) => title);
    const answer = await model.invoke(`Sum up: ${titles.join("; ")}`, config);
    events.emitter(config).complete({ message: `${topics.length} topics researched` });
    return { summary: answer.text };
  })
  .addEdge(START, "plan")
  .addConditionalEdges("plan", ({ topics, depth, sourcesPerTopic: count }) => {
    const msPerSource = depth === "skim" ? 300 : 900;
    return topics.map(
      (topic) => new Send("investigate", { topic, count, msPerSource, sources: [] }),
    );
  })
  .addEdge("investigate", "summarize")
  .addEdge("summarize", END)
  .compile();
