import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { v7 as uuidv7 } from "uuid";
import type { Access } from "../access/access.ts";
import type { Action } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { Backend } from "../backend.ts";
import { BadUserInputError, NotFoundError, ThreadBusyError } from "../errors.ts";
import type { RunStatus } from "../events/run-event.ts";
import type { Run } from "./run.ts";
import type { JsonObject } from "../json.ts";
import type { Workflows } from "../workflows/workflow.ts";
import { checkpointerOf } from "./graph-with-backend.ts";
import { fillPage } from "./fill-page.ts";
import { refuseHostile } from "./hostile-json.ts";
import { checkId } from "./new-run.ts";
import type { Redactor } from "./redactor.ts";
import { threadExists, ThreadGraph } from "./thread-graph.ts";
import type { ThreadLocks } from "./thread-locks.ts";
import type { ThreadState } from "./thread-state.ts";
import type { ThreadPage } from "./run-store.ts";
import type { Thread } from "./thread.ts";

/** How many runs of a thread are looked through at a time. */
const RUNS_PER_PAGE = 100;

export interface ThreadsOptions {
  readonly workflows: Workflows;
  readonly backend: Backend;
  readonly access: Access;
  readonly locks: ThreadLocks;
  readonly clock: () => Date;
  /** What leaves here goes through it. */
  readonly redactor: Redactor;
}

export interface UpdateRequest {
  readonly threadId: string;
  readonly caller: Caller;
  /** As a node would return them: they go through the state's reducers. */
  readonly values: JsonObject;
  /** The node that they are to come from, which decides what runs next. @default the one that ran last */
  readonly asNode?: string | undefined;
  /** The checkpoint to build on. @default the thread's newest */
  readonly checkpointId?: string | undefined;
}

export interface ForkRequest {
  readonly threadId: string;
  readonly caller: Caller;
  /** @default the thread's newest */
  readonly checkpointId?: string | undefined;
  /** The id of the new thread. Made up when absent. */
  readonly newThreadId?: string | undefined;
}

/** Runs in these keep their thread busy. */
export const NOT_ENDED: readonly RunStatus[] = ["queued", "running", "interrupted"];

/**
 * Shows threads and changes them. Their states are those of LangGraph's checkpoints, as the graph of
 * the thread's newest run reads them.
 */
export class Threads {
  readonly #options: ThreadsOptions;

  constructor(options: ThreadsOptions) {
    this.#options = options;
  }

  /** The thread, if it is the caller's to read. Throws `NotFoundError`. */
  async get(threadId: string, caller: Caller): Promise<Thread> {
    return this.find(threadId, "readThread", caller);
  }

  /** The thread, if it is the caller's and `action` allowed. Throws `NotFoundError`. */
  async find(threadId: string, action: Action, caller: Caller): Promise<Thread> {
    const { access } = this.#options;
    access.admitTo(action, caller);
    const thread = await this.theirs(threadId, caller);
    const { workflow } = thread;
    await access.check({ action, workflow, threadId }, caller);
    return thread;
  }

  /** The thread, if it is the caller's, whatever is to be done with it. Throws `NotFoundError`. */
  async theirs(threadId: string, caller: Caller): Promise<Thread> {
    checkId("threadId", threadId);
    const { access, backend } = this.#options;
    const thread = await backend.runs.getThread(threadId);
    if (!thread || !access.isTheirs(thread, caller)) throw new NotFoundError("Thread", threadId);
    return thread;
  }

  /**
   * The caller's threads, newest first; those after the thread `page.after`. What they may not read is
   * left out. Throws `BadUserInputError` when `after` is no thread of the caller's: its place in the
   * list is not known.
   */
  async list(
    page: { readonly first: number; readonly after?: string | undefined },
    caller: Caller,
  ): Promise<ThreadPage> {
    const { access, backend } = this.#options;
    access.admitToList(caller);
    if (page.after !== undefined) await this.#checkPlace(page.after, caller);
    const { items: threads, hasMore } = await fillPage({
      page,
      read: async (part) => {
        const found = await backend.runs.listThreads({ viewer: caller.owner }, part);
        return { items: found.threads, hasMore: found.hasMore };
      },
      isShown: ({ id: threadId, workflow }) =>
        access.allows({ action: "readThread", workflow, threadId }, caller),
    });
    return { threads, hasMore };
  }

