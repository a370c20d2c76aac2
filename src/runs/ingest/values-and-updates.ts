import { isCommand } from "@langchain/langgraph";
import type { EventOrigin, Interrupt } from "../../events/run-event.ts";
import { isJsonObject, toJson } from "../../json.ts";
import type { Graph } from "../../workflows/graph.ts";
import type { IngestOutcome, IngestRequest } from "./ingest.ts";
import type { NodeObserver } from "./node-observer.ts";
import type { TaskWrites } from "./task-writes.ts";

/** A chunk of LangGraph's stream with several modes and `subgraphs: true`. */
export type StreamChunk = readonly [namespace: readonly string[], mode: string, payload: unknown];

/** The key of `updates` and `values` under which interrupts stand. */
export const INTERRUPT = "__interrupt__";
const METADATA = "__metadata__";

/** LangGraph's `Interrupt`; those before 1.7 have no schema. */
interface RawInterrupt {
  readonly id?: unknown;
  readonly value?: unknown;
  readonly response_schema?: unknown;
}

/** Reads the chunks of the modes `updates` and `values`: state changes, interrupts and the output. */
export class ValuesAndUpdates {
  readonly #onChunk: IngestRequest["onChunk"];
  readonly #observer: NodeObserver | undefined;
  readonly #taskWrites: TaskWrites | undefined;
  readonly #isResumed: boolean;
  readonly #graph: Graph;
  readonly #interrupts = new Map<string, Interrupt>();
  #isInterrupted = false;
  #output: unknown;

  constructor(
    { onChunk, graph, input }: IngestRequest,
    observer: NodeObserver | undefined,
    taskWrites: TaskWrites | undefined,
  ) {
    this.#onChunk = onChunk;
    this.#graph = graph;
    this.#isResumed = input === null || isCommand(input);
    this.#observer = observer;
    this.#taskWrites = taskWrites;
  }

  add([namespace, mode, payload]: StreamChunk): void {
    if (mode === "updates") this.#addUpdates(namespace, payload);
    else if (mode === "values" && namespace.length === 0 && !hasInterrupts(payload)) {
      // Only the last one counts; it is copied at the end, once.
      this.#output = payload;
    }
  }

  outcome(): IngestOutcome {
    return {
      output: toJson(this.#isInterrupted ? this.#output : pickOutput(this.#graph, this.#output)),
      interrupts: [...this.#interrupts.values()],
      isInterrupted: this.#isInterrupted,
    };
  }

  /** `{ [node]: update }`, one chunk for each finished task. */
  #addUpdates(namespace: readonly string[], payload: unknown): void {
    if (typeof payload !== "object" || payload === null) return;
    const taskId = this.#taskWrites?.take();
    if (METADATA in payload && taskId === undefined && this.#isReplay()) return;
    for (const [node, changes] of Object.entries(payload) as [string, unknown][]) {
      if (node === INTERRUPT) this.#addInterrupts(namespace, changes);
      else if (node !== METADATA) {
        this.#onChunk({ kind: "state", changes }, this.#originOf(node, namespace, changes, taskId));
      }
    }
  }

  /** Whether an update that LangGraph marks as cached is one that was recorded when its task finished. */
  #isReplay(): boolean {
    // Without a saver to tell those from updates of LangGraph's node cache.
    return this.#taskWrites ? this.#taskWrites.takeReplay() : this.#isResumed;
  }

  #originOf(
    node: string,
    namespace: readonly string[],
    changes: unknown,
    taskId: string | undefined,
  ): EventOrigin {
    return (
      this.#observer?.takeFinished(node, namespace, changes, taskId) ?? {
        node,
        namespace,
        taskId: taskId ?? null,
        step: null,
        nodeAttempt: null,
      }
    );
  }

  /** One inside a subgraph comes twice, first from there and then from the root: the first counts. */
  #addInterrupts(namespace: readonly string[], payload: unknown): void {
    this.#isInterrupted = true;
    if (!Array.isArray(payload)) return;
    for (const { id, value, response_schema: schema } of payload as readonly RawInterrupt[]) {
      if (typeof id !== "string" || this.#interrupts.has(id)) continue;
      const node = this.#observer?.nodeOfInterrupt(id);
      const responseSchema = toJson(schema);
      this.#interrupts.set(id, {
        id,
        value: toJson(value),
        ...(isJsonObject(responseSchema) && { responseSchema }),
        ...(node !== undefined && { node }),
        namespace,
      });
    }
  }
}

/** Of the state, which the mode `values` has whole, what the graph declares as its output. */
function pickOutput(graph: Graph, state: unknown): unknown {
  const { outputChannels: keys } = graph as { readonly outputChannels?: unknown };
  if (!Array.isArray(keys) || typeof state !== "object" || state === null) return state;
  return Object.fromEntries(Object.entries(state).filter(([key]) => keys.includes(key)));
}

function hasInterrupts(payload: unknown): boolean {
  return typeof payload === "object" && payload !== null && INTERRUPT in payload;
}
