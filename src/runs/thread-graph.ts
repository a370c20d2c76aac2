import type { RunnableConfig } from "@langchain/core/runnables";
import type { BaseCheckpointSaver, CheckpointTuple, StateSnapshot } from "@langchain/langgraph";
import type { Backend } from "../backend.ts";
import { BadUserInputError, NotFoundError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { toGraphInput } from "../workflows/graph-input.ts";
import type { Graph } from "../workflows/graph.ts";
import { graphOf, type Workflow } from "../workflows/workflow.ts";
import { authUserOf } from "./auth-user.ts";
import { checkpointerOf, withBackend } from "./graph-with-backend.ts";
import { invalidUpdate } from "./invalid-update.ts";
import type { Thread } from "./thread.ts";
import { toThreadState, type ThreadState } from "./thread-state.ts";

/** What LangGraph's compiled graphs tell of their threads. */
interface StatefulGraph extends Graph {
  readonly nodes: object;
  readonly channels: object;
  /** The keys of the state; a single one in the functional API. */
  readonly streamChannelsAsIs: unknown;
  getState(config: object): Promise<StateSnapshot>;
  getStateHistory(config: object, options: object): AsyncIterable<StateSnapshot>;
  updateState(config: object, values: unknown, asNode?: string): Promise<unknown>;
}

/** A thread as the graph of a workflow sees it, with the saver that keeps its checkpoints. */
export class ThreadGraph {
  readonly #threadId: string;
  readonly #workflow: Workflow;
  readonly #graph: StatefulGraph;
  /** What keeps its checkpoints. */
  readonly saver: BaseCheckpointSaver;

  private constructor(
    threadId: string,
    workflow: Workflow,
    graph: StatefulGraph,
    saver: BaseCheckpointSaver,
  ) {
    this.#threadId = threadId;
    this.#workflow = workflow;
    this.#graph = graph;
    this.saver = saver;
  }

  /** `undefined` where the graph keeps no checkpoints here: a remote one, or one that wants none. */
  static async open(
    { id: threadId, viewer }: Pick<Thread, "id" | "viewer">,
    workflow: Workflow,
    backend: Backend,
  ): Promise<ThreadGraph | undefined> {
    const configurable = {
      thread_id: threadId,
      graph_id: workflow.name,
      assistant_id: workflow.name,
      ...authUserOf(viewer),
    };
    const graph = await graphOf(workflow, { ...workflow.config, configurable });
    const saver = checkpointerOf(graph, backend);
    if (!saver) return undefined;
    // Only LangGraph's compiled graphs have a saver.
    const stateful = withBackend(graph, saver, backend) as StatefulGraph;
    return new ThreadGraph(threadId, workflow, stateful, saver);
  }

  /** The newest state, or that of a checkpoint; `null` if there is none. Throws `NotFoundError`. */
  async state(checkpointId: string | undefined): Promise<ThreadState | null> {
    const snapshot = await this.#graph.getState(this.#configOf(checkpointId));
    // LangGraph makes an empty state of none.
    if (snapshot.createdAt !== undefined) return toThreadState(snapshot);
    if (checkpointId !== undefined) throw new NotFoundError("Checkpoint", checkpointId);
    return null;
  }

  /** Whether there is a checkpoint of it. */
  async isKept(): Promise<boolean> {
    return (await this.saver.getTuple(this.#configOf(undefined))) !== undefined;
  }

  /** Newest first. */
  async history(page: {
    readonly first: number;
    readonly before?: string | undefined;
  }): Promise<{ readonly states: readonly ThreadState[]; readonly hasMore: boolean }> {
    const { first, before } = page;
    const states: ThreadState[] = [];
    const snapshots = this.#graph.getStateHistory(this.#configOf(undefined), {
      limit: first + 1,
      ...(before !== undefined && { before: this.#configOf(before) }),
    });
    for await (const snapshot of snapshots) states.push(toThreadState(snapshot));
    return { states: states.slice(0, first), hasMore: states.length > first };
  }

  /** Adds a checkpoint, as if a node had returned `values`. Throws `BadUserInputError`. */
  async update(
    values: JsonObject,
    {
      asNode,
      checkpointId,
    }: { readonly asNode?: string | undefined; readonly checkpointId?: string | undefined },
  ): Promise<void> {
    this.#checkKeys(values);
    this.#checkNode(asNode);
    const update = toGraphInput(this.#workflow.schemas.state, values);
    try {
      await this.#graph.updateState(this.#configOf(checkpointId), update, asNode);
    } catch (error) {
      throw invalidUpdate(error) ?? error;
    }
  }

  /**
   * The newest checkpoint, or the one named. Throws `NotFoundError`, and `BadUserInputError` when
   * the thread has none yet.
   */
  async checkpoint(checkpointId: string | undefined): Promise<CheckpointTuple> {
    const tuple = await this.saver.getTuple(this.#configOf(checkpointId));
    if (tuple) return tuple;
    if (checkpointId !== undefined) throw new NotFoundError("Checkpoint", checkpointId);
    throw new BadUserInputError(`Thread ${JSON.stringify(this.#threadId)} has no state yet`);
  }

  /**
   * Makes a checkpoint of another thread the first of this one. What tasks had written beside it
   * stays behind: nothing comes along half done. Throws `BadUserInputError`.
   */
  async begin({ checkpoint, metadata }: CheckpointTuple): Promise<void> {
    // A saver of the graph's own may keep threads that this service knows nothing of.
    if (await this.isKept()) throw threadExists(this.#threadId);
    if (Object.values(this.#graph.channels).some(isDelta)) {
      throw new BadUserInputError(
        "The state has a DeltaChannel, of which a checkpoint holds no more than the last change",
      );
    }
    const step = metadata?.step ?? -1;
    const versions = checkpoint.channel_versions;
    const config = this.#configOf(undefined);
    await this.saver.put(config, checkpoint, { source: "fork", step, parents: {} }, versions);
  }

  #configOf(checkpointId: string | undefined): RunnableConfig {
    return {
      configurable: {
        thread_id: this.#threadId,
        checkpoint_ns: "",
        ...(checkpointId !== undefined && { checkpoint_id: checkpointId }),
      },
    };
  }

  /** LangGraph leaves out what it does not know, without a word. */
  #checkKeys(values: JsonObject): void {
    const keys = this.#graph.streamChannelsAsIs;
    if (!Array.isArray(keys)) return;
    const problems = Object.keys(values)
      .filter((key) => !keys.includes(key))
      .map((key) => ({
        path: ["values", key],
        message: `The state has no such key; it has ${keys.join(", ")}`,
      }));
    if (problems.length > 0) throw new BadUserInputError("The values are not valid", problems);
  }

  #checkNode(asNode: string | undefined): void {
    if (asNode === undefined || Object.hasOwn(this.#graph.nodes, asNode)) return;
    const nodes = Object.keys(this.#graph.nodes).join(", ");
    throw new BadUserInputError(`Node ${JSON.stringify(asNode)} does not exist`, [
      { path: ["asNode"], message: `There are ${nodes}` },
    ]);
  }
}

/** Of a new thread whose name is taken. */
export function threadExists(threadId: string): BadUserInputError {
  return new BadUserInputError(`Thread ${JSON.stringify(threadId)} exists already`, [
    { path: ["newThreadId"], message: "There is such a thread" },
  ]);
}

function isDelta(channel: unknown): boolean {
  return (channel as { readonly lc_graph_name?: unknown } | null)?.lc_graph_name === "DeltaChannel";
}
