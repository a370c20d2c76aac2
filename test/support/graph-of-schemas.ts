import { START } from "@langchain/langgraph";
import type { Graph } from "../../src/workflows/graph.ts";
import type { LangGraph } from "../runs/ingest/langgraph-versions.ts";

/** A graph, as far as the tests call it by themselves. */
export interface CallableGraph extends Graph {
  invoke(input: object, config: object): Promise<unknown>;
}

/** What a graph declares beside its state, and what it is compiled with. */
export interface GraphOptions {
  readonly input?: object;
  readonly output?: object;
  readonly context?: object;
  readonly checkpointer?: object;
}

/** What the node does. */
export type Node = (state: object, config: { readonly context?: object | undefined }) => object;

/** LangGraph's builder, whose own types follow the schemas: here any may come. */
interface Builder {
  addNode(name: string, node: Node): Builder;
  addEdge(from: string, to: string): Builder;
  compile(options: object): CallableGraph;
}

/** A graph of one node, of a state declared with schemas of whatever kind. */
export function graphOfSchemas(
  core: LangGraph["core"],
  state: object,
  { checkpointer, ...options }: GraphOptions = {},
  node: Node = () => ({}),
): CallableGraph {
  const StateGraph = core.StateGraph as unknown as new (state: object, options: object) => Builder;
  return new StateGraph(state, options)
    .addNode("only", node)
    .addEdge(START, "only")
    .compile({ checkpointer });
}
