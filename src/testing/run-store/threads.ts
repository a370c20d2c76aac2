import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import { NotFoundError, ThreadBusyError } from "../../errors.ts";
import type { ContractCase } from "../contract-case.ts";
import { newRun, queued } from "../fixtures.ts";
import { become, endedRun, interruptedRun, queuedRun, runningRun, wholeLog } from "../steps.ts";

/** One run that has not ended in a thread. */
export const threads: readonly ContractCase<Backend>[] = [
  {
    name: "a thread is busy while its run is queued, running or interrupted",
    async run(backend) {
      const active = [
        await queuedRun(backend, { id: "queued", threadId: "thread-1" }),
        await runningRun(backend, { id: "running", threadId: "thread-2" }),
        await interruptedRun(backend, { id: "interrupted", threadId: "thread-3" }),
      ];
      for (const { id, threadId } of active) {
        await assert.rejects(
          backend.runs.create(newRun({ id: "other", threadId }), queued()),
          (error) =>
            error instanceof ThreadBusyError && error.threadId === threadId && error.runId === id,
        );
        assert.equal(await backend.runs.get("other"), undefined);
        assert.equal((await wholeLog(backend, "other")).length, 0);
      }
    },
  },
  {
    name: "a thread of another viewer does not exist, whether it is busy or not",
    async run(backend) {
      await queuedRun(backend, { id: "busy", threadId: "thread-1", viewer: "ann" });
      await endedRun(backend, { id: "ended", threadId: "thread-2", viewer: "ann" });
      for (const threadId of ["thread-1", "thread-2"]) {
        await assert.rejects(
          backend.runs.create(newRun({ id: "other", threadId, viewer: "bob" }), queued()),
          NotFoundError,
        );
      }
      await queuedRun(backend, { id: "next", threadId: "thread-2", viewer: "ann" });
    },
  },
  {
    name: "the run of a busy thread may itself be created again",
    async run(backend) {
      const run = await queuedRun(backend, { threadId: "thread-1" });
      const again = await backend.runs.create(newRun({ threadId: "thread-1" }), queued());
      assert.deepEqual(again, { run, isNew: false });
    },
  },
  {
    name: "a thread is free again when its run has ended",
    async run(backend) {
      for (const status of ["succeeded", "failed", "cancelled"] as const) {
        const run = await runningRun(backend, { id: status, threadId: "thread-1" });
        await become(backend, run, status);
      }
      await queuedRun(backend, { id: "last", threadId: "thread-1" });
    },
  },
  {
    name: "a run ends without freeing the thread for more than one other",
    async run(backend) {
      await endedRun(backend, { id: "run-1", threadId: "thread-1" });
      await queuedRun(backend, { id: "run-2", threadId: "thread-1" });
      await backend.runs.delete(["run-1"]);
      await assert.rejects(
        backend.runs.create(newRun({ id: "run-3", threadId: "thread-1" }), queued()),
        ThreadBusyError,
      );
    },
  },
  {
    name: "of simultaneous creations on one thread, one succeeds",
    async run(backend) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) =>
          backend.runs.create(newRun({ id: `run-${i}`, threadId: "thread-1" }), queued()),
        ),
      );
      const refused = outcomes.filter((outcome) => outcome.status === "rejected");
      assert.equal(refused.length, 7);
      for (const { reason } of refused) assert.ok(reason instanceof ThreadBusyError);
      assert.equal((await backend.runs.list({}, { first: 10 })).runs.length, 1);
    },
  },
];
