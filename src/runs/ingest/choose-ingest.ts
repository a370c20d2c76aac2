import { StateGraph, START, Annotation } from "@langchain/langgraph";
import type { Logger } from "../../logger.ts";
import type { Graph } from "../../workflows/graph.ts";
import type { Ingest, IngestRequest } from "./ingest.ts";
import { ingestByRemote, isRemote } from "./remote.ts";
import { ingestBySink } from "./sink.ts";
import { ingestByStream } from "./stream.ts";

/** Whether the sink works with the installed LangGraph; found out once a process. */
let probe: Promise<boolean> | undefined;

/** The way to read `graph`: the sink where it works, LangGraph's public stream elsewhere. */
export function chooseIngest(graph: Graph, logger: Logger): Ingest {
  if (isRemote(graph)) return ingestByRemote;
  if (!runsHere(graph)) return ingestByStream;
  return async (request: IngestRequest) => {
    probe ??= probeSink(logger);
    return (await probe) ? ingestBySink(request) : ingestByStream(request);
  };
}

/** Something with a `stream` of its own, which LangGraph has not made, has no nodes. */
function runsHere(graph: Graph): boolean {
  return "nodes" in graph;
}

async function probeSink(logger: Logger): Promise<boolean> {
  const works = await isSinkWorking().catch(() => false);
  if (!works) {
    logger.warn(
      {},
      "this version of @langchain/langgraph is not known to langgraph-graphql: custom events will " +
        "not name their node, and nodes are not seen starting and ending; please report it",
    );
  }
  return works;
}

/** Runs a graph of one node and compares what comes with what must come. */
async function isSinkWorking(): Promise<boolean> {
  const State = Annotation.Root({ value: Annotation<number> });
  const graph = new StateGraph(State)
    .addNode("probe", (_state, config) => {
      config.writer?.("written");
      return { value: 1 };
    })
    .addEdge(START, "probe")
    .compile();
  const seen: unknown[] = [];
  const { output } = await ingestBySink({
    graph,
    input: { value: 0 },
    config: {},
    signal: new AbortController().signal,
    observe: false,
    onChunk: (chunk, { node }) => {
      if (chunk.kind === "written") seen.push([node, chunk.payload]);
      if (chunk.kind === "state") seen.push([node, chunk.changes]);
    },
  });
  const expected = [["probe", "written"], ["probe", { value: 1 }], { value: 1 }];
  return JSON.stringify([...seen, output]) === JSON.stringify(expected);
}
