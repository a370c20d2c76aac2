import type { RunStatus } from "../../events/run-event.ts";
import type { Run } from "../../runs/run.ts";
import type { LogHead } from "../apply-batch.ts";

/** The end of a run's log as this process knows it, and whose it is. */
export interface Head extends LogHead {
  /**
   * Names the claim that the epoch is from. After a failover that lost a claim the next one may raise
   * the epoch to the same number: then this tells the two executors apart.
   */
  readonly claim: string;
}

/** More than any process executes at a time; beyond, the oldest are forgotten. */
const MAX_HEADS = 10_000;

/**
 * The heads of the runs that this process claimed or appended to last, so that an append need not ask
 * first. They may be old: scripts compare.
 */
export class Heads {
  readonly #heads = new Map<string, Head>();

  get(runId: string): Head | undefined {
    return this.#heads.get(runId);
  }

  set(head: Head): void {
    this.#heads.delete(head.id);
    this.#heads.set(head.id, head);
    if (this.#heads.size <= MAX_HEADS) return;
    for (const oldest of this.#heads.keys()) return void this.#heads.delete(oldest);
  }

  delete(runId: string): void {
    this.#heads.delete(runId);
  }

  /** Of a run that has just been claimed. */
  claimed(run: Run, claim: string): void {
    this.set({ ...headFields(run), batchAfter: null, claim });
  }
}

/** As scripts compare it. */
export function headText({ epoch, lastSeq, status, batchAfter, claim }: Head): string {
  return [epoch, lastSeq, status, String(batchAfter), claim].join(" ");
}

/** What the scripts `APPEND` and `HEAD` answer with; `undefined` if there is no such run. */
export function readHead(id: string, answer: readonly string[]): Head | undefined {
  const [epoch, lastSeq, status, batchAfter, claim = "", owner = "null", finishedAt] = answer;
  if (epoch === undefined) return undefined;
  return {
    id,
    epoch: Number(epoch),
    lastSeq: Number(lastSeq),
    status: status as RunStatus,
    batchAfter: batchAfter === "null" ? null : Number(batchAfter),
    claim,
    owner: JSON.parse(owner) as string | null,
    leaseUntil: null,
    finishedAt: finishedAt === "null" ? null : new Date(Number(finishedAt)),
  };
}

function headFields({ id, epoch, lastSeq, status, owner, finishedAt }: Run) {
  return { id, epoch, lastSeq, status, owner, leaseUntil: null, finishedAt };
}
