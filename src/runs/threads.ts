import { v7 as uuidv7 } from "uuid";
import type { Access } from "../access/access.ts";
import type { Action } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { Backend } from "../backend.ts";
import { BadUserInputError, NotFoundError, ThreadBusyError } from "../errors.ts";
import type { Run } from "./run.ts";
import type { JsonObject } from "../json.ts";
import type { Workflow, Workflows } from "../workflows/workflow.ts";
import { fillPage, type PageEnd } from "./fill-page.ts";
import { refuseHostile } from "./hostile-json.ts";
import { checkId } from "./new-run.ts";
import { NOT_ENDED, openRuns } from "./open-runs.ts";
import type { Redactor } from "./redactor.ts";
import { threadExists, ThreadGraph } from "./thread-graph.ts";
import type { ThreadLocks } from "./thread-locks.ts";
import { saverOf, saversOf, workflowsOf } from "./thread-savers.ts";
import type { ThreadState } from "./thread-state.ts";
import type { ThreadPage } from "./run-store.ts";
import type { Thread } from "./thread.ts";

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
    return this.find(threadId, caller, "readThread");
  }

  /** The thread, if it is the caller's and all `actions` are allowed. Throws `NotFoundError`. */
  async find(threadId: string, caller: Caller, ...actions: readonly Action[]): Promise<Thread> {
    const { access } = this.#options;
    for (const action of actions) access.admitTo(action, caller);
    const thread = await this.theirs(threadId, caller);
    const { workflow } = thread;
    for (const action of actions) await access.check({ action, workflow, threadId }, caller);
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
   * left out: see {@link fillPage}. Throws `BadUserInputError` when `after` is no thread of the caller's:
   * its place in the list is not known.
   */
  async list(
    page: { readonly first: number; readonly after?: string | undefined },
    caller: Caller,
  ): Promise<ThreadPage & PageEnd> {
    const { access, backend } = this.#options;
    access.admitToList(caller);
    if (page.after !== undefined) await this.#checkPlace(page.after, caller);
    const { items: threads, ...end } = await fillPage({
      page,
      read: async (part) => {
        const found = await backend.runs.listThreads({ viewer: caller.owner }, part);
        return { items: found.threads, hasMore: found.hasMore };
      },
      isShown: ({ id: threadId, workflow }) =>
        access.allows({ action: "readThread", workflow, threadId }, caller),
    });
    return { threads, ...end };
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
    await this.find(threadId, caller, "updateThread", "readThread");
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
    const { access, locks, backend, clock } = this.#options;
    checkId("newThreadId", newThreadId);
    checkId("checkpointId", checkpointId);
    // What the new thread shows is the state of this one.
    const source = await this.find(threadId, caller, "forkThread", "readThread");
    const { workflow, viewer } = source;
    await access.check({ action: "readThread", workflow, threadId: newThreadId }, caller);
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
    await this.find(threadId, caller, "deleteThread");
    await locks.run(threadId, async () => {
      const thread = await this.theirs(threadId, caller);
      await this.checkIdle(threadId);
      // Last, so that the next thread of this name never finds checkpoints that a crash left behind.
      for (const saver of await saversOf(this.#options, thread)) await saver.deleteThread(threadId);
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
    let active: Run | undefined;
    for await (const run of openRuns(this.#options.backend.runs, { threadId })) active = run;
    return active;
  }

  /** Throws `ThreadBusyError` while a run of the thread has not ended. */
  async checkIdle(threadId: string): Promise<void> {
    const active = await this.activeRun(threadId);
    if (active) throw new ThreadBusyError(threadId, active.id);
  }

  /**
   * Throws `NotFoundError` where a run that starts there would go on from what is not known to be the
   * caller's: a checkpointer of the graph's own may keep threads that this service did not start. Where
   * nobody is identified they are everybody's, which is how they come to the service.
   */
  async checkMayStartOn(threadId: string, workflow: Workflow, caller: Caller): Promise<void> {
    const { backend } = this.#options;
    const { owner } = caller;
    if (owner === null) return;
    const graph = await ThreadGraph.open({ id: threadId, viewer: owner }, workflow, backend);
    if (!graph || graph.saver === backend.checkpointer) return;
    if (await backend.runs.getThread(threadId)) {
      const thread = await this.theirs(threadId, caller);
      for (const name of await workflowsOf(this.#options, thread)) {
        if (name === workflow.name || saverOf(this.#options, name) === graph.saver) return;
      }
    }
    if (await graph.isKept()) throw new NotFoundError("Thread", threadId);
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
}
