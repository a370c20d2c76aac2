import { setImmediate } from "node:timers/promises";
import type { Ingest } from "./ingest.ts";
import { originOfMetadata, type NodeMetadata } from "./origin.ts";
import { ValuesAndUpdates, type StreamChunk } from "./values-and-updates.ts";

/** What LangChain's chat models add to the metadata of what they say: `ls_model_type` is `chat`. */
interface MessageMetadata extends NodeMetadata {
  readonly ls_model_type?: string;
}

/** Reading a backlog of LangGraph's stream lets no timer and no socket through unless we yield. */
const CHUNKS_PER_TURN = 256;

/**
 * Ingest by LangGraph's public stream: for remote graphs, and for versions of LangGraph on which
 * the sink does not work. Custom events carry their namespace but not their node, and nodes are not
 * seen starting and ending.
 */
export const ingestByStream: Ingest = async (request) => {
  const { graph, input, config, signal, observe, onChunk } = request;
  const chunks = new ValuesAndUpdates(request, undefined, undefined);
  const stream = await graph.stream(input, {
    ...config,
    streamMode: ["updates", "values", "custom", ...(observe ? ["messages"] : [])],
    subgraphs: true,
    signal,
  });
  let count = 0;
  for await (const chunk of stream as AsyncIterable<StreamChunk>) {
    const [namespace, mode, payload] = chunk;
    if (mode === "custom") {
      onChunk(
        { kind: "written", payload },
        { node: null, taskId: null, step: null, namespace, nodeAttempt: null },
      );
    } else if (mode === "messages") {
      const [message, metadata] = payload as readonly [unknown, MessageMetadata | undefined];
      if (metadata && isAnswer(message, metadata)) {
        const messageId = message.id ?? "unknown";
        onChunk({ kind: "message", messageId, message }, originOfMetadata(metadata));
      }
    } else {
      chunks.add(chunk);
    }
    count += 1;
    if (count % CHUNKS_PER_TURN === 0) {
      await setImmediate();
      signal.throwIfAborted();
    }
  }
  signal.throwIfAborted();
  return chunks.outcome();
};

/**
 * Whether a chat model said it. The mode `messages` also has the messages that nodes return, among
 * them those of models with the tag `nostream`; they are in the updates already.
 */
function isAnswer(
  message: unknown,
  metadata: MessageMetadata,
): message is { readonly id?: string } {
  return typeof message === "object" && message !== null && metadata.ls_model_type !== undefined;
}
