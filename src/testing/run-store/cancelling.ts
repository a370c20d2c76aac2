import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import { at, writtenBatch } from "../fixtures.ts";
import { endedRun, interruptedRun, queuedRun, renew, runningRun, stored } from "../steps.ts";

/** Asking for a run to be cancelled. */
export const cancelling: readonly ContractCase<Backend>[] = [
  {
    name: "a request to cancel is noted on every run that has not ended, and only noted",
    async run(backend) {
      const active = [
        await queuedRun(backend, { id: "queued" }),
        await runningRun(backend, { id: "running" }),
        await interruptedRun(backend, { id: "interrupted" }),
      ];
      for (const run of active) {
        const expected = { ...run, cancelRequested: true };
        assert.deepEqual(await backend.runs.requestCancel(run.id), expected);
        assert.deepEqual(await backend.runs.requestCancel(run.id), expected);
        assert.deepEqual(await stored(backend, run.id), expected);
      }
    },
  },
  {
    name: "a request to cancel changes nothing about a run that has ended",
    async run(backend) {
      const run = await endedRun(backend);
      assert.deepEqual(await backend.runs.requestCancel(run.id), run);
      assert.deepEqual(await stored(backend, run.id), run);
    },
  },
  {
    name: "a request to cancel a run that does not exist answers undefined",
    async run(backend) {
      assert.equal(await backend.runs.requestCancel("nobody"), undefined);
    },
  },
  {
    name: "requests to cancel, renewals and appends at the same time do not undo each other",
    async run(backend) {
      const run = await runningRun(backend);
      const write = async () => {
        for (let after = 2; after < 22; after++) {
          await backend.events.append(run.id, writtenBatch(after, 1), {
            after,
            epoch: 1,
            patch: { startedAt: at(after) },
          });
        }
      };
      const keep = async () => {
        for (let i = 0; i < 20; i++) assert.notDeepEqual(await renew(backend, [run.id]), ["lost"]);
      };
      await Promise.all([write(), backend.runs.requestCancel(run.id), keep()]);
      const after = await stored(backend, run.id);
      assert.deepEqual(
        [after.lastSeq, after.cancelRequested, after.startedAt, after.owner, after.epoch],
        [22, true, at(21), "worker-1", 1],
      );
    },
  },
];
