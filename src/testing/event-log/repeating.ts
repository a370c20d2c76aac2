import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import { at, INTERRUPT, statusChanged, writtenBatch } from "../fixtures.ts";
import {
  become,
  claimRun,
  queuedRun,
  refuses,
  runningRun,
  seqs,
  SHORT_LEASE_MS,
  stored,
  takeOver,
  wholeLog,
} from "../steps.ts";

/** Sending a batch again. */
export const repeating: readonly ContractCase<Backend>[] = [
  {
    name: "a batch that is repeated after a network error is stored once",
    async run(backend) {
      const run = await runningRun(backend);
      const batch = writtenBatch(2, 2);
      await backend.events.append(run.id, batch, { after: 2, epoch: 1 });
      await backend.events.append(run.id, batch, { after: 2, epoch: 1 });
      await backend.events.append(run.id, structuredClone(batch), { after: 2, epoch: 1 });
      assert.deepEqual(seqs(await wholeLog(backend, run.id)), [1, 2, 3, 4]);
      await backend.events.append(run.id, writtenBatch(4, 1), { after: 4, epoch: 1 });
    },
  },
  {
    name: "a batch that is repeated while it is still being stored is stored once",
    async run(backend) {
      const run = await runningRun(backend);
      const batch = writtenBatch(2, 2);
      const append = () => backend.events.append(run.id, batch, { after: 2, epoch: 1 });
      await Promise.all([append(), append(), append()]);
      assert.deepEqual(seqs(await wholeLog(backend, run.id)), [1, 2, 3, 4]);
    },
  },
  {
    name: "the batch that ended a run may be repeated, and changes nothing",
    async run(backend) {
      const run = await runningRun(backend);
      const end = () =>
        backend.events.append(run.id, [statusChanged(3, "succeeded")], {
          after: 2,
          epoch: 1,
          patch: { status: "succeeded", output: { pages: 3 } },
        });
      await end();
      const ended = await stored(backend, run.id);
      await end();
      assert.deepEqual(await stored(backend, run.id), ended);
      assert.deepEqual(seqs(await wholeLog(backend, run.id)), [1, 2, 3]);
    },
  },
  {
    name: "the batch that interrupted a run may be repeated, and changes nothing",
    async run(backend) {
      const run = await runningRun(backend);
      const interrupt = () => become(backend, run, "interrupted", { interrupts: [INTERRUPT] });
      const interrupted = await interrupt();
      assert.deepEqual(await interrupt(), interrupted);
      assert.deepEqual(seqs(await wholeLog(backend, run.id)), [1, 2, 3]);
    },
  },
  {
    name: "a repeated batch leaves alone what happened to the run since",
    async run(backend) {
      const run = await runningRun(backend);
      const append = () =>
        backend.events.append(run.id, writtenBatch(2, 1), {
          after: 2,
          epoch: 1,
          patch: { startedAt: at(5) },
        });
      await append();
      await backend.runs.requestCancel(run.id);
      await append();
      const now = await stored(backend, run.id);
      assert.equal(now.cancelRequested, true);
      assert.deepEqual(now.startedAt, at(5));
    },
  },
  {
    name: "a batch may be repeated when its events have been trimmed, and they stay away",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.append(run.id, writtenBatch(2, 2), { after: 2, epoch: 1 });
      await backend.events.trim(run.id, 5);
      await backend.events.append(run.id, writtenBatch(2, 2), { after: 2, epoch: 1 });
      assert.deepEqual(await backend.events.read(run.id, { after: 0, limit: 10 }), {
        events: [],
        oldestSeq: 5,
        lastSeq: 4,
        closed: false,
      });
    },
  },
  {
    name: "a batch is not repeated under another epoch",
    async run(backend) {
      const { id } = await queuedRun(backend);
      await claimRun(backend, id, { leaseMs: SHORT_LEASE_MS });
      await backend.events.append(id, writtenBatch(1, 1), { after: 1, epoch: 1 });
      await takeOver(backend, id);
      await refuses(backend, id, writtenBatch(1, 1), { after: 1, epoch: 1 });
      await refuses(backend, id, writtenBatch(1, 1, 2), { after: 1, epoch: 2 });
    },
  },
];
