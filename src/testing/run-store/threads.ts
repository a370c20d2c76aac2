import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import { NotFoundError, ThreadBusyError } from "../../errors.ts";
import type { ContractCase } from "../contract-case.ts";
import { at, newRun, newThread, queued } from "../fixtures.ts";
import {
  become,
  endedRun,
  ids,
  interruptedRun,
  queuedRun,
  runningRun,
  stored,
  wholeLog,
} from "../steps.ts";

/** Threads, and one run at a time on each. */
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
  {
    name: "a run brings its thread with it, named unless it has the run's own id",
    async run(backend) {
      const ofRun = { viewer: "ann", workflow: "triage", createdAt: at(5) };
      await queuedRun(backend, { ...ofRun, id: "run-1", threadId: "thread-1" });
      await queuedRun(backend, { ...ofRun, id: "run-2" });
      const expected = { ...ofRun, updatedAt: at(5) };
      assert.deepEqual(await backend.runs.getThread("thread-1"), {
        ...expected,
        id: "thread-1",
        isNamed: true,
      });
      assert.deepEqual(await backend.runs.getThread("run-2"), {
        ...expected,
        id: "run-2",
        isNamed: false,
      });
      assert.equal(await backend.runs.getThread("run-1"), undefined);
    },
  },
  {
    name: "a thread is named, and tells workflow and time of its newest run, once another follows",
    async run(backend) {
      await endedRun(backend, { id: "run-1", createdAt: at(1) });
      const next = { id: "run-2", threadId: "run-1", workflow: "triage", createdAt: at(9) };
      await queuedRun(backend, next);
      assert.deepEqual(await backend.runs.getThread("run-1"), {
        id: "run-1",
        viewer: null,
        workflow: "triage",
        isNamed: true,
        createdAt: at(1),
        updatedAt: at(9),
      });
    },
  },
  {
    name: "a refused run leaves its thread as it was",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", createdAt: at(1) });
      const before = await backend.runs.getThread("run-1");
      const other = newRun({ id: "run-2", threadId: "run-1", createdAt: at(2) });
      await assert.rejects(backend.runs.create(other, queued()), ThreadBusyError);
      assert.deepEqual(await backend.runs.getThread("run-1"), before);
    },
  },
  {
    name: "a thread may be created before its first run, once, and is one viewer's from then on",
    async run(backend) {
      const thread = newThread({ id: "thread-1", viewer: "ann" });
      assert.equal(await backend.runs.createThread(thread), true);
      const again = newThread({ id: "thread-1", viewer: "bob" });
      assert.equal(await backend.runs.createThread(again), false);
      assert.deepEqual(await backend.runs.getThread("thread-1"), thread);
      await assert.rejects(
        backend.runs.create(newRun({ threadId: "thread-1", viewer: "bob" }), queued()),
        NotFoundError,
      );
      await queuedRun(backend, { threadId: "thread-1", viewer: "ann" });
    },
  },
  {
    name: "threads are listed newest first, by viewer, in pages",
    async run(backend) {
      for (const [i, viewer] of ["ann", "bob", null, "ann", "ann"].entries()) {
        await backend.runs.createThread(
          newThread({ id: `thread-${i}`, viewer, createdAt: at(Math.floor(i / 2)) }),
        );
      }
      const list = async (viewer: string | null | undefined, first: number, after?: string) => {
        const { threads: found, hasMore } = await backend.runs.listThreads(
          { viewer },
          { first, after },
        );
        return [...ids(found), hasMore];
      };
      const all = ["thread-4", "thread-3", "thread-2", "thread-1", "thread-0", false];
      assert.deepEqual(await list(undefined, 10), all);
      assert.deepEqual(await list(null, 10), ["thread-2", false]);
      assert.deepEqual(await list("ann", 2), ["thread-4", "thread-3", true]);
      assert.deepEqual(await list("ann", 2, "thread-3"), ["thread-0", false]);
      // The thread after which a page begins need not be the viewer's.
      assert.deepEqual(await list("ann", 2, "thread-1"), ["thread-0", false]);
      assert.deepEqual(await list("ann", 2, "nobody"), [false]);
      assert.deepEqual(await list(undefined, 0), [true]);
    },
  },
  {
    name: "a deleted thread is forgotten with its runs and their logs, and no others",
    async run(backend) {
      for (const id of ["run-1", "run-2", "run-3"]) {
        await endedRun(backend, { id, threadId: id === "run-3" ? "thread-2" : "thread-1" });
      }
      await backend.runs.deleteThread("thread-1");
      await backend.runs.deleteThread("nobody");
      assert.equal(await backend.runs.getThread("thread-1"), undefined);
      for (const id of ["run-1", "run-2"]) {
        assert.equal(await backend.runs.get(id), undefined);
        assert.deepEqual(await wholeLog(backend, id), []);
      }
      assert.deepEqual(ids((await backend.runs.list({}, { first: 10 })).runs), ["run-3"]);
      assert.equal((await wholeLog(backend, "run-3")).length, 3);
      await queuedRun(backend, { id: "run-1", threadId: "thread-1", viewer: "bob" });
    },
  },
  {
    name: "a thread is not deleted while one of its runs has not ended",
    async run(backend) {
      await endedRun(backend, { id: "run-1", threadId: "thread-1" });
      const busy = await interruptedRun(backend, { id: "run-2", threadId: "thread-1" });
      await assert.rejects(
        backend.runs.deleteThread("thread-1"),
        (error) => error instanceof ThreadBusyError && error.runId === busy.id,
      );
      assert.deepEqual(await stored(backend, "run-2"), busy);
      assert.equal((await wholeLog(backend, "run-1")).length, 3);
    },
  },
];
