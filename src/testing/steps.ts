import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { Backend } from "../backend.ts";
import { StaleWriterError } from "../errors.ts";
import type { RunEvent, RunStatus } from "../events/run-event.ts";
import type { Run, RunPatch } from "../runs/run.ts";
import type { LeaseState } from "../runs/run-store.ts";
import { newRun, queued, statusChanged } from "./fixtures.ts";

/** Longer than any case takes. */
export const LONG_LEASE_MS = 600_000; // 10 min

/** As short as a lease gets. */
export const SHORT_LEASE_MS = 1;

/** Stores a run that waits for an executor. */
export async function queuedRun(backend: Backend, given: Partial<Run> = {}): Promise<Run> {
  const { run, isNew } = await backend.runs.create(newRun(given), queued());
  assert.equal(isNew, true);
  return run;
}

/** Stores a run that waits for the one before it on its thread. */
export async function waitingRun(backend: Backend, given: Partial<Run> = {}): Promise<Run> {
  const { run, isNew } = await backend.runs.create(newRun(given), queued(), { mayWait: true });
  assert.equal(isNew, true);
  return run;
}

/** Takes a run over that can be taken over. */
export async function claimRun(
  backend: Backend,
  runId: string,
  { owner = "worker-1", leaseMs = LONG_LEASE_MS } = {},
): Promise<Run> {
  const [run] = await backend.runs.claim({ owner, leaseMs, limit: 1, runId });
  assert.ok(run, `${runId} cannot be claimed`);
  return run;
}

/** Moves a run to another status, with the event that says so. */
export async function become(
  backend: Backend,
  run: Run,
  status: RunStatus,
  patch: RunPatch = {},
): Promise<Run> {
  await backend.events.append(run.id, [statusChanged(run.lastSeq + 1, status, run.epoch)], {
    after: run.lastSeq,
    epoch: run.epoch,
    patch: { status, ...patch },
  });
  return stored(backend, run.id);
}

/** A queued run that `worker-1` has just claimed, at epoch 1 and seq 1. */
export async function claimedRun(backend: Backend, given: Partial<Run> = {}): Promise<Run> {
  const { id } = await queuedRun(backend, given);
  return claimRun(backend, id);
}

/** A run that `worker-1` executes, at epoch 1 and seq 2. */
export async function runningRun(backend: Backend, given: Partial<Run> = {}): Promise<Run> {
  return become(backend, await claimedRun(backend, given), "running");
}

/** A run that waits for an answer, at epoch 1 and seq 3. */
export async function interruptedRun(backend: Backend, given: Partial<Run> = {}): Promise<Run> {
  return become(backend, await runningRun(backend, given), "interrupted");
}

/** A run that has succeeded, at epoch 1 and seq 3. */
export async function endedRun(
  backend: Backend,
  given: Partial<Run> = {},
  patch: RunPatch = {},
): Promise<Run> {
  return become(backend, await runningRun(backend, given), "succeeded", patch);
}

/** The record of a run that must be there. */
export async function stored(backend: Backend, runId: string): Promise<Run> {
  const run = await backend.runs.get(runId);
  assert.ok(run, `${runId} is not stored`);
  return run;
}

/** Everything that is stored of a run's log. */
export async function wholeLog(backend: Backend, runId: string): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.seq ?? 0;
    const page = await backend.events.read(runId, { after, limit: 1_000 });
    events.push(...page.events);
    if (page.events.length === 0 || events.at(-1)?.seq === page.lastSeq) return events;
  }
}

/** The numbers of events, in order. */
export function seqs(events: readonly RunEvent[]): number[] {
  return events.map((event) => event.seq);
}

/** The ids of runs or threads, in order. */
export function ids(items: readonly { readonly id: string }[]): string[] {
  return items.map((item) => item.id);
}

/** Asks again until the answer is something; gives up, with an error, after ten seconds. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    assert.ok(Date.now() < deadline, `This never happened: ${what}`);
    await setTimeout(2);
  }
}

/** Takes a run over as soon as its present lease has expired. */
export function takeOver(
  backend: Backend,
  runId: string,
  { owner = "worker-2", leaseMs = LONG_LEASE_MS } = {},
): Promise<Run> {
  return eventually(`the lease of ${runId} expires`, async () => {
    const [run] = await backend.runs.claim({ owner, leaseMs, limit: 1, runId });
    return run;
  });
}

/** The batch must be refused as a stale writer's, and leave everything as it was. */
export async function refuses(
  backend: Backend,
  runId: string,
  events: readonly RunEvent[],
  where: Parameters<Backend["events"]["append"]>[2],
): Promise<void> {
  const record = await stored(backend, runId);
  const log = await wholeLog(backend, runId);
  await assert.rejects(backend.events.append(runId, events, where), StaleWriterError);
  assert.deepEqual(await stored(backend, runId), record);
  assert.deepEqual(await wholeLog(backend, runId), log);
}

/** Takes over what waits, for long; answers with the ids. */
export async function claimIds(
  backend: Backend,
  limit: number,
  owner = "worker-1",
  runId?: string,
): Promise<string[]> {
  return ids(await backend.runs.claim({ owner, leaseMs: LONG_LEASE_MS, limit, runId }));
}

/** Renews leases as `worker-1`, for long. */
export async function renew(
  backend: Backend,
  runIds: readonly string[],
): Promise<readonly LeaseState[]> {
  return backend.runs.renew({ owner: "worker-1", leaseMs: LONG_LEASE_MS, runIds });
}
