import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import { NotFoundError, ThreadBusyError } from "../../errors.ts";
import type { ContractCase } from "../contract-case.ts";
import { at, newRun, queued } from "../fixtures.ts";
import {
  become,
  claimIds,
  claimRun,
  endedRun,
  interruptedRun,
  queuedRun,
  runningRun,
  stored,
  waitingRun,
} from "../steps.ts";

/** Runs that wait for the one before them on their thread, or for an executor. */
export const waiting: readonly ContractCase<Backend>[] = [
  {
    name: "a run that may wait is created on a busy thread, and claimed when the ones before ended",
    async run(backend) {
      const first = await runningRun(backend, { id: "run-1", threadId: "t", createdAt: at(1) });
      await waitingRun(backend, { id: "run-2", threadId: "t", createdAt: at(2) });
      await waitingRun(backend, { id: "run-3", threadId: "t", createdAt: at(3) });
      assert.deepEqual(await claimIds(backend, 10), []);
      await become(backend, first, "failed");
      assert.deepEqual(await claimIds(backend, 10), ["run-2"]);
      await become(backend, await stored(backend, "run-2"), "cancelled");
      assert.deepEqual(await claimIds(backend, 10), ["run-3"]);
    },
  },
  {
    name: "an interrupted run keeps the others of its thread waiting",
    async run(backend) {
      const first = await interruptedRun(backend, { id: "run-1", threadId: "t" });
      await waitingRun(backend, { id: "run-2", threadId: "t", createdAt: at(2) });
      assert.deepEqual(await claimIds(backend, 10), []);
      await become(backend, await claimRun(backend, first.id), "cancelled");
      assert.deepEqual(await claimIds(backend, 10), ["run-2"]);
    },
  },
  {
    name: "a deleted run does not keep the others of its thread waiting",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", threadId: "t", createdAt: at(1) });
      await waitingRun(backend, { id: "run-2", threadId: "t", createdAt: at(2) });
      await backend.runs.delete(["run-1"]);
      assert.deepEqual(await claimIds(backend, 10), ["run-2"]);
    },
  },
  {
    name: "of the runs of a thread the one that was created first is active, by time and by id",
    async run(backend) {
      await queuedRun(backend, { id: "run-b", threadId: "t", createdAt: at(2) });
      await waitingRun(backend, { id: "run-a", threadId: "t", createdAt: at(2) });
      await waitingRun(backend, { id: "run-z", threadId: "t", createdAt: at(1) });
      const order: string[] = [];
      while (order.length < 3) {
        const [id = "", ...others] = await claimIds(backend, 10);
        assert.deepEqual(others, []);
        order.push(id);
        await become(backend, await stored(backend, id), "cancelled");
      }
      assert.deepEqual(order, ["run-z", "run-a", "run-b"]);
    },
  },
  {
    name: "a run that waits for its thread is claimed by its id, so that it can be cancelled",
    async run(backend) {
      await runningRun(backend, { id: "run-1", threadId: "t", createdAt: at(1) });
      await waitingRun(backend, { id: "run-2", threadId: "t", createdAt: at(2) });
      const run = await claimRun(backend, "run-2");
      assert.equal((await become(backend, run, "cancelled")).status, "cancelled");
      assert.equal((await stored(backend, "run-1")).status, "running");
    },
  },
  {
    name: "a run that may wait still needs a thread of its own viewer",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", threadId: "t", viewer: "ann" });
      const other = newRun({ id: "run-2", threadId: "t", viewer: "bob" });
      await assert.rejects(backend.runs.create(other, queued(), { mayWait: true }), NotFoundError);
    },
  },
  {
    name: "one that may not wait is told the active run, not one that waits",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", threadId: "t", createdAt: at(1) });
      await waitingRun(backend, { id: "run-2", threadId: "t", createdAt: at(2) });
      await assert.rejects(
        backend.runs.create(newRun({ id: "run-3", threadId: "t" }), queued()),
        (error) => error instanceof ThreadBusyError && error.runId === "run-1",
      );
    },
  },
  {
    name: "the place in the queue counts the queued runs that were created before",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", createdAt: at(1) });
      await queuedRun(backend, { id: "run-3", createdAt: at(3) });
      await queuedRun(backend, { id: "run-2", createdAt: at(2), viewer: "ann" });
      await runningRun(backend, { id: "running", createdAt: at(0) });
      await endedRun(backend, { id: "ended", createdAt: at(0) });
      const positions = async (...runIds: string[]) =>
        Promise.all(runIds.map((runId) => backend.runs.queuePosition(runId)));
      assert.deepEqual(await positions("run-1", "run-2", "run-3"), [1, 2, 3]);
      assert.deepEqual(await positions("running", "ended", "nobody"), [null, null, null]);
      await become(backend, await claimRun(backend, "run-1"), "running");
      assert.deepEqual(await positions("run-1", "run-2", "run-3"), [null, 1, 2]);
    },
  },
  {
    name: "a run that is claimed and not started yet keeps its place in the queue",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", createdAt: at(1) });
      await queuedRun(backend, { id: "run-2", createdAt: at(2) });
      await claimRun(backend, "run-1");
      assert.equal(await backend.runs.queuePosition("run-1"), 1);
      assert.equal(await backend.runs.queuePosition("run-2"), 2);
    },
  },
];
