import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import { StaleWriterError } from "../../errors.ts";
import type { ContractCase } from "../contract-case.ts";
import { at, queued } from "../fixtures.ts";
import {
  become,
  claimIds,
  endedRun,
  interruptedRun,
  queuedRun,
  runningRun,
  wholeLog,
} from "../steps.ts";

/** Forgetting runs. */
export const deleting: readonly ContractCase<Backend>[] = [
  {
    name: "a deleted run is forgotten with its log",
    async run(backend) {
      const kept = await endedRun(backend, { id: "kept" }, { finishedAt: at(100) });
      await endedRun(backend, { id: "run-1" }, { finishedAt: at(5) });
      await endedRun(backend, { id: "run-2" }, { finishedAt: at(6) });
      await backend.runs.delete(["run-1", "nobody", "run-2", "run-1"]);
      await backend.runs.delete([]);
      for (const id of ["run-1", "run-2"]) {
        assert.equal(await backend.runs.get(id), undefined);
        assert.deepEqual(await backend.events.read(id, { after: 0, limit: 10 }), {
          events: [],
          oldestSeq: 1,
          lastSeq: 0,
          closed: true,
        });
      }
      const { runs } = await backend.runs.list({}, { first: 10 });
      assert.deepEqual(runs, [kept]);
      assert.deepEqual(await backend.runs.ended({ limit: 10 }), [kept]);
    },
  },
  {
    name: "a run that is deleted while it runs is gone: its executor is stopped, its thread free",
    async run(backend) {
      const run = await runningRun(backend, { id: "run-1", threadId: "thread-1" });
      await backend.runs.delete([run.id]);
      await assert.rejects(become(backend, run, "succeeded"), StaleWriterError);
      assert.equal(await backend.runs.get(run.id), undefined);
      await queuedRun(backend, { id: "run-2", threadId: "thread-1" });
    },
  },
  {
    name: "a thread that was made for a run goes with it, one that a client named stays",
    async run(backend) {
      await endedRun(backend, { id: "run-1" });
      await endedRun(backend, { id: "run-2", threadId: "thread-2" });
      await endedRun(backend, { id: "run-3" });
      await endedRun(backend, { id: "run-4", threadId: "run-3" });
      await backend.runs.delete(["run-1", "run-2", "run-3"]);
      assert.equal(await backend.runs.getThread("run-1"), undefined);
      for (const threadId of ["thread-2", "run-3"]) {
        assert.equal((await backend.runs.getThread(threadId))?.id, threadId);
      }
      await backend.runs.delete(["run-4"]);
      assert.equal((await backend.runs.getThread("run-3"))?.isNamed, true);
    },
  },
  {
    name: "a queued or interrupted run can be deleted, too",
    async run(backend) {
      await queuedRun(backend, { id: "queued" });
      await interruptedRun(backend, { id: "interrupted" });
      await backend.runs.delete(["queued", "interrupted"]);
      assert.deepEqual((await backend.runs.list({}, { first: 10 })).runs, []);
      assert.deepEqual(await claimIds(backend, 10), []);
    },
  },
  {
    name: "the id of a deleted run may be used again, from the start",
    async run(backend) {
      await endedRun(backend);
      await backend.runs.delete(["run-1"]);
      const run = await queuedRun(backend);
      assert.deepEqual([run.epoch, run.lastSeq, run.status], [0, 1, "queued"]);
      assert.deepEqual(await wholeLog(backend, "run-1"), [queued()]);
      assert.deepEqual(await claimIds(backend, 10), ["run-1"]);
    },
  },
];
