import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import {
  claimIds,
  claimRun,
  endedRun,
  interruptedRun,
  queuedRun,
  renew,
  runningRun,
  SHORT_LEASE_MS,
  stored,
  takeOver,
} from "../steps.ts";

/** Keeping a lease. */
export const renewing: readonly ContractCase<Backend>[] = [
  {
    name: "a renewed lease lasts longer, and nothing else of the run changes",
    async run(backend) {
      const { id } = await queuedRun(backend);
      const before = await claimRun(backend, id, { leaseMs: 1_000 });
      assert.deepEqual(await renew(backend, [id]), ["held"]);
      const after = await stored(backend, id);
      assert.ok(before.leaseUntil && after.leaseUntil && after.leaseUntil > before.leaseUntil);
      assert.deepEqual(after, { ...before, leaseUntil: after.leaseUntil });
    },
  },
  {
    name: "a run is not taken over while its lease is renewed",
    async run(backend) {
      await queuedRun(backend, { id: "renewed" });
      await queuedRun(backend, { id: "abandoned" });
      for (const runId of ["renewed", "abandoned"]) {
        await claimRun(backend, runId, { leaseMs: SHORT_LEASE_MS });
      }
      assert.deepEqual(await renew(backend, ["renewed"]), ["held"]);
      await takeOver(backend, "abandoned");
      assert.deepEqual(await claimIds(backend, 10, "worker-2"), []);
    },
  },
  {
    name: "an expired lease that nobody took over is renewed",
    async run(backend) {
      await queuedRun(backend, { id: "late" });
      await queuedRun(backend, { id: "abandoned" });
      for (const runId of ["late", "abandoned"]) {
        await claimRun(backend, runId, { leaseMs: SHORT_LEASE_MS });
      }
      await takeOver(backend, "abandoned"); // So the lease of the late one has expired as well.
      assert.deepEqual(await renew(backend, ["late"]), ["held"]);
      assert.deepEqual(await claimIds(backend, 10, "worker-2"), []);
    },
  },
  {
    name: "a lease is lost when another took the run over, it ended, was let go of or deleted",
    async run(backend) {
      await queuedRun(backend, { id: "taken" });
      await claimRun(backend, "taken", { leaseMs: SHORT_LEASE_MS });
      await takeOver(backend, "taken");
      await endedRun(backend, { id: "ended" });
      await interruptedRun(backend, { id: "interrupted" });
      await runningRun(backend, { id: "deleted" });
      await backend.runs.delete(["deleted"]);
      await queuedRun(backend, { id: "queued" });
      const lost = ["taken", "ended", "interrupted", "deleted", "queued", "nobody"];
      const before = await Promise.all(lost.map((id) => backend.runs.get(id)));
      assert.deepEqual(
        await renew(backend, lost),
        lost.map(() => "lost"),
      );
      assert.deepEqual(await Promise.all(lost.map((id) => backend.runs.get(id))), before);
    },
  },
  {
    name: "renewing answers for each run, in the order asked",
    async run(backend) {
      await runningRun(backend, { id: "cancelled" });
      await runningRun(backend, { id: "held" });
      await endedRun(backend, { id: "lost" });
      await backend.runs.requestCancel("cancelled");
      assert.deepEqual(await renew(backend, ["lost", "held", "cancelled", "held"]), [
        "lost",
        "held",
        "cancelRequested",
        "held",
      ]);
      assert.deepEqual(await renew(backend, []), []);
    },
  },
  {
    name: "a run that is to be cancelled keeps its lease when it is renewed",
    async run(backend) {
      await queuedRun(backend, { id: "renewed" });
      await queuedRun(backend, { id: "abandoned" });
      for (const runId of ["renewed", "abandoned"]) {
        await claimRun(backend, runId, { leaseMs: SHORT_LEASE_MS });
      }
      await backend.runs.requestCancel("renewed");
      assert.deepEqual(await renew(backend, ["renewed"]), ["cancelRequested"]);
      await takeOver(backend, "abandoned");
      assert.deepEqual(await claimIds(backend, 10, "worker-2"), []);
    },
  },
];
