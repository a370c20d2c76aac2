import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import { writtenBatch } from "../fixtures.ts";
import { endedRun, runningRun, seqs, stored, wholeLog } from "../steps.ts";

/** Forgetting the oldest events. */
export const trimming: readonly ContractCase<Backend>[] = [
  {
    name: "trimmed events are gone, and pages say where the log begins",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.append(run.id, writtenBatch(2, 10), { after: 2, epoch: 1 });
      await backend.events.trim(run.id, 5);
      assert.deepEqual(await backend.events.read(run.id, { after: 0, limit: 2 }), {
        events: writtenBatch(4, 2),
        oldestSeq: 5,
        lastSeq: 12,
        closed: false,
      });
      const page = await backend.events.read(run.id, { after: 10, limit: 10 });
      assert.deepEqual(seqs(page.events), [11, 12]);
      assert.equal(page.oldestSeq, 5);
      assert.equal((await stored(backend, run.id)).lastSeq, 12);
    },
  },
  {
    name: "a log that was trimmed to nothing goes on with its numbers",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.trim(run.id, 3);
      assert.deepEqual(await backend.events.read(run.id, { after: 0, limit: 10 }), {
        events: [],
        oldestSeq: 3,
        lastSeq: 2,
        closed: false,
      });
      await backend.events.append(run.id, writtenBatch(2, 2), { after: 2, epoch: 1 });
      assert.deepEqual(await backend.events.read(run.id, { after: 0, limit: 10 }), {
        events: writtenBatch(2, 2),
        oldestSeq: 3,
        lastSeq: 4,
        closed: false,
      });
    },
  },
  {
    name: "trimming beyond the end takes what is there, and nothing that comes later",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.trim(run.id, 100);
      const page = await backend.events.read(run.id, { after: 0, limit: 10 });
      assert.deepEqual([page.events, page.oldestSeq, page.lastSeq], [[], 3, 2]);
      await backend.events.append(run.id, writtenBatch(2, 1), { after: 2, epoch: 1 });
      assert.deepEqual(seqs(await wholeLog(backend, run.id)), [3]);
    },
  },
  {
    name: "trimming what is trimmed, or a run that does not exist, changes nothing",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.append(run.id, writtenBatch(2, 2), { after: 2, epoch: 1 });
      await backend.events.trim(run.id, 3);
      await backend.events.trim(run.id, 2);
      await backend.events.trim(run.id, 0);
      await backend.events.trim("nobody", 3);
      assert.deepEqual(seqs(await wholeLog(backend, run.id)), [3, 4]);
    },
  },
  {
    name: "trimming one run leaves the others alone",
    async run(backend) {
      const one = await runningRun(backend, { id: "run-1" });
      const two = await runningRun(backend, { id: "run-2" });
      await backend.events.trim(one.id, 3);
      assert.deepEqual(seqs(await wholeLog(backend, one.id)), []);
      assert.deepEqual(seqs(await wholeLog(backend, two.id)), [1, 2]);
    },
  },
  {
    name: "a closed log stays closed when it is trimmed",
    async run(backend) {
      const run = await endedRun(backend);
      await backend.events.trim(run.id, 4);
      assert.deepEqual(await backend.events.read(run.id, { after: 3, limit: 10 }), {
        events: [],
        oldestSeq: 4,
        lastSeq: 3,
        closed: true,
      });
    },
  },
];
