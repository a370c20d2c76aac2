import { randomUUID } from "node:crypto";
import type { Run } from "../../runs/run.ts";
import type { ClaimRequest, LeaseState, RenewRequest } from "../../runs/run-store.ts";
import type { RedisConnection } from "./connection.ts";
import type { Fences } from "./fences.ts";
import type { Heads } from "./heads.ts";
import type { LeaseClock } from "./lease-clock.ts";
import { readRuns } from "./run-fields.ts";
import { CLAIM, RAISE, RENEW } from "./scripts/claims.ts";

export interface ClaimsOptions {
  readonly connection: RedisConnection;
  readonly heads: Heads;
  readonly clock: LeaseClock;
  /** Those of the checkpoints, if they are kept elsewhere and fenced. */
  readonly fences: Fences | undefined;
}

/** Who works on what. */
export class Claims {
  readonly #connection: RedisConnection;
  readonly #heads: Heads;
  readonly #clock: LeaseClock;
  readonly #fences: Fences | undefined;

  constructor({ connection, heads, clock, fences }: ClaimsOptions) {
    this.#connection = connection;
    this.#heads = heads;
    this.#clock = clock;
    this.#fences = fences;
  }

  async claim(request: ClaimRequest): Promise<readonly Run[]> {
    const { owner, leaseMs, limit, maxPerViewer, workflows, runId } = request;
    const claim = randomUUID();
    const answer = await this.#connection.run(
      CLAIM,
      this.#clock.argument(),
      JSON.stringify(owner),
      leaseMs,
      limit,
      maxPerViewer ?? "",
      claim,
      runId ?? "",
      workflows?.length ?? -1,
      ...(workflows ?? []),
    );
    const runs = await this.#fenced(readRuns(answer), claim);
    for (const run of runs) this.#heads.claimed(run, claim);
    return runs;
  }

  /**
   * Fences the checkpoints before anybody goes on from them. If this process dies in between, they are
   * fenced by the next claim, once the lease has run out.
   */
  async #fenced(runs: readonly Run[], claim: string): Promise<readonly Run[]> {
    if (!this.#fences || runs.length === 0) return runs;
    const epochs = await this.#fences.raise(runs);
    const fenced: Run[] = [];
    for (const run of runs) {
      const epoch = epochs.get(run.id) ?? run.epoch;
      // Where a failover has lost epochs, those that there have been are not given again.
      const isOurs =
        epoch === run.epoch || (await this.#connection.run(RAISE, run.id, claim, epoch)) === 1;
      if (isOurs) fenced.push({ ...run, epoch });
    }
    return fenced;
  }

  async renew(request: RenewRequest): Promise<readonly LeaseState[]> {
    const { owner, leaseMs, runIds } = request;
    if (runIds.length === 0) return [];
    const answer = await this.#connection.run(
      RENEW,
      this.#clock.argument(),
      JSON.stringify(owner),
      leaseMs,
      ...runIds,
    );
    return answer as LeaseState[];
  }
}
