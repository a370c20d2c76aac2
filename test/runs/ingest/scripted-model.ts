import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

/** An answer: text, or the name of a tool to call. */
export type Answer = string | { readonly tool: string };

/** A chat model that gives these answers, one after the other, and streams them word by word. */
export class ScriptedModel extends BaseChatModel {
  readonly #answers: Answer[];

  constructor(answers: readonly Answer[]) {
    super({});
    this.#answers = [...answers];
  }

  override _llmType(): string {
    return "scripted";
  }

  override bindTools(): this {
    return this;
  }

  override async _generate(): Promise<ChatResult> {
    const message = new AIMessage(messageOf(this.#nextAnswer()));
    return { generations: [{ text: message.text, message }] };
  }

  override async *_streamResponseChunks(
    _messages: readonly BaseMessage[],
    _options: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const answer = this.#nextAnswer();
    const pieces = typeof answer === "string" ? answer.split(/(?= )/) : [answer];
    for (const piece of pieces) {
      const message = new AIMessageChunk(messageOf(piece));
      const chunk = new ChatGenerationChunk({ text: message.text, message });
      yield chunk;
      await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, {
        chunk,
      });
    }
  }

  #nextAnswer(): Answer {
    return this.#answers.shift() ?? "nothing left to say";
  }
}

function messageOf(answer: Answer) {
  return typeof answer === "string"
    ? { content: answer }
    : { content: "", tool_calls: [{ name: answer.tool, args: {}, id: "call-1" }] };
}
