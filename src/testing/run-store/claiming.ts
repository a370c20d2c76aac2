import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import { StaleWriterError } from "../../errors.ts";
import type { ContractCase } from "../contract-case.ts";
import { at, queued, writtenBatch } from "../fixtures.ts";
import {
  become,
  claimedRun,
  claimIds,
  claimRun,
  endedRun,
  eventually,
  interruptedRun,
  LONG_LEASE_MS,
  queuedRun,
  runningRun,
  SHORT_LEASE_MS,
  stored,
  takeOver,
  wholeLog,
} from "../steps.ts";

/** Taking runs over. */
export const claiming: readonly ContractCase<Backend>[] = [
  {
    name: "a claim takes the lease and raises the epoch, and changes nothing else",
    async run(backend) {
      const before = await queuedRun(backend);
      const run = await claimRun(backend, before.id, { owner: "worker-7" });
      assert.ok(run.leaseUntil instanceof Date);
      assert.deepEqual(run, {
        ...before,
        epoch: 1,
        owner: "worker-7",
        leaseUntil: run.leaseUntil,
      });
      assert.deepEqual(await stored(backend, run.id), run);
      assert.deepEqual(await wholeLog(backend, run.id), [queued()]);
    },
  },
  {
    name: "runs are claimed oldest first, at most as many as asked for",
    async run(backend) {
      for (const seconds of [3, 1, 5, 2, 4]) {
        await queuedRun(backend, { id: `run-${seconds}`, createdAt: at(seconds) });
      }
      assert.deepEqual(await claimIds(backend, 2), ["run-1", "run-2"]);
      assert.deepEqual(await claimIds(backend, 0), []);
      assert.deepEqual(await claimIds(backend, 10), ["run-3", "run-4", "run-5"]);
      assert.deepEqual(await claimIds(backend, 10), []);
    },
  },
  {
    name: "a run is given to one claimer only, and none is forgotten",
    async run(backend) {
      const all = Array.from({ length: 20 }, (_, i) => `run-${i}`);
      for (const [i, id] of all.entries()) await queuedRun(backend, { id, createdAt: at(i) });
      const claims = await Promise.all(
        [1, 2, 3, 4].map((n) => claimIds(backend, 3, `worker-${n}`)),
      );
      const claimed = claims.flat();
      // A claim that met the others at work may have come back with less than there was.
      await eventually("all are claimed", async () => {
        claimed.push(...(await claimIds(backend, 3)));
        return claimed.length >= all.length || undefined;
      });
      assert.deepEqual(claimed.toSorted(), all.toSorted());
    },
  },
  {
    name: "of simultaneous claims of one run, one gets it",
    async run(backend) {
      const { id: runId } = await queuedRun(backend);
      const claims = await Promise.all(
        [1, 2, 3, 4].map((n) =>
          backend.runs.claim({
            owner: `worker-${n}`,
            leaseMs: LONG_LEASE_MS,
            limit: 1,
            runId,
          }),
        ),
      );
      const [winner, ...others] = claims.flat();
      assert.deepEqual(others, []);
      assert.deepEqual(await stored(backend, runId), winner);
      assert.equal(winner?.epoch, 1);
    },
  },
  {
    name: "a run under an unexpired lease is not taken over, not even by its owner",
    async run(backend) {
      const run = await runningRun(backend, { id: "running" });
      await claimedRun(backend, { id: "claimed" });
      assert.deepEqual(await claimIds(backend, 10), []);
      assert.deepEqual(await claimIds(backend, 10, "worker-1"), []);
      for (const runId of ["running", "claimed"]) {
        assert.deepEqual(await claimIds(backend, 10, "worker-2", runId), []);
      }
      assert.deepEqual(await stored(backend, run.id), run);
    },
  },
  {
    name: "a run whose lease expired is taken over with a higher epoch, and its old executor fenced",
    async run(backend) {
      const claimed = await claimRun(backend, (await queuedRun(backend)).id, {
        leaseMs: SHORT_LEASE_MS,
      });
      const before = await become(backend, claimed, "running");
      const [after] = await eventually("the lease expires", async () => {
        const runs = await backend.runs.claim({
          owner: "worker-2",
          leaseMs: LONG_LEASE_MS,
          limit: 10,
        });
        return runs.length > 0 ? runs : undefined;
      });
      assert.deepEqual(after, {
        ...before,
        epoch: 2,
        owner: "worker-2",
        leaseUntil: after?.leaseUntil,
      });
      await assert.rejects(
        backend.events.append(before.id, writtenBatch(2, 1), { after: 2, epoch: 1 }),
        StaleWriterError,
      );
      await backend.events.append(before.id, writtenBatch(2, 1, 2), { after: 2, epoch: 2 });
    },
  },
  {
    name: "runs left behind and runs that wait are claimed together, oldest first",
    async run(backend) {
      await queuedRun(backend, { id: "run-2", createdAt: at(2) });
      await queuedRun(backend, { id: "run-4", createdAt: at(4) });
      await claimRun(backend, "run-2", { leaseMs: SHORT_LEASE_MS });
      await claimRun(backend, "run-4", { leaseMs: SHORT_LEASE_MS });
      await queuedRun(backend, { id: "probe", createdAt: at(9) });
      await claimRun(backend, "probe", { leaseMs: SHORT_LEASE_MS });
      await takeOver(backend, "probe"); // So the other leases have expired as well.
      await queuedRun(backend, { id: "run-1", createdAt: at(1) });
      await queuedRun(backend, { id: "run-3", createdAt: at(3) });
      assert.deepEqual(await claimIds(backend, 3), ["run-1", "run-2", "run-3"]);
      assert.deepEqual(await claimIds(backend, 3), ["run-4"]);
    },
  },
  {
    name: "a run that was claimed and never started is taken over as well",
    async run(backend) {
      const { id } = await queuedRun(backend);
      await claimRun(backend, id, { leaseMs: SHORT_LEASE_MS });
      const run = await takeOver(backend, id);
      assert.deepEqual([run.status, run.epoch, run.owner], ["queued", 2, "worker-2"]);
    },
  },
  {
    name: "an owner may take its own run over once the lease expired, and fences itself",
    async run(backend) {
      const { id } = await queuedRun(backend);
      await claimRun(backend, id, { owner: "worker-1", leaseMs: SHORT_LEASE_MS });
      const run = await takeOver(backend, id, { owner: "worker-1" });
      assert.equal(run.epoch, 2);
      await assert.rejects(
        backend.events.append(id, writtenBatch(1, 1), { after: 1, epoch: 1 }),
        StaleWriterError,
      );
    },
  },
  {
    name: "interrupted runs are claimed only by their id",
    async run(backend) {
      const before = await interruptedRun(backend);
      assert.deepEqual(await claimIds(backend, 10), []);
      const run = await claimRun(backend, before.id, { owner: "worker-2" });
      assert.deepEqual(run, {
        ...before,
        epoch: 2,
        owner: "worker-2",
        leaseUntil: run.leaseUntil,
      });
      assert.deepEqual(await claimIds(backend, 10, "worker-3", run.id), []);
      const resumed = await become(backend, run, "running");
      assert.equal(resumed.owner, "worker-2");
      await backend.events.append(run.id, writtenBatch(4, 1, 2), { after: 4, epoch: 2 });
    },
  },
  {
    name: "an interrupted run whose claimer vanished goes on waiting for its answer",
    async run(backend) {
      const { id } = await interruptedRun(backend);
      await claimRun(backend, id, { leaseMs: SHORT_LEASE_MS });
      const run = await takeOver(backend, id, { leaseMs: SHORT_LEASE_MS });
      assert.deepEqual([run.status, run.epoch], ["interrupted", 3]);
      assert.deepEqual(await claimIds(backend, 10), []);
    },
  },
  {
    name: "an interrupted run whose claimer vanished while it was to be cancelled is taken over",
    async run(backend) {
      const { id } = await interruptedRun(backend, { id: "left", createdAt: at(1) });
      await interruptedRun(backend, { id: "waits", createdAt: at(2) });
      await backend.runs.requestCancel("waits");
      await backend.runs.requestCancel(id);
      await claimRun(backend, id, { leaseMs: SHORT_LEASE_MS });
      await queuedRun(backend, { id: "next", createdAt: at(3) });
      const claimed: string[] = [];
      await eventually("the lease expires", async () => {
        claimed.push(...(await claimIds(backend, 10)));
        return claimed.includes(id) ? claimed : undefined;
      });
      // The one that was to be cancelled and held by nobody is claimed by its id alone.
      assert.deepEqual(claimed.toSorted(), ["left", "next"]);
      const run = await stored(backend, id);
      assert.deepEqual([run.status, run.epoch, run.cancelRequested], ["interrupted", 3, true]);
      const cancelled = await become(backend, run, "cancelled");
      assert.equal(cancelled.status, "cancelled");
    },
  },
  {
    name: "a resumed run may be put back in the queue, for any executor",
    async run(backend) {
      const { id } = await interruptedRun(backend);
      const run = await become(backend, await claimRun(backend, id), "queued");
      assert.deepEqual([run.owner, run.leaseUntil], [null, null]);
      assert.deepEqual(await claimIds(backend, 10), [id]);
    },
  },
  {
    name: "ended, deleted and unknown runs are not claimed",
    async run(backend) {
      const ended = await endedRun(backend, { id: "ended" });
      await queuedRun(backend, { id: "deleted" });
      await backend.runs.delete(["deleted"]);
      for (const runId of [undefined, "ended", "deleted", "nobody"]) {
        assert.deepEqual(await claimIds(backend, 10, "worker-2", runId), []);
      }
      assert.deepEqual(await stored(backend, "ended"), ended);
    },
  },
  {
    name: "a claim by id leaves all other runs alone",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", createdAt: at(1) });
      await queuedRun(backend, { id: "run-2", createdAt: at(2) });
      assert.deepEqual(await claimIds(backend, 10, "worker-1", "run-2"), ["run-2"]);
      assert.deepEqual(await claimIds(backend, 10), ["run-1"]);
    },
  },
  {
    name: "a run that waits to be cancelled is claimed like any other",
    async run(backend) {
      const { id } = await queuedRun(backend);
      await backend.runs.requestCancel(id);
      const run = await claimRun(backend, id);
      assert.equal(run.cancelRequested, true);
      const cancelled = await become(backend, run, "cancelled");
      assert.equal(cancelled.status, "cancelled");
    },
  },
];
