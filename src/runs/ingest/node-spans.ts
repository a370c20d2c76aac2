import type { Span } from "@opentelemetry/api";
import { RunnablePassthrough, type Runnable, type RunnableConfig } from "@langchain/core/runnables";
import type { EventOrigin } from "../../events/run-event.ts";
import { inSpan, noteError, startNode } from "../../tracing.ts";
import type { Graph } from "../../workflows/graph.ts";

/** What LangGraph's compiled graphs are made of, as far as it matters here. */
interface CompiledGraph extends Graph {
  nodes: Readonly<Record<string, CompiledNode>>;
  withConfig(config: object): CompiledGraph;
}

interface CompiledNode {
  readonly bound: Runnable;
}

/**
 * The spans of the nodes of one execution. They are begun and ended by what is seen of nodes from
 * outside; so that what a node does is in its span, its graph is to be one of {@link activeIn}.
 */
export class NodeSpans {
  /** By LangChain's id of the node's execution. */
  readonly #spans = new Map<string, Span>();
  readonly #workflow: string;
  readonly #runId: string;

  constructor(run: { readonly id: string; readonly workflow: string }) {
    this.#workflow = run.workflow;
    this.#runId = run.id;
  }

  start(id: string, { node, step, nodeAttempt }: EventOrigin): void {
    const span = startNode(node ?? "", {
      "langgraph.workflow": this.#workflow,
      "langgraph.run_id": this.#runId,
      "langgraph.node": node ?? "",
      ...(step !== null && { "langgraph.step": step }),
      ...(nodeAttempt !== null && { "langgraph.attempt": nodeAttempt }),
    });
    this.#spans.set(id, span);
  }

  /** `error` is what it threw, unless that is LangGraph's own control flow. */
  end(id: string, error?: unknown): void {
    const span = this.#spans.get(id);
    if (error !== undefined) noteError(span, error);
    span?.end();
    this.#spans.delete(id);
  }

  /** Of nodes that nobody waits for any more. */
  endAll(): void {
    for (const span of this.#spans.values()) span.end();
    this.#spans.clear();
  }

  /**
   * A copy of the graph whose nodes run with their spans active, those of its subgraphs too, as far as
   * these are nodes themselves. Graphs that are not LangGraph's compiled ones are returned as they are.
   */
  activeIn(graph: Graph): Graph {
    return isCompiled(graph) ? this.#copy(graph) : graph;
  }

  #copy(graph: CompiledGraph): CompiledGraph {
    const copy = graph.withConfig({});
    const nodes = Object.entries(graph.nodes).map(([name, node]) => [name, this.#wrap(node)]);
    copy.nodes = Object.fromEntries(nodes) as CompiledGraph["nodes"];
    return copy;
  }

  #wrap(node: CompiledNode): CompiledNode {
    const { bound } = node;
    // LangGraph tells by identity that a node does nothing but write.
    if (bound instanceof RunnablePassthrough) return node;
    const inner: unknown = isCompiled(bound) ? this.#copy(bound) : bound;
    const invoke = (input: unknown, config?: Partial<RunnableConfig>): unknown =>
      inSpan(this.#spanIn(config), () => (inner as Runnable).invoke(input, config));
    return Object.create(node, {
      bound: { value: Object.create(bound, { invoke: { value: invoke } }) as Runnable },
    }) as CompiledNode;
  }

  /** What is called inside a node has the node's execution as its parent. */
  #spanIn(config: Partial<RunnableConfig> | undefined): Span | undefined {
    const callbacks = config?.callbacks;
    if (!callbacks || !("getParentRunId" in callbacks)) return undefined;
    return this.#spans.get(callbacks.getParentRunId() ?? "");
  }
}

function isCompiled(graph: object): graph is CompiledGraph {
  return "nodes" in graph && "withConfig" in graph && "streamMode" in graph;
}
