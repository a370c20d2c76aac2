import { isJsonObject, type JsonObject, type JsonValue } from "../../json.ts";

/** The roles that LangChain's messages have in common, by what it calls their types. */
export const MESSAGE_ROLES = ["human", "ai", "system", "tool", "remove"] as const;

export type MessageRole = (typeof MESSAGE_ROLES)[number];

/** Other words that LangChain understands in a message that is given to a graph. */
const SYNONYMS: Readonly<Record<string, MessageRole>> = { user: "human", assistant: "ai" };

/**
 * A message as a graph's data has it, in the form `{ type, content, … }`. Nodes may also return what
 * LangChain coerces to messages (`"Hi"`, `["user", "Hi"]`, `{ role, content }`), or its serialised
 * form. `undefined` when it is none of these.
 */
export function readMessage(value: JsonValue): JsonObject | undefined {
  if (typeof value === "string") return { type: "human", content: value };
  if (Array.isArray(value)) {
    const [type, content] = value;
    return typeof type === "string" && content !== undefined
      ? { type: SYNONYMS[type] ?? type, content }
      : undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { lc, id: path, kwargs } = value;
  if (lc === 1 && isJsonObject(kwargs) && Array.isArray(path)) {
    const name = path.at(-1);
    return { ...kwargs, type: typeof name === "string" ? typeOfClass(name) : null };
  }
  const type = value["type"] ?? value["role"];
  if (typeof type !== "string") return undefined;
  return { ...value, type: SYNONYMS[type] ?? typeOfClass(type) };
}

/** The role of a message that {@link readMessage} made; `null` for other kinds. */
export function roleOf({ type }: JsonObject): MessageRole | null {
  return MESSAGE_ROLES.find((role) => role === type) ?? null;
}

/** The content as blocks: a text is one block. */
export function blocksOf({ content }: JsonObject): JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) return [];
  return content.map((block) => (isJsonObject(block) ? block : { type: "text", text: block }));
}

/** The text of all text blocks. */
export function textOf(message: JsonObject): string {
  return blocksOf(message)
    .map(({ type, text }) => (type === "text" && typeof text === "string" ? text : ""))
    .join("");
}

/** The calls of tools that a model asks for. */
export function toolCallsOf({ tool_calls: calls }: JsonObject): JsonObject[] {
  return Array.isArray(calls) ? calls.filter(isJsonObject) : [];
}

/** A message as a client gives it. */
export interface MessageInput {
  readonly role?: MessageRole | null | undefined;
  readonly text?: string | null | undefined;
  readonly content?: readonly JsonValue[] | null | undefined;
  readonly id?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly toolCalls?:
    | readonly {
        readonly id?: string | null | undefined;
        readonly name: string;
        readonly args: JsonValue;
      }[]
    | null
    | undefined;
  readonly toolCallId?: string | null | undefined;
  readonly raw?: JsonValue | undefined;
}

/** What is wrong with a message, which LangChain would find out when the run has started. */
export function problemOf(input: MessageInput): string | undefined {
  const { role, text, content, id, toolCalls, toolCallId, raw } = input;
  if (raw != null) {
    return readMessage(raw) ? undefined : "`raw` must be a message as LangChain takes it";
  }
  if (role === "remove") return id == null ? "A REMOVE message needs an `id`" : undefined;
  if (role === "tool" && toolCallId == null) return "A TOOL message needs a `toolCallId`";
  const isEmpty = text == null && !content && !toolCalls;
  return isEmpty ? "A message needs a `text` or `content`" : undefined;
}

/** The message that a graph is given. */
export function writeMessage(input: MessageInput): JsonValue {
  if (input.raw != null) return input.raw;
  return {
    type: input.role ?? "human",
    content: input.content ? [...input.content] : (input.text ?? ""),
    ...(input.id != null && { id: input.id }),
    ...(input.name != null && { name: input.name }),
    ...(input.toolCalls && {
      tool_calls: input.toolCalls.map(({ id, name, args }) => ({
        type: "tool_call",
        name,
        args,
        ...(id != null && { id }),
      })),
    }),
    ...(input.toolCallId != null && { tool_call_id: input.toolCallId }),
  };
}

/** `AIMessageChunk`, `HumanMessage` → `ai`, `human`. */
function typeOfClass(name: string): string {
  const [, role] = /^(\w+?)Message(?:Chunk)?$/.exec(name) ?? [];
  return role?.toLowerCase() ?? name;
}