  /**
   * The thread's state, or what it was at one of its checkpoints. `null` before there is any, and
   * where the graph keeps none here. Throws `NotFoundError` for an unknown checkpoint, and for a
   * workflow that is no longer served.
   */
  async state(thread: Thread, caller: Caller, checkpointId?: string): Promise<ThreadState | null> {
    checkId("checkpointId", checkpointId);
    const graph = await this.#open(thread);
    const state = graph ? await graph.state(checkpointId) : null;
    return state && this.#options.redactor.state(state, thread.workflow, caller);
  }

  /** Its states, newest first; those before the checkpoint `page.before`. Throws `NotFoundError`. */
  async history(
    thread: Thread,
    caller: Caller,
    page: { readonly first: number; readonly before?: string | undefined },
  ): Promise<{ readonly states: readonly ThreadState[]; readonly hasMore: boolean }> {
    checkId("before", page.before);
    const graph = await this.#open(thread);
    if (!graph) return { states: [], hasMore: false };
    const { states, hasMore } = await graph.history(page);
    const { redactor } = this.#options;
    return {
      states: states.map((state) => redactor.state(state, thread.workflow, caller)),
      hasMore,
    };
  }

  /**
   * Changes the thread's state; resolves with the new one. Throws `BadUserInputError`,
   * `NotFoundError`, and `ThreadBusyError` while a run of the thread has not ended.
   */
  async update(
    request: UpdateRequest,
  ): Promise<{ readonly thread: Thread; readonly state: ThreadState }> {
    const { threadId, caller, values, checkpointId } = request;
    const { locks, backend, redactor } = this.#options;
    checkId("checkpointId", checkpointId);
    refuseHostile(values, ["values"]);
    await this.find(threadId, "updateThread", caller);
    return locks.run(threadId, async () => {
      const thread = await this.theirs(threadId, caller);
      await this.checkIdle(threadId);
      const graph = await this.openWithCheckpoints(thread);
      if (checkpointId !== undefined) await graph.checkpoint(checkpointId);
      await graph.update(values, request);
      await backend.pruneCheckpoints(threadId, backend.retention.checkpoints);
      const state = await graph.state(undefined);
      // The update has made one.
      if (!state) throw new NotFoundError("Thread", threadId);
      return { thread, state: redactor.state(state, thread.workflow, caller) };
    });
  }

  /**
   * Makes a new thread whose state is the one that this thread has, or had at one of its
   * checkpoints. It may be busy meanwhile. Throws `NotFoundError`, and `BadUserInputError` when
   * there is nothing to copy or the new id is taken.
   */
  async fork(request: ForkRequest): Promise<Thread> {
    const { threadId, caller, checkpointId, newThreadId = uuidv7() } = request;
    const { locks, backend, clock } = this.#options;
    checkId("newThreadId", newThreadId);
    checkId("checkpointId", checkpointId);
    const source = await this.find(threadId, "forkThread", caller);
    const { workflow, viewer } = source;
    const checkpoint = await (await this.openWithCheckpoints(source)).checkpoint(checkpointId);
    return locks.run(newThreadId, async () => {
      const now = clock();
      const times = { createdAt: now, updatedAt: now };
      const thread: Thread = { id: newThreadId, viewer, workflow, isNamed: true, ...times };
      // From here on it is nobody else's: what is copied replaces no other thread's state.
      if (!(await backend.runs.createThread(thread))) throw threadExists(newThreadId);
      try {
        await (await this.openWithCheckpoints(thread)).begin(checkpoint);
      } catch (error) {
        await backend.runs.deleteThread(newThreadId);
        throw error;
      }
      return thread;
    });
  }

