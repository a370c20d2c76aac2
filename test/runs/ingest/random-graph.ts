import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import type { JsonValue } from "../../../src/json.ts";
import type { LangGraph } from "./langgraph-versions.ts";
import {
  callingNode,
  failingNode,
  randomEntrypoint,
  RETRY_POLICY,
  scriptedNode,
  silentNode,
  updateBy,
  type Node,
} from "./random-node.ts";
import { randomScript, runScript, scriptedTool, write, type NodeConfig } from "./random-script.ts";
import { createRandom, type Random } from "./random.ts";

/** The parts of LangGraph that a random graph may use. */
export const FEATURES = [
  "branches",
  "join",
  "loop",
  "send",
  "command",
  "tool node",
  "subgraph",
  "child graph",
  "entrypoint",
  "retry",
  "no update",
] as const;

export type Feature = (typeof FEATURES)[number];

export interface CompiledGraph {
  stream(input: unknown, options: object): Promise<AsyncIterable<unknown>>;
  invoke(input: unknown, options?: object): Promise<JsonValue>;
}

export interface State {
  /** Who was here lately. */
  readonly trail: readonly string[];
  /** How often the end of each loop was passed. */
  readonly rounds: Readonly<Record<string, number>>;
}

/** Deeper than this, graphs have no graphs inside. */
const MAX_DEPTH = 2;

/** With so many nodes in all its graphs, a random graph is not extended further. */
const ENOUGH_NODES = 3;

/** LangGraph's builder without the types that know each node by its name. */
interface Builder {
  addNode(name: string, node: unknown, options?: object): unknown;
  addEdge(from: string | string[], to: string): unknown;
  addConditionalEdges(from: string, route: (state: State, config: NodeConfig) => unknown): unknown;
  compile(): CompiledGraph;
}

/** A stage of a graph that is being built, before it has nodes. */
interface Stage {
  readonly builder: Builder;
  /** The nodes that it comes after. */
  readonly from: readonly string[];
  /** What the names of its nodes start with. */
  readonly name: string;
  readonly depth: number;
}

/**
 * The graph of a seed: the same each time, and made anew. Its input is `{ trail: [] }`. With `fails`,
 * one of its nodes throws.
 */
export function randomGraph(
  seed: number,
  langGraph: LangGraph,
  { fails = false } = {},
): { readonly graph: CompiledGraph; readonly features: ReadonlySet<Feature> } {
  const drawn = new RandomGraph(createRandom(seed), langGraph, fails);
  return { graph: drawn.graph("", 0), features: drawn.features };
}

/** Draws while it builds: what the nodes do when they run is settled then. */
class RandomGraph {
  readonly features = new Set<Feature>();
  readonly #random: Random;
  readonly #langGraph: LangGraph;
  readonly #fails: boolean;
  #nodes = 0;

  constructor(random: Random, langGraph: LangGraph, fails: boolean) {
    this.#random = random;
    this.#langGraph = langGraph;
    this.#fails = fails;
  }

  /** One to three stages, one after the other; fewer inside other graphs. */
  graph(prefix: string, depth: number): CompiledGraph {
    const builder = this.#emptyGraph();
    let from: readonly string[] = [this.#langGraph.core.START];
    const stages = ["a", "b", "c"].slice(0, 1 + this.#random.int(3 - depth));
    for (const letter of stages) {
      if (letter !== "a" && this.#nodes >= ENOUGH_NODES) break;
      from = this.#addStage({ builder, from, name: prefix + letter, depth });
    }
    return builder.compile();
  }

  #emptyGraph(): Builder {
    const { Annotation, StateGraph } = this.#langGraph.core;
    const state = Annotation.Root({
      // Subgraphs return the whole trail: without a limit it doubles with each.
      trail: Annotation<string[]>({
        reducer: (left, right) => [...left, ...right].slice(-12),
        default: () => [],
      }),
      rounds: Annotation<Record<string, number>>({ reducer: greaterOfEach, default: () => ({}) }),
      messages: Annotation<BaseMessage[]>({
        reducer: (left, right) => [...left, ...right].slice(-4),
        default: () => [],
      }),
    });
    return new StateGraph(state) as unknown as Builder;
  }

  /** Returns the nodes that the next stage comes after. */
  #addStage(stage: Stage): readonly string[] {
    switch (this.#random.int(8)) {
      case 0:
        return this.#addLoop(stage);
      case 1:
      case 2:
        return this.#addSends(stage);
      case 3:
        return this.#addCommand(stage);
      case 4:
        return this.#addToolNode(stage);
      default:
        return this.#addBranches(stage);
    }
  }

  /** One to three nodes, each after any of those before, or after all of them. */
  #addBranches(stage: Stage): readonly string[] {
    const names = ["X", "Y", "Z"].slice(this.#random.int(3)).map((letter) => stage.name + letter);
    if (names.length > 1) this.features.add("branches");
    const isJoin = stage.from.length > 1 && this.#random.chance(0.7);
    for (const name of names) {
      if (isJoin) {
        this.features.add("join");
        this.#addNode({ ...stage, from: [] }, name);
        stage.builder.addEdge([...stage.from], name);
      } else {
        this.#addNode(stage, name);
      }
    }
    return names;
  }

  /** `head → tail`, from there back to the head, twice at most, and then on to `exit`. */
  #addLoop(stage: Stage): readonly string[] {
    this.features.add("loop");
    const [head, tail, exit] = [`${stage.name}Head`, `${stage.name}Tail`, `${stage.name}Exit`];
    const rounds = 1;
    const script = randomScript(this.#random);
    const { builder } = stage;
    this.#addNode(stage, head);
    builder.addNode(tail, async (state: State, config: NodeConfig) => {
      await runScript(tail, script, config);
      return { ...updateBy(tail, config), rounds: { [tail]: (state.rounds[tail] ?? 0) + 1 } };
    });
    builder.addEdge(head, tail);
    builder.addConditionalEdges(tail, (state, config) => {
      write(tail, 0, config);
      return (state.rounds[tail] ?? 0) <= rounds ? head : exit;
    });
    this.#addNode({ ...stage, from: [] }, exit);
    return [exit];
  }

  /** Several tasks of one node at the same time, each with its own script or its own subgraph. */
  #addSends(stage: Stage): readonly string[] {
    this.features.add("send");
    const { Send } = this.#langGraph.core;
    const [source, worker] = [`${stage.name}Source`, `${stage.name}Worker`];
    const scripts = this.#draw(2 + this.#random.int(2), () => randomScript(this.#random));
    const isSubgraph = this.#mayNest(stage.depth) && this.#random.chance(0.3);
    this.#addNode(stage, source);
    stage.builder.addNode(
      worker,
      isSubgraph ? this.#subgraph(worker, stage.depth) : scriptedNode(worker, scripts),
    );
    stage.builder.addConditionalEdges(source, () =>
      scripts.map((_, index) => new Send(worker, { trail: [String(index)] })),
    );
    return [worker];
  }

