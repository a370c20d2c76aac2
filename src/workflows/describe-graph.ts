import type { Workflow } from "./workflow.ts";

/** The drawing of a workflow's graph, subgraphs included. */
export interface GraphDescription {
  readonly nodes: readonly { readonly id: string; readonly name: string }[];
  readonly edges: readonly {
    readonly source: string;
    readonly target: string;
    readonly isConditional: boolean;
  }[];
  /** Mermaid flowchart text. */
  readonly mermaid: string;
}

/** The part of LangGraph's drawable graph that is used. */
interface DrawableGraph {
  readonly nodes: Readonly<Record<string, { readonly id: string; name: string }>>;
  readonly edges: readonly {
    readonly source: string;
    readonly target: string;
    readonly conditional?: boolean;
  }[];
  drawMermaid(): string;
}

const descriptions = new WeakMap<object, Promise<GraphDescription>>();

/** Draws the graph; once, since a compiled graph does not change. */
export function describeGraph({ graph }: Workflow): Promise<GraphDescription> {
  let description = descriptions.get(graph);
  if (!description) {
    description = draw(graph);
    descriptions.set(graph, description);
    // A remote graph may be reachable next time.
    description.catch(() => descriptions.delete(graph));
  }
  return description;
}

async function draw(graph: object): Promise<GraphDescription> {
  if (!isDrawable(graph)) return { nodes: [], edges: [], mermaid: "" };
  const drawable = await graph.getGraphAsync({ xray: true });
  // A remote graph calls its start and its end nothing, and a subgraph by its class.
  for (const node of Object.values(drawable.nodes)) node.name = lastPartOf(node.id);
  return {
    nodes: Object.values(drawable.nodes).map(({ id, name }) => ({ id, name })),
    edges: drawable.edges.map(({ source, target, conditional }) => ({
      source,
      target,
      isConditional: conditional ?? false,
    })),
    mermaid: drawable.drawMermaid(),
  };
}

/** `inner:look` → `look`: the node itself, without the subgraphs that it is in. */
function lastPartOf(id: string): string {
  return id.slice(id.lastIndexOf(":") + 1);
}

function isDrawable(
  graph: object,
): graph is { getGraphAsync(options: { readonly xray: boolean }): Promise<DrawableGraph> } {
  return "getGraphAsync" in graph && typeof graph.getGraphAsync === "function";
}
