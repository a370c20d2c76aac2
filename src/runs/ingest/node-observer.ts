import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { Serialized } from "@langchain/core/load/serializable";
import type { LLMResult } from "@langchain/core/outputs";
import { isGraphInterrupt } from "@langchain/langgraph";
import type { EventOrigin } from "../../events/run-event.ts";
import type { IngestRequest } from "./ingest.ts";
import type { NodeSpans } from "./node-spans.ts";
import { originOfMetadata, type NodeMetadata } from "./origin.ts";

/** LangGraph's tags for models whose messages are not to be streamed (`nostream`), and for internals. */
const HIDDEN_TAGS = ["nostream", "langsmith:nostream", "langsmith:hidden"];

interface OpenNode {
  readonly origin: EventOrigin;
  readonly startedAt: number;
}

interface ClosedNode {
  readonly origin: EventOrigin;
  readonly durationMs: number;
}

interface FinishedNode {
  readonly origin: EventOrigin;
  readonly outputs: unknown;
}

interface OpenModel {
  readonly origin: EventOrigin;
  hasStreamed: boolean;
}

export interface NodeObserverOptions {
  /** In milliseconds. @default since the process began */
  readonly now?: (() => number) | undefined;
  /** Told of the same nodes. */
  readonly spans?: NodeSpans | undefined;
}

/**
 * Reports starts, ends and failures of nodes, each attempt of them, and what chat models say. A
 * LangChain callback handler: the public way, which reaches subgraphs and imperative calls.
 */
export class NodeObserver extends BaseCallbackHandler {
  override readonly name = "langgraph-graphql";
  /** Called in order, before the graph goes on. */
  override readonly awaitHandlers = true;
  /** Read by chat models: `invoke` streams if anybody listens to tokens. */
  readonly lc_prefer_streaming = true;
  override readonly ignoreAgent = true;
  override readonly ignoreRetriever = true;

  /** What a node threw last that takes no properties, such as text: LangGraph chokes on it. */
  lastSealed: { readonly error: unknown } | undefined;

  readonly #onChunk: IngestRequest["onChunk"];
  readonly #now: () => number;
  readonly #spans: NodeSpans | undefined;
  readonly #nodes = new Map<string, OpenNode>();
  readonly #models = new Map<string, OpenModel>();
  readonly #attempts = new Map<string, number>();
  readonly #openTasks = new Set<string>();
  readonly #finished = new Map<string, FinishedNode[]>();
  readonly #interrupts = new Map<string, string>();

  constructor(
    onChunk: IngestRequest["onChunk"],
    { now = () => performance.now(), spans }: NodeObserverOptions = {},
  ) {
    super();
    this.#onChunk = onChunk;
    this.#now = now;
    this.#spans = spans;
  }

  /**
   * The task whose update LangGraph is about to stream: of the tasks of that node that finished and
   * were not taken yet, the one with this id, or else, as far as that is not known, the one that
   * returned `changes`. Tasks that returned the same, and those that returned more than the graph's
   * state holds, are then taken in the order in which they finished.
   */
  takeFinished(
    node: string,
    namespace: readonly string[],
    changes: unknown,
    taskId: string | undefined,
  ): EventOrigin | undefined {
    const waiting = this.#finished.get(placeOf(node, namespace)) ?? [];
    const index = waiting.findIndex(({ origin, outputs }) =>
      taskId === undefined ? isUpdateOf(changes, outputs) : origin.taskId === taskId,
    );
    if (index === -1 && taskId !== undefined) return undefined;
    return waiting.splice(Math.max(index, 0), 1)[0]?.origin;
  }

  /** The node that put this question, in the innermost graph; `undefined` for one that is not known. */
  nodeOfInterrupt(id: string): string | undefined {
    return this.#interrupts.get(id);
  }

  override handleChainStart(
    _chain: Serialized,
    _inputs: unknown,
    runId: string,
    _parentRunId?: string,
    tags: string[] = [],
    metadata: NodeMetadata = {},
    _runType?: string,
    name?: string,
  ): void {
    // What runs inside a node carries its metadata too; the node itself has its name and comes first.
    if (name === undefined || name !== metadata.langgraph_node || isHidden(tags)) return;
    const origin = this.#withAttempt(originOfMetadata(metadata));
    if (!origin) return;
    this.#nodes.set(runId, { origin, startedAt: this.#now() });
    this.#spans?.start(runId, origin);
    this.#onChunk({ kind: "node", phase: "started" }, origin);
  }

  override handleChainEnd(outputs: unknown, runId: string): void {
    const open = this.#close(runId);
    if (!open) return;
    this.#spans?.end(runId);
    this.#finish(open, outputs);
  }

