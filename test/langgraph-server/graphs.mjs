import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { appendFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import {
  END,
  interrupt,
  MessagesValue,
  START,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import { z } from "zod";

/** Answers with three words, streamed one by one. */
class ThreeWords extends BaseChatModel {
  constructor() {
    super({});
  }
  _llmType() {
    return "three-words";
  }
  async _generate() {
    return { generations: [{ text: "one two three", message: new AIMessage("one two three") }] };
  }
  async *_streamResponseChunks(_messages, _options, run) {
    for (const word of ["one", " two", " three"]) {
      const message = new AIMessageChunk({ content: word, id: "answer" });
      const chunk = new ChatGenerationChunk({ text: word, message });
      yield chunk;
      await run?.handleLLMNewToken(word, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

const Topic = new StateSchema({
  topic: z.string(),
  words: z.array(z.string()).default([]),
  messages: MessagesValue,
});

const Tone = z.object({ tone: z.string().optional() });

const inner = new StateGraph(Topic)
  .addNode("look", (_state, config) => {
    config.writer?.({ type: "progress", current: 2, total: 2, status: "inside" });
    return {};
  })
  .addEdge(START, "look")
  .compile();

/** Writes what a graph can write. */
export const story = new StateGraph(Topic, Tone)
  .addNode("read", ({ topic }, config) => {
    config.writer?.({ type: "progress", current: 1, total: 2, status: `Reading about ${topic}` });
    config.writer?.({ type: "finding", page: 7 });
    config.writer?.("not even an object");
    config.writer?.({ type: "complete", message: config.context?.tone ?? "no tone" });
    return { words: ["read"] };
  })
  .addNode("inner", inner)
  .addNode("write", async (_state, config) => {
    const answer = await new ThreeWords().invoke("Go on", config);
    return { messages: [answer], words: ["read", "written"] };
  })
  .addEdge(START, "read")
  .addEdge("read", "inner")
  .addEdge("inner", "write")
  .addEdge("write", END)
  .compile();

/** Ends with less than it knows. */
export const brief = new StateGraph({
  state: Topic,
  output: new StateSchema({ words: z.array(z.string()).default([]) }),
})
  .addNode("sum", ({ topic }) => ({ words: [topic] }))
  .addEdge(START, "sum")
  .compile();

/** Fails in its second node. */
export const failing = new StateGraph(Topic)
  .addNode("try", (_state, config) => {
    config.writer?.({ type: "progress", current: 1 });
    return {};
  })
  .addNode("fail", () => {
    throw new RangeError("the well is dry");
  })
  .addEdge(START, "try")
  .addEdge("try", "fail")
  .compile();

/** Goes round in circles. */
export const endless = new StateGraph(Topic)
  .addNode("round", () => ({}))
  .addEdge(START, "round")
  .addEdge("round", "round")
  .compile();

/** Two nodes that ask at once. */
export const asking = new StateGraph(Topic)
  .addNode("first", () => void interrupt({ question: "one?" }))
  .addNode("second", () => void interrupt({ question: "two?" }))
  .addEdge(START, "first")
  .addEdge(START, "second")
  .compile();

/** Says in a file what became of it. */
export const slow = new StateGraph(Topic)
  .addNode("wait", async ({ topic: file }, config) => {
    config.writer?.({ type: "progress", current: 0 });
    const ended = setTimeout(30_000, "finished", { signal: config.signal });
    await appendFile(file, await ended.catch(() => "cancelled"));
    return {};
  })
  .addEdge(START, "wait")
  .compile();
