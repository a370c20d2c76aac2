import { randomUUID } from "node:crypto";
import type { Run } from "../../runs/run.ts";
import type { LeaseState, RunStore } from "../../runs/run-store.ts";
import type { RedisConnection } from "./connection.ts";
import type { Heads } from "./heads.ts";
import type { LeaseClock } from "./lease-clock.ts";
import { readRuns } from "./run-fields.ts";
import { CLAIM, RENEW } from "./scripts/claims.ts";

/** Who works on what. */
export class Claims {
  readonly #connection: RedisConnection;
  readonly #heads: Heads;
  readonly #clock: LeaseClock;

  constructor(connection: RedisConnection, heads: Heads, clock: LeaseClock) {
    this.#connection = connection;
    this.#heads = heads;
    this.#clock = clock;
  }

  async claim(request: Parameters<RunStore["claim"]>[0]): Promise<readonly Run[]> {
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
    const runs = readRuns(answer);
    for (const run of runs) this.#heads.claimed(run, claim);
    return runs;
  }

  async renew(request: Parameters<RunStore["renew"]>[0]): Promise<readonly LeaseState[]> {
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