  override handleChainError(error: unknown, runId: string): void {
    const open = this.#close(runId);
    if (!open) return;
    this.#spans?.end(runId, isParentCommand(error) || isBubbleUp(error) ? undefined : error);
    if (isParentCommand(error)) return this.#finish(open, error.command);
    // An interrupt is thrown as well, and is no failure: the node will be run again.
    if (isBubbleUp(error)) return this.#noteInterrupts(error, open.origin.node);
    if (!Object.isExtensible(error)) this.lastSealed = { error };
    this.#onChunk(
      { kind: "node", phase: "failed", durationMs: open.durationMs, error },
      open.origin,
    );
  }

  override handleChatModelStart(
    _model: Serialized,
    _messages: unknown,
    runId: string,
    _parentRunId?: string,
    _extraParams?: unknown,
    tags: string[] = [],
    metadata: NodeMetadata = {},
  ): void {
    if (metadata.langgraph_node === undefined || tags.some((tag) => HIDDEN_TAGS.includes(tag)))
      return;
    const origin = originOfMetadata(metadata);
    const nodeAttempt = this.#attempts.get(origin.taskId ?? "") ?? null;
    this.#models.set(runId, { origin: { ...origin, nodeAttempt }, hasStreamed: false });
  }

  override handleLLMNewToken(
    token: string,
    _index: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: string[],
    fields?: { readonly chunk?: unknown },
  ): void {
    const model = this.#models.get(runId);
    if (!model) return;
    // Some models give the text alone.
    const message = messageOf(fields?.chunk) ?? { type: "ai", content: token };
    model.hasStreamed = true;
    this.#onChunk({ kind: "message", messageId: idOf(message, runId), message }, model.origin);
  }

  override handleLLMEnd(output: LLMResult, runId: string): void {
    const model = this.#models.get(runId);
    this.#models.delete(runId);
    const message = messageOf(output.generations[0]?.[0]);
    if (!model || model.hasStreamed || message === undefined) return;
    this.#onChunk({ kind: "message", messageId: idOf(message, runId), message }, model.origin);
  }

  override handleLLMError(_error: unknown, runId: string): void {
    this.#models.delete(runId);
  }

  /** A subgraph's interrupt is thrown by its node first, and then by each node that it is in. */
  #noteInterrupts(error: object, node: string | null): void {
    if (!isGraphInterrupt(error)) return;
    for (const { id } of error.interrupts) {
      if (node !== null && id !== undefined && !this.#interrupts.has(id)) {
        this.#interrupts.set(id, node);
      }
    }
  }

  #finish({ origin, durationMs }: ClosedNode, outputs: unknown): void {
    const place = placeOf(origin.node, origin.namespace);
    const waiting = this.#finished.get(place);
    if (waiting) waiting.push({ origin, outputs });
    else this.#finished.set(place, [{ origin, outputs }]);
    this.#onChunk({ kind: "node", phase: "finished", durationMs }, origin);
  }

  #close(runId: string): ClosedNode | undefined {
    const open = this.#nodes.get(runId);
    if (!open) return undefined;
    this.#nodes.delete(runId);
    if (open.origin.taskId !== null) this.#openTasks.delete(open.origin.taskId);
    return { origin: open.origin, durationMs: this.#now() - open.startedAt };
  }

  /**
   * Callbacks do not say which try it is, but each try of a task starts anew. `undefined` for
   * something of the node's name inside the node.
   */
  #withAttempt(origin: EventOrigin): EventOrigin | undefined {
    const { taskId } = origin;
    if (taskId === null) return origin;
    if (this.#openTasks.has(taskId)) return undefined;
    this.#openTasks.add(taskId);
    const nodeAttempt = (this.#attempts.get(taskId) ?? 0) + 1;
    this.#attempts.set(taskId, nodeAttempt);
    return { ...origin, nodeAttempt };
  }
}

function isHidden(tags: readonly string[]): boolean {
  return tags.includes("langsmith:hidden");
}

function placeOf(node: string | null, namespace: readonly string[]): string {
  return [...namespace, node].join("|");
}

/**
 * Whether a node that returned `outputs` made this update: LangGraph makes it anew of the same values,
 * a field for each channel, or takes it whole (functional API).
 */
function isUpdateOf(changes: unknown, outputs: unknown): boolean {
  if (typeof outputs !== "object" || outputs === null) return changes === outputs;
  // LangChain wraps what is no plain object; a `Command` has its part of the state in `update`.
  if ("output" in outputs && changes === outputs.output) return true;
  const returned: unknown = "update" in outputs ? outputs.update : outputs;
  if (typeof returned !== "object" || returned === null) return false;
  if (typeof changes !== "object" || changes === null) return false;
  const fields = Object.entries(changes);
  return (
    fields.length === Object.keys(returned).length &&
    fields.every(([key, value]) => Object.is(value, (returned as Record<string, unknown>)[key]))
  );
}

/** Thrown to go on in the parent graph, by the node that returned it and by the subgraph it is in. */
function isParentCommand(error: unknown): error is Error & { readonly command: unknown } {
  return error instanceof Error && error.name === "ParentCommand" && "command" in error;
}

/** LangGraph's own control flow: interrupts, commands to the parent graph, draining. */
function isBubbleUp(error: unknown): error is object {
  return typeof error === "object" && error !== null && "is_bubble_up" in error;
}

function messageOf(generation: unknown): unknown {
  return typeof generation === "object" && generation !== null && "message" in generation
    ? generation.message
    : undefined;
}

/** Pieces of one answer share an id; LangGraph makes one of the model's run when there is none. */
function idOf(message: unknown, runId: string): string {
  const hasId = typeof message === "object" && message !== null && "id" in message;
  return hasId && typeof message.id === "string" ? message.id : `run-${runId}`;
}
