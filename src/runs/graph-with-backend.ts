import type { BaseCheckpointSaver, BaseStore } from "@langchain/langgraph";
import type { Backend } from "../backend.ts";
import type { Graph } from "../workflows/graph.ts";

/** What LangGraph's compiled graphs have and remote ones do not. */
interface CompiledGraph extends Graph {
  withConfig(config: object): CompiledGraph;
  checkpointer?: BaseCheckpointSaver | boolean | undefined;
  store?: BaseStore | undefined;
}

/** Where a graph keeps its checkpoints: in a saver of its own, in the backend's, or nowhere. */
export function checkpointerOf(graph: Graph, backend: Backend): BaseCheckpointSaver | undefined {
  if (!isCompiled(graph)) return undefined;
  if (graph.checkpointer === undefined) return backend.checkpointer;
  return typeof graph.checkpointer === "object" ? graph.checkpointer : undefined;
}

/**
 * A copy of the graph that keeps its checkpoints in `checkpointer` and what it remembers in the
 * backend's store, unless it brings a store. The graph itself may be in use elsewhere: it is never
 * assigned to. Graphs that are not LangGraph's compiled ones are returned as they are.
 */
export function withBackend(
  graph: Graph,
  checkpointer: BaseCheckpointSaver | undefined,
  backend: Backend,
): Graph {
  if (!isCompiled(graph)) return graph;
  const copy = graph.withConfig({});
  if (checkpointer) copy.checkpointer = checkpointer;
  copy.store ??= backend.store;
  return copy;
}

function isCompiled(graph: Graph): graph is CompiledGraph {
  return "nodes" in graph && "withConfig" in graph && typeof graph.withConfig === "function";
}
