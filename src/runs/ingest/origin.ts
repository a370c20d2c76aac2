import type { RunnableConfig } from "@langchain/core/runnables";
import type { EventOrigin } from "../../events/run-event.ts";

/** What LangGraph adds to the config of nodes; absent in tools and conditional edges. */
interface NodeConfig extends RunnableConfig {
  readonly executionInfo?: { readonly taskId?: string; readonly nodeAttempt?: number };
}

/** LangGraph's part of the metadata that callbacks get. */
export interface NodeMetadata {
  readonly langgraph_node?: string;
  readonly langgraph_step?: number;
  readonly langgraph_checkpoint_ns?: string;
  readonly langgraph_path?: readonly unknown[];
}

/** Where code runs whose LangGraph config is `config`; `undefined` where the context was lost. */
export function originOfConfig(config: NodeConfig | undefined): EventOrigin {
  const metadata = (config?.metadata ?? {}) as NodeMetadata;
  const ns = config?.configurable?.["checkpoint_ns"] as unknown;
  const origin = originOf(typeof ns === "string" ? ns : "", metadata);
  const { taskId, nodeAttempt } = config?.executionInfo ?? {};
  return taskId === undefined && nodeAttempt === undefined
    ? origin
    : { ...origin, taskId: taskId ?? origin.taskId, nodeAttempt: nodeAttempt ?? null };
}

/** Remembers the newest origin: a node that writes a lot asks for the same one again and again. */
export class Origins {
  #config: NodeConfig | undefined;
  #executionInfo: NodeConfig["executionInfo"];
  #origin: EventOrigin | undefined;

  /** See {@link originOfConfig}. */
  of(config: NodeConfig | undefined): EventOrigin {
    // Of a config nothing changes but, when its node is tried again, this.
    const { executionInfo } = config ?? {};
    if (!this.#origin || config !== this.#config || executionInfo !== this.#executionInfo) {
      this.#config = config;
      this.#executionInfo = executionInfo;
      this.#origin = originOfConfig(config);
    }
    return this.#origin;
  }
}

/** The same from the metadata of a callback, which does not tell the attempt. */
export function originOfMetadata(metadata: NodeMetadata): EventOrigin {
  return originOf(metadata.langgraph_checkpoint_ns ?? "", metadata);
}

/** `checkpointNs` is `node:task` of each graph on the way down, joined by `|`. */
function originOf(checkpointNs: string, metadata: NodeMetadata): EventOrigin {
  const segments = checkpointNs === "" ? [] : checkpointNs.split("|");
  const task = segments.at(-1);
  return {
    node: metadata.langgraph_node ?? null,
    taskId: task?.slice(task.lastIndexOf(":") + 1) ?? null,
    step: metadata.langgraph_step ?? null,
    namespace: segments.slice(0, -taskSegments(metadata.langgraph_path)),
    nodeAttempt: null,
  };
}

/**
 * How many segments at the end are tasks and not graphs: the node's own and, in the functional API,
 * those of the tasks it was called from. LangGraph's `eventNamespace` (pregel/stream.ts, 1.7.3).
 */
function taskSegments(path: unknown): number {
  let count = 1;
  while (Array.isArray(path) && path[0] === "__pregel_push" && path.at(-1) === true) {
    count += 1;
    path = path[1];
  }
  return count;
}
