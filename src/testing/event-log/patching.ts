import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import { StaleWriterError } from "../../errors.ts";
import type { Segment } from "../../runs/run.ts";
import type { ContractCase } from "../contract-case.ts";
import {
  at,
  INTERRUPT,
  ODD_VALUES,
  queued,
  statusChanged,
  written,
  writtenBatch,
} from "../fixtures.ts";
import {
  become,
  claimedRun,
  claimRun,
  endedRun,
  interruptedRun,
  refuses,
  runningRun,
  stored,
  wholeLog,
} from "../steps.ts";

/** The change of the run record that goes with a batch. */
export const patching: readonly ContractCase<Backend>[] = [
  {
    name: "a batch changes the run record with it",
    async run(backend) {
      const before = await runningRun(backend);
      const interrupted = await become(backend, before, "interrupted", {
        startedAt: at(7),
        interrupts: [INTERRUPT],
      });
      assert.deepEqual(interrupted, {
        ...before,
        status: "interrupted",
        startedAt: at(7),
        interrupts: [INTERRUPT],
        lastSeq: 3,
        owner: null,
        leaseUntil: null,
      });
    },
  },
  {
    name: "output and error come back as they went in",
    async run(backend) {
      const one = await runningRun(backend, { id: "run-1" });
      const output = { list: ODD_VALUES };
      assert.deepEqual((await become(backend, one, "succeeded", { output })).output, output);
      const two = await runningRun(backend, { id: "run-2" });
      const error = { code: "RUN_FAILED", message: "No \u0000 whales 🐋" };
      assert.deepEqual((await become(backend, two, "failed", { error })).error, error);
    },
  },
  {
    name: "segment, recoveries and active time come back as they were patched",
    async run(backend) {
      const run = await runningRun(backend);
      const segments: Segment[] = [
        { kind: "input", answers: {}, fromCheckpointId: "c-1", base: { checkpointId: null } },
        { kind: "continue", answers: {}, fromCheckpointId: null, base: { checkpointId: "c-2" } },
        { kind: "answers", answers: { i: { list: ODD_VALUES }, j: null }, fromCheckpointId: null },
      ];
      for (const [i, segment] of segments.entries()) {
        const patch = {
          segment,
          recoveries: { count: i, checkpointId: i === 0 ? null : `c-${i}` },
          activeMs: i * 1_000.5,
        };
        await backend.events.append(run.id, [], { after: 2, epoch: 1, patch });
        assert.deepEqual(await stored(backend, run.id), { ...run, ...patch });
      }
    },
  },
  {
    name: "a batch without events may change the record, any number of times",
    async run(backend) {
      const run = await runningRun(backend);
      for (let i = 0; i < 2; i++) {
        await backend.events.append(run.id, [], {
          after: 2,
          epoch: 1,
          patch: { startedAt: at(9) },
        });
      }
      assert.deepEqual(await stored(backend, run.id), { ...run, startedAt: at(9) });
    },
  },
  {
    name: "a refused batch changes neither the log nor the record",
    async run(backend) {
      const run = await runningRun(backend);
      const patch = { output: "wrong", owner: null };
      await refuses(backend, run.id, writtenBatch(2, 2), { after: 2, epoch: 2, patch });
      await refuses(backend, run.id, writtenBatch(5, 2), { after: 5, epoch: 1, patch });
    },
  },
  {
    name: "a batch with an illegal change of status is refused whole",
    async run(backend) {
      const illegal = [
        [await claimedRun(backend, { id: "queued-1" }), "succeeded"],
        [await claimedRun(backend, { id: "queued-2" }), "interrupted"],
        [await runningRun(backend, { id: "running" }), "queued"],
        [await interruptedRun(backend, { id: "interrupted" }), "succeeded"],
      ] as const;
      for (const [{ id }, status] of illegal) {
        const before = await stored(backend, id);
        await assert.rejects(
          become(backend, before, status),
          (error) => error instanceof Error && !(error instanceof StaleWriterError),
        );
        assert.deepEqual(await stored(backend, id), before);
        assert.equal((await wholeLog(backend, id)).length, before.lastSeq);
      }
    },
  },
  {
    name: "a status does not change without an event that says so",
    async run(backend) {
      const run = await runningRun(backend);
      await assert.rejects(
        backend.events.append(run.id, [], {
          after: 2,
          epoch: 1,
          patch: { status: "succeeded" },
        }),
      );
      assert.deepEqual(await stored(backend, run.id), run);
    },
  },
  {
    name: "one batch may take a run through several statuses, each step of them legal",
    async run(backend) {
      const { id } = await claimedRun(backend);
      const batch = [statusChanged(2, "running"), written(3, "x"), statusChanged(4, "succeeded")];
      const patch = { status: "succeeded", startedAt: at(1) } as const;
      for (let i = 0; i < 2; i++) {
        await backend.events.append(id, batch, { after: 1, epoch: 1, patch });
      }
      assert.deepEqual(await wholeLog(backend, id), [queued(), ...batch]);
      const run = await stored(backend, id);
      assert.deepEqual([run.status, run.startedAt, run.lastSeq], ["succeeded", at(1), 4]);
    },
  },
  {
    name: "a run that does not run any more is held by nobody",
    async run(backend) {
      const statuses = ["interrupted", "succeeded", "failed", "cancelled"] as const;
      for (const status of statuses) {
        const run = await become(backend, await runningRun(backend, { id: status }), status);
        assert.equal(run.owner, null);
        assert.equal(run.leaseUntil, null);
      }
    },
  },
  {
    name: "a run that ended has the time of its end, whether or not the patch gives one",
    async run(backend) {
      const given = await endedRun(backend, { id: "run-1" }, { finishedAt: at(30) });
      assert.deepEqual(given.finishedAt, at(30));
      const silent = await endedRun(backend, { id: "run-2" });
      assert.ok(silent.finishedAt instanceof Date);
    },
  },
  {
    name: "an executor that lets go of a run frees it for others at once",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.append(run.id, [], { after: 2, epoch: 1, patch: { owner: null } });
      const released = await stored(backend, run.id);
      assert.deepEqual(released, { ...run, owner: null, leaseUntil: null });
      const taken = await claimRun(backend, run.id, { owner: "worker-2" });
      assert.equal(taken.epoch, 2);
    },
  },
];
