import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import { StaleWriterError } from "../../errors.ts";
import type { ContractCase } from "../contract-case.ts";
import { writtenBatch } from "../fixtures.ts";
import {
  become,
  claimRun,
  queuedRun,
  refuses,
  runningRun,
  seqs,
  SHORT_LEASE_MS,
  takeOver,
  wholeLog,
} from "../steps.ts";

/** Who may append what. */
export const fencing: readonly ContractCase<Backend>[] = [
  {
    name: "a batch that would leave a gap is refused",
    async run(backend) {
      const run = await runningRun(backend);
      await refuses(backend, run.id, writtenBatch(3, 1), { after: 3, epoch: 1 });
    },
  },
  {
    name: "a batch that begins before the end of the log is refused",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.append(run.id, writtenBatch(2, 3), { after: 2, epoch: 1 });
      await refuses(backend, run.id, writtenBatch(1, 1), { after: 1, epoch: 1 });
      await refuses(backend, run.id, writtenBatch(2, 1), { after: 2, epoch: 1 });
      await refuses(backend, run.id, writtenBatch(2, 4), { after: 2, epoch: 1 });
      await refuses(backend, run.id, writtenBatch(3, 2), { after: 3, epoch: 1 });
    },
  },
  {
    name: "an executor that has not claimed the run cannot append",
    async run(backend) {
      const run = await queuedRun(backend);
      await refuses(backend, run.id, writtenBatch(1, 1), { after: 1, epoch: 1 });
    },
  },
  {
    name: "an executor whose run was taken over cannot append, not even where the log ends",
    async run(backend) {
      const { id } = await queuedRun(backend);
      await claimRun(backend, id, { owner: "worker-1", leaseMs: SHORT_LEASE_MS });
      await takeOver(backend, id);
      await refuses(backend, id, writtenBatch(1, 1), { after: 1, epoch: 1 });
      await backend.events.append(id, writtenBatch(1, 1, 2), { after: 1, epoch: 2 });
      await refuses(backend, id, writtenBatch(2, 1), { after: 2, epoch: 1 });
    },
  },
  {
    name: "an executor whose lease expired may append until another takes the run over",
    async run(backend) {
      const one = await queuedRun(backend, { id: "run-1" });
      const other = await queuedRun(backend, { id: "run-2" });
      await claimRun(backend, one.id, { leaseMs: SHORT_LEASE_MS });
      await claimRun(backend, other.id, { leaseMs: SHORT_LEASE_MS });
      await takeOver(backend, other.id); // So the lease of the one has expired as well.
      await backend.events.append(one.id, writtenBatch(1, 1), { after: 1, epoch: 1 });
      assert.deepEqual(seqs(await wholeLog(backend, one.id)), [1, 2]);
    },
  },
  {
    name: "nothing is appended to a run that has ended",
    async run(backend) {
      for (const status of ["succeeded", "failed", "cancelled"] as const) {
        const run = await become(backend, await runningRun(backend, { id: status }), status);
        await refuses(backend, run.id, writtenBatch(3, 1), { after: 3, epoch: 1 });
        await refuses(backend, run.id, [], { after: 3, epoch: 1, patch: { output: 1 } });
      }
    },
  },
  {
    name: "nothing is appended to a run that does not exist",
    async run(backend) {
      await assert.rejects(
        backend.events.append("run-1", writtenBatch(0, 1), { after: 0, epoch: 0 }),
        StaleWriterError,
      );
      assert.equal(await backend.runs.get("run-1"), undefined);
    },
  },
  {
    name: "of two batches for one place in the log, one is stored and the other refused",
    async run(backend) {
      const run = await runningRun(backend);
      const outcomes = await Promise.allSettled(
        [1, 2, 3, 4].map((count) =>
          backend.events.append(run.id, writtenBatch(2, count), { after: 2, epoch: 1 }),
        ),
      );
      const winner = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
      for (const [i, outcome] of outcomes.entries()) {
        if (i === winner) continue;
        assert.ok(outcome.status === "rejected" && outcome.reason instanceof StaleWriterError);
      }
      assert.equal((await wholeLog(backend, run.id)).length, 2 + winner + 1);
    },
  },
];
