import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Ingest } from "./ingest.ts";
import { NodeObserver } from "./node-observer.ts";
import { Origins } from "./origin.ts";
import { ValuesAndUpdates, type StreamChunk } from "./values-and-updates.ts";

/**
 * LangGraph's internal key for the stream of a parent graph, to which nested graphs add what they
 * stream. Given from outside it receives the chunks of every graph of the run, synchronously and
 * in LangGraph's own order. This file is the only one that knows of it; a contract test holds it
 * on the lowest and the newest supported version, and a start-up probe on the one that is installed.
 */
const STREAM_KEY = "__pregel_stream";

/**
 * Ingest of graphs that run in this process. Custom events come through a writer of our own, in
 * which LangGraph's async context tells the node, the step and the task; updates and interrupts
 * through the sink. Nothing is buffered between the graph and `onChunk`.
 */
export const ingestBySink: Ingest = async (request) => {
  const { input, config, signal, observe, onChunk, spans } = request;
  const graph = observe && spans ? spans.activeIn(request.graph) : request.graph;
  const observer = observe ? new NodeObserver(onChunk, { spans }) : undefined;
  const origins = new Origins();
  const chunks = new ValuesAndUpdates(request, observer, request.taskWrites);
  try {
    const stream = await graph.stream(input, {
      ...config,
      streamMode: [],
      subgraphs: true,
      signal,
      ...(observer && { callbacks: [observer] }),
      writer: (payload: unknown) => {
        const context = AsyncLocalStorageProviderSingleton.getRunnableConfig();
        onChunk({ kind: "written", payload }, origins.of(context));
      },
      configurable: {
        ...config.configurable,
        [STREAM_KEY]: {
          modes: new Set(["updates", "values"]),
          push(chunk: [...StreamChunk]) {
            chunks.add(chunk);
            // LangGraph keeps the chunks of the root graph to the end of the run, for nobody.
            if (chunk[0].length === 0) chunk[2] = undefined;
          },
        },
      },
    });
    for await (const _nothing of stream);
  } catch (error) {
    // `throw "text"` in a node: LangGraph fails to set a field on it and throws that failure.
    const isMangled = error instanceof TypeError && error.message.includes("pregelTaskId");
    throw isMangled && observer?.lastSealed ? observer.lastSealed.error : error;
  } finally {
    spans?.endAll();
  }
  return chunks.outcome();
};
