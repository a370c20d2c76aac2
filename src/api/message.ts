import type { JsonObject, JsonValue } from "../json.ts";
import type { Builder } from "./builder.ts";
import { blocksOf, roleOf, textOf, toolCallsOf, type MessageRole } from "./data/message.ts";
import type { Names } from "./names.ts";

/** `Message` and `MessageInput`: LangChain's messages, wherever a workflow's data has a list of them. */
export function implementMessage(builder: Builder, names: Names) {
  const role = builder.enumType(names.type("MessageRole"), {
    description: "Who speaks in a message, or what it is for.",
    values: {
      HUMAN: { value: "human", description: "The user." },
      AI: { value: "ai", description: "The model." },
      SYSTEM: { value: "system", description: "Who instructs the model." },
      TOOL: { value: "tool", description: "The result of a tool call." },
      REMOVE: { value: "remove", description: "No message: the one of this id is removed." },
    } as const satisfies Record<string, { value: MessageRole; description: string }>,
  });
  const toolCall = builder.objectRef<JsonObject>(names.type("MessageToolCall")).implement({
    description: "A tool that a model wants to be called.",
    fields: (t) => ({
      id: t.id({ nullable: true, resolve: ({ id }) => stringOrNull(id) }),
      name: t.string({ resolve: ({ name }) => stringOrNull(name) ?? "" }),
      args: t.field({ type: "JSON", resolve: ({ args }) => args ?? {} }),
    }),
  });
  const message = builder.objectRef<JsonObject>(names.type("Message")).implement({
    description: "A message of a conversation with a language model.",
    fields: (t) => ({
      id: t.id({
        nullable: true,
        description: "Null until the graph has given it one.",
        resolve: ({ id }) => stringOrNull(id),
      }),
      role: t.field({
        type: role,
        nullable: true,
        description: "Null for a kind that has no name here: see `raw`.",
        resolve: roleOf,
      }),
      text: t.string({ description: "The text of its text blocks.", resolve: textOf }),
      content: t.field({
        type: ["JSON"],
        description: "Its content blocks, as LangChain has them; a plain text is one of them.",
        resolve: blocksOf,
      }),
      name: t.string({
        nullable: true,
        description: "Who speaks, where there are several, or which tool.",
        resolve: ({ name }) => stringOrNull(name),
      }),
      toolCalls: t.field({
        type: [toolCall],
        description: "The tools that the model wants to be called.",
        resolve: toolCallsOf,
      }),
      toolCallId: t.id({
        nullable: true,
        description: "Which tool call it is the result of.",
        resolve: ({ tool_call_id: id }) => stringOrNull(id),
      }),
      raw: t.field({
        type: "JSON",
        description: "The whole message as LangChain has it: usage, metadata, reasoning.",
        resolve: (source) => source,
      }),
    }),
  });

  const toolCallInput = builder.inputType(names.type("MessageToolCallInput"), {
    description: "A tool call in a message of a model.",
    fields: (t) => ({
      id: t.id({ required: false }),
      name: t.string({ required: true }),
      args: t.field({ type: "JSON", required: true }),
    }),
  });
  const messageInput = builder.inputType(names.type("MessageInput"), {
    description: "A message of a conversation with a language model, given to a graph.",
    fields: (t) => ({
      role: t.field({ type: role, required: true, defaultValue: "human" }),
      text: t.string({ required: false, description: "What it says." }),
      content: t.field({
        type: ["JSON"],
        required: false,
        description: "Content blocks as LangChain has them, instead of `text`.",
      }),
      id: t.id({
        required: false,
        description: "Replaces the message of this id; the graph gives it one when absent.",
      }),
      name: t.string({ required: false, description: "Who speaks, where there are several." }),
      toolCalls: t.field({ type: [toolCallInput], required: false }),
      toolCallId: t.id({
        required: false,
        description: "Which tool call a `TOOL` message is the result of.",
      }),
      raw: t.field({
        type: "JSON",
        required: false,
        description: "The whole message as LangChain takes it, instead of all other fields.",
      }),
    }),
  });
  return { message, messageInput };
}

function stringOrNull(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}
