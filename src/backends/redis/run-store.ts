import { randomUUID } from "node:crypto";
import { NotFoundError, ThreadBusyError } from "../../errors.ts";
import type { RunEvent, RunStatus } from "../../events/run-event.ts";
import type { Run } from "../../runs/run.ts";
import type {
  ClaimRequest,
  CreatedRun,
  EndedFilter,
  LeaseState,
  OpenRuns,
  PageRequest,
  RenewRequest,
  RunFilter,
  RunPage,
  RunStore,
  ThreadPage,
  ViewerFilter,
} from "../../runs/run-store.ts";
import type { Thread } from "../../runs/thread.ts";
import { threadOf } from "../thread-of.ts";
import { Claims, type ClaimsOptions } from "./claims.ts";
import type { RedisConnection } from "./connection.ts";
import type { Fences } from "./fences.ts";
import type { Heads } from "./heads.ts";
import type { LeaseClock } from "./lease-clock.ts";
import { listRuns, listThreads } from "./lists.ts";
import {
  readRun,
  readRuns,
  readThread,
  runFields,
  threadFields,
  viewerText,
} from "./run-fields.ts";
import { HASH } from "./scripts/hash.ts";
import { CANCEL, CREATE, DELETE, ENDED } from "./scripts/runs.ts";
import { CREATE_THREAD, DELETE_THREAD } from "./scripts/threads.ts";

/** So many runs are forgotten before Redis serves others. */
const DELETED_AT_ONCE = 100;

/** The run records, threads and the queue, in the keys that `scripts/library.ts` lists. */
export class RedisRunStore implements RunStore {
  readonly #connection: RedisConnection;
  readonly #heads: Heads;
  readonly #clock: LeaseClock;
  readonly #fences: Fences | undefined;
  readonly #claims: Claims;

  constructor(options: ClaimsOptions) {
    this.#connection = options.connection;
    this.#heads = options.heads;
    this.#clock = options.clock;
    this.#fences = options.fences;
    this.#claims = new Claims(options);
  }

  async create(
    run: Run,
    first: RunEvent,
    { mayWait = false }: { readonly mayWait?: boolean | undefined } = {},
  ): Promise<CreatedRun> {
    const stored = { ...run, lastSeq: first.seq };
    const fields = runFields(stored);
    const answer = await this.#connection.run(
      CREATE,
      randomUUID(),
      mayWait ? 1 : 0,
      this.#clock.argument(),
      run.id,
      run.threadId,
      viewerText(run.viewer),
      run.createdAt.getTime(),
      first.seq,
      JSON.stringify(first),
      fields.length,
      ...fields,
      ...threadFields(threadOf(run, undefined)),
    );
    const [outcome, ...rest] = answer as [string, ...string[]];
    const existing = outcome === "exists" ? readRun(rest) : undefined;
    if (existing) return { run: existing, isNew: false };
    if (outcome === "foreign") throw new NotFoundError("Thread", run.threadId);
    if (outcome === "busy") throw new ThreadBusyError(run.threadId, rest[0] ?? "");
    return { run: stored, isNew: true };
  }

  async get(runId: string): Promise<Run | undefined> {
    return readRun(await this.#hash(`run:${runId}`));
  }

  async list(filter: RunFilter, page: PageRequest): Promise<RunPage> {
    return listRuns(this.#connection, filter, page);
  }

  async ended({ before, hasEvents = false, limit }: EndedFilter): Promise<readonly Run[]> {
    if (limit <= 0) return [];
    const bound = before ? `(${before.getTime()}` : "+inf";
    const set = hasEvents ? "ended-events" : "ended";
    return readRuns(await this.#connection.run(ENDED, set, bound, limit));
  }

  async claim(request: ClaimRequest): Promise<readonly Run[]> {
    return this.#claims.claim(request);
  }

  async renew(request: RenewRequest): Promise<readonly LeaseState[]> {
    return this.#claims.renew(request);
  }

  async requestCancel(runId: string): Promise<Run | undefined> {
    return readRun((await this.#connection.run(CANCEL, this.#clock.argument(), runId)) as string[]);
  }

  async countOpen({ viewer }: ViewerFilter): Promise<readonly OpenRuns[]> {
    const name = viewer === undefined ? "counts" : `counts:${viewerText(viewer)}`;
    const counts = await this.#hash(name);
    const open: OpenRuns[] = [];
    for (let i = 0; i < counts.length; i += 2) {
      // A status has no blank in it; a workflow may.
      const [status = "", ...workflow] = (counts[i] ?? "").split(" ");
      open.push({
        workflow: workflow.join(" "),
        status: status as RunStatus,
        count: Number(counts[i + 1]),
      });
    }
    return open;
  }

  async queuePosition(runId: string): Promise<number | null> {
    const rank = await this.#connection.command("ZRANK", this.#connection.key("queued"), runId);
    return rank === null ? null : Number(rank) + 1;
  }

  async delete(runIds: readonly string[]): Promise<void> {
    for (let i = 0; i < runIds.length; i += DELETED_AT_ONCE) {
      const slice = runIds.slice(i, i + DELETED_AT_ONCE);
      await this.#connection.run(DELETE, this.#clock.argument(), ...slice);
      await this.#forgotten(slice);
    }
  }

  async createThread(thread: Thread): Promise<boolean> {
    const answer = await this.#connection.run(
      CREATE_THREAD,
      thread.id,
      viewerText(thread.viewer),
      thread.createdAt.getTime(),
      ...threadFields(thread),
    );
    return answer === 1;
  }

  async getThread(threadId: string): Promise<Thread | undefined> {
    return readThread(await this.#hash(`thread:${threadId}`));
  }

  async listThreads(filter: ViewerFilter, page: PageRequest): Promise<ThreadPage> {
    return listThreads(this.#connection, filter, page);
  }

  async deleteThread(threadId: string): Promise<void> {
    const answer = await this.#connection.run(DELETE_THREAD, this.#clock.argument(), threadId);
    const [active = "", ...runIds] = answer as string[];
    if (active !== "") throw new ThreadBusyError(threadId, active);
    await this.#forgotten(runIds);
  }

  /** After the runs themselves: a fence that a crash leaves behind does no harm to another of its id. */
  async #forgotten(runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) this.#heads.delete(runId);
    await this.#fences?.forget(runIds);
  }

  async #hash(name: string): Promise<readonly string[]> {
    return (await this.#connection.run(HASH, name)) as string[];
  }
}