  /**
   * Forgets the thread with its runs, their events and its checkpoints. Throws `NotFoundError`, and
   * `ThreadBusyError` while a run of the thread has not ended.
   */
  async delete(threadId: string, caller: Caller): Promise<void> {
    const { locks, backend } = this.#options;
    await this.find(threadId, "deleteThread", caller);
    await locks.run(threadId, async () => {
      const thread = await this.theirs(threadId, caller);
      await this.checkIdle(threadId);
      // Last, so that the next thread of this name never finds checkpoints that a crash left behind.
      for (const saver of await this.#saversOf(thread)) await saver.deleteThread(threadId);
      await backend.runs.deleteThread(threadId);
    });
  }

  /** Throws `BadUserInputError` where the graph keeps no checkpoints here, and `NotFoundError`. */
  async openWithCheckpoints(thread: Thread): Promise<ThreadGraph> {
    const graph = await this.#open(thread);
    if (graph) return graph;
    throw new BadUserInputError(
      `Workflow ${JSON.stringify(thread.workflow)} keeps no checkpoints here: ` +
        "its graph is a remote one, or was compiled with checkpointer: false",
    );
  }

  /** Whether one of its runs has not ended. */
  async isBusy(threadId: string): Promise<boolean> {
    const filter = { threadId, statuses: NOT_ENDED };
    const { runs } = await this.#options.backend.runs.list(filter, { first: 1 });
    return runs.length > 0;
  }

  /**
   * The run that the thread is busy with, as it is stored: of those that have not ended, the one that
   * came first. Nothing to show to anybody.
   */
  async activeRun(threadId: string): Promise<Run | undefined> {
    const { backend } = this.#options;
    let active: Run | undefined;
    for (let hasMore = true; hasMore;) {
      const page = { first: RUNS_PER_PAGE, after: active?.id };
      const found = await backend.runs.list({ threadId, statuses: NOT_ENDED }, page);
      active = found.runs.at(-1) ?? active;
      ({ hasMore } = found);
    }
    return active;
  }

  /** Throws `ThreadBusyError` while a run of the thread has not ended. */
  async checkIdle(threadId: string): Promise<void> {
    const active = await this.activeRun(threadId);
    if (active) throw new ThreadBusyError(threadId, active.id);
  }

  async #open(thread: Thread): Promise<ThreadGraph | undefined> {
    const { workflows, backend } = this.#options;
    const workflow = workflows.get(thread.workflow);
    if (!workflow) throw new NotFoundError("Workflow", thread.workflow);
    return ThreadGraph.open(thread, workflow, backend);
  }

  async #checkPlace(threadId: string, { owner }: Caller): Promise<void> {
    checkId("after", threadId);
    const thread = await this.#options.backend.runs.getThread(threadId);
    if (thread?.viewer === owner) return;
    throw new BadUserInputError("after is not the endCursor of a page: begin again without it", [
      { path: ["after"], message: "No thread that is still kept" },
    ]);
  }

  /** Those of all workflows that ran on the thread, as far as is known. */
  async #saversOf({ id, workflow }: Thread): Promise<ReadonlySet<BaseCheckpointSaver>> {
    const { workflows, backend } = this.#options;
    const names = new Set([workflow]);
    for (const name of workflows.keys()) {
      const { runs } = await backend.runs.list({ threadId: id, workflow: name }, { first: 1 });
      if (runs.length > 0) names.add(name);
    }
    const savers = [...names].map((name) => saverOf(workflows, backend, name));
    return new Set(savers.filter((saver) => saver !== undefined));
  }
}

/** Where runs of a workflow leave their checkpoints; the backend's, for one that is no longer served. */
export function saverOf(
  workflows: Workflows,
  backend: Backend,
  name: string,
): BaseCheckpointSaver | undefined {
  const workflow = workflows.get(name);
  return workflow ? checkpointerOf(workflow.graph, backend) : backend.checkpointer;
}