  /** A node that says itself where to go: to one of two others, or to both. */
  #addCommand(stage: Stage): readonly string[] {
    this.features.add("command");
    const { Command } = this.#langGraph.core;
    const source = `${stage.name}Source`;
    const targets = [`${stage.name}Left`, `${stage.name}Right`];
    const goto = targets.slice(this.#random.int(2));
    const script = randomScript(this.#random);
    const run: Node = async (_state, config) => {
      await runScript(source, script, config);
      return new Command({ update: { ...updateBy(source, config) }, goto });
    };
    stage.builder.addNode(source, run, { ends: targets });
    for (const before of stage.from) stage.builder.addEdge(before, source);
    for (const target of targets) this.#addNode({ ...stage, from: [] }, target);
    return targets;
  }

  #addToolNode(stage: Stage): readonly string[] {
    this.features.add("tool node");
    const { core, prebuilt } = this.#langGraph;
    const [source, node] = [`${stage.name}Source`, `${stage.name}Tools`];
    const tools = this.#draw(1 + this.#random.int(2), (index) =>
      scriptedTool(node, randomScript(this.#random), `tool${index}`),
    );
    const toolCalls = tools.map(({ name }) => ({ name, args: {}, id: node + name }));
    this.#addNode(stage, source);
    stage.builder.addNode(node, new prebuilt.ToolNode(tools));
    // By `Send`, since parallel branches may have the last message in the state.
    stage.builder.addConditionalEdges(source, () => [
      new core.Send(node, { messages: [new AIMessage({ content: "", tool_calls: toolCalls })] }),
    ]);
    return [node];
  }

  /** A node of any kind, with edges from those before. */
  #addNode({ builder, from, depth }: Stage, name: string): void {
    this.#nodes += 1;
    for (const before of from) builder.addEdge(before, name);
    if (this.#fails && this.#nodes === 2) {
      builder.addNode(name, failingNode(name, randomScript(this.#random), Infinity));
    } else {
      builder.addNode(name, ...this.#node(name, depth));
    }
  }

  #node(name: string, depth: number): readonly [node: unknown, options?: object] {
    const script = randomScript(this.#random);
    switch (this.#random.int(this.#mayNest(depth) ? 15 : 10)) {
      case 0:
        this.features.add("retry");
        return [failingNode(name, script, 1 + this.#random.int(2)), { retryPolicy: RETRY_POLICY }];
      case 1:
        this.features.add("no update");
        return [silentNode(name, script)];
      case 10:
        return [this.#subgraph(name, depth)];
      case 11:
      case 12:
        this.features.add("child graph");
        return [this.#callingNode(name, (index) => this.graph(`${name}${index}`, depth + 1))];
      case 13:
      case 14:
        this.features.add("entrypoint");
        return [this.#callingNode(name, (index) => this.#entrypoint(`${name}${index}`))];
      default:
        return [scriptedNode(name, [script])];
    }
  }

  #mayNest(depth: number): boolean {
    return depth < MAX_DEPTH && this.#nodes < ENOUGH_NODES;
  }

  #subgraph(name: string, depth: number): CompiledGraph {
    this.features.add("subgraph");
    return this.graph(name, depth + 1);
  }

  #callingNode(name: string, child: (index: number) => CompiledGraph): Node {
    const random = this.#random;
    return callingNode(
      name,
      [randomScript(random), randomScript(random)],
      this.#draw(random.chance(0.2) ? 2 : 1, child),
      random.chance(0.5),
    );
  }

  #entrypoint(name: string): CompiledGraph {
    const scripts = this.#draw(1 + this.#random.int(2), () => randomScript(this.#random));
    return randomEntrypoint(this.#langGraph, name, scripts);
  }

  #draw<T>(count: number, draw: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => draw(index));
  }
}

function greaterOfEach(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> {
  const merged: Record<string, number> = { ...left };
  for (const [key, value] of Object.entries(right)) merged[key] = Math.max(value, left[key] ?? 0);
  return merged;
}
