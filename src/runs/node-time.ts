import { createHook } from "node:async_hooks";
import { GCProfiler } from "node:v8";
import type { RunnableConfig } from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { EventOrigin } from "../events/run-event.ts";
import { originOfConfig } from "./ingest/origin.ts";

/** A node of a run, and for how long its code ran. */
export interface NodeTimeSpent {
  readonly workflow: string;
  readonly runId: string;
  readonly origin: EventOrigin & { readonly node: string };
  readonly ms: number;
}

/** What was measured in a stretch of time. */
export interface TimeSpent {
  readonly nodes: readonly NodeTimeSpent[];
  /** How long V8 held everything up to collect garbage of the whole heap, in milliseconds. */
  readonly gcMs: number;
}

/**
 * Measures for how long each node's code runs. LangGraph keeps the node's config in the async
 * context, and async hooks tell whenever that may have changed; waiting is not running. While it is
 * open, each promise of the process costs some 0.2 µs more: open it only to find something out.
 */
export class NodeTime {
  readonly #spent = new Map<RunnableConfig, number>();
  /** Whose code has run since `#since`; `undefined` for anything that is no graph's. */
  #current: RunnableConfig | undefined;
  #since = performance.now();
  readonly #gc = new GCProfiler();
  readonly #hook = createHook({
    // The first piece of a node runs in its caller's job, but makes promises in a context of its own.
    init: () => this.#note(currentConfig()),
    before: () => this.#note(currentConfig()),
    after: () => this.#note(undefined),
  });
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Opens it or closes it, unless it is so already. */
  toggle(isOpen: boolean): void {
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    this.#current = undefined;
    this.#spent.clear();
    if (isOpen) {
      this.#hook.enable();
      this.#gc.start();
    } else {
      this.#hook.disable();
      this.#gc.stop();
    }
  }

  /** What was measured since it was opened or this was last called; only while it is open. */
  take(): TimeSpent {
    this.#charge();
    const nodes = [...this.#spent].flatMap(([config, ms]) => nodeOf(config, ms) ?? []);
    return { nodes, gcMs: this.forget() };
  }

  /** Begins anew; only while it is open. Returns the `gcMs` of before. */
  forget(): number {
    this.#since = performance.now();
    this.#spent.clear();
    const { statistics } = this.#gc.stop();
    this.#gc.start();
    const costs = statistics.map(({ gcType, cost }) => (gcType === "MarkSweepCompact" ? cost : 0));
    return costs.reduce((sum, cost) => sum + cost, 0) / 1000; // V8 counts in microseconds
  }

  #note(config: RunnableConfig | undefined): void {
    if (config === this.#current) return;
    this.#charge();
    this.#current = config;
  }

  #charge(): void {
    const now = performance.now();
    const config = this.#current;
    if (config) this.#spent.set(config, (this.#spent.get(config) ?? 0) + now - this.#since);
    this.#since = now;
  }
}

function currentConfig(): RunnableConfig | undefined {
  return AsyncLocalStorageProviderSingleton.getRunnableConfig();
}

/** `undefined` for what runs between nodes, and for a graph that is not run by an engine. */
function nodeOf(config: RunnableConfig, ms: number): NodeTimeSpent | undefined {
  const { run_id: runId, graph_id: workflow } = (config.configurable ?? {}) as Record<
    string,
    unknown
  >;
  const origin = originOfConfig(config);
  const { node } = origin;
  if (typeof runId !== "string" || typeof workflow !== "string" || node === null) return undefined;
  return { workflow, runId, origin: { ...origin, node }, ms };
}
