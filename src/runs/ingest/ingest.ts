import type { RunnableConfig } from "@langchain/core/runnables";
import type { EventOrigin, Interrupt } from "../../events/run-event.ts";
import type { JsonValue } from "../../json.ts";
import type { Graph } from "../../workflows/graph.ts";
import type { NodeSpans } from "./node-spans.ts";
import type { TaskWrites } from "./task-writes.ts";

/** What a graph says while it runs, as LangGraph gives it; {@link EventBody} is made from it. */
export type GraphChunk =
  | { readonly kind: "written"; readonly payload: unknown }
  | { readonly kind: "state"; readonly changes: unknown }
  | { readonly kind: "message"; readonly messageId: string; readonly message: unknown }
  | {
      readonly kind: "node";
      readonly phase: "started" | "finished" | "failed";
      readonly durationMs?: number;
      readonly error?: unknown;
    };

/** One execution of a graph. */
export interface IngestRequest {
  readonly graph: Graph;
  /** What `graph.stream` takes: an input, a `Command`, or `null` to go on from a checkpoint. */
  readonly input: unknown;
  /** Everything else that is passed to the graph: `configurable`, `recursionLimit`, … */
  readonly config: RunnableConfig;
  /** What the graph's saver is given; absent when it has none. */
  readonly taskWrites?: TaskWrites | undefined;
  readonly signal: AbortSignal;
  /** Told of nodes that start and end, where `observe` is set; absent where nothing is traced. */
  readonly spans?: NodeSpans | undefined;
  /**
   * Whether to report starts and ends of nodes and the messages of chat models. Costs an awaited
   * callback handler, which, as tracing does, moves nodes that race within one microtask.
   */
  readonly observe: boolean;
  /**
   * Called in order, synchronously, at the moment when the graph says it: the caller must copy what
   * it keeps, since nodes go on with their objects. Must not throw.
   */
  readonly onChunk: (chunk: GraphChunk, origin: EventOrigin) => void;
}

/** How an execution ended, unless it threw. */
export interface IngestOutcome {
  /** The graph's output, as `invoke` would return it; its state so far, if it is interrupted. */
  readonly output: JsonValue;
  /** Those that wait for an answer; none when the graph ran to its end. */
  readonly interrupts: readonly Interrupt[];
  /** Whether the graph stopped at an interrupt: a static breakpoint stops without a question. */
  readonly isInterrupted: boolean;
}

/** Drives a graph to its end. Rejects with what the graph throws, or the signal's reason. */
export type Ingest = (request: IngestRequest) => Promise<IngestOutcome>;
