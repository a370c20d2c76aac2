import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import { at } from "../fixtures.ts";
import { become, endedRun, ids, interruptedRun, queuedRun, runningRun } from "../steps.ts";

/** What retention asks for: the runs that have ended. */
export const ending: readonly ContractCase<Backend>[] = [
  {
    name: "ended runs come in the order of their end, at most as many as asked for, and no others",
    async run(backend) {
      await endedRun(backend, { id: "run-1", createdAt: at(1) }, { finishedAt: at(20) });
      await endedRun(backend, { id: "run-2", createdAt: at(2) }, { finishedAt: at(10) });
      await endedRun(backend, { id: "run-3", createdAt: at(3) }, { finishedAt: at(30) });
      await queuedRun(backend, { id: "run-4", createdAt: at(4) });
      await runningRun(backend, { id: "run-5", createdAt: at(5) });
      await interruptedRun(backend, { id: "run-6", createdAt: at(6) });
      const { runs } = backend;
      assert.deepEqual(ids(await runs.ended({ limit: 10 })), ["run-2", "run-1", "run-3"]);
      assert.deepEqual(ids(await runs.ended({ limit: 2 })), ["run-2", "run-1"]);
      assert.deepEqual(await runs.ended({ limit: 0 }), []);
    },
  },
  {
    name: "runs count as ended before a time only if they ended earlier",
    async run(backend) {
      await endedRun(backend, { id: "run-1" }, { finishedAt: at(20) });
      await endedRun(backend, { id: "run-2" }, { finishedAt: at(10) });
      const before = async (time: Date) =>
        ids(await backend.runs.ended({ before: time, limit: 10 }));
      assert.deepEqual(await before(at(10)), []);
      assert.deepEqual(await before(at(11)), ["run-2"]);
      assert.deepEqual(await before(at(20)), ["run-2"]);
      assert.deepEqual(await before(new Date(at(20).getTime() + 1)), ["run-2", "run-1"]);
    },
  },
  {
    name: "an ended run is the one that get returns, however it ended",
    async run(backend) {
      const ended = [
        await endedRun(backend, { id: "run-1" }, { finishedAt: at(1), output: { pages: 3 } }),
        await become(backend, await runningRun(backend, { id: "run-2" }), "failed", {
          finishedAt: at(2),
          error: { code: "RUN_FAILED", message: "No whales" },
        }),
        await become(backend, await runningRun(backend, { id: "run-3" }), "cancelled", {
          finishedAt: at(3),
        }),
      ];
      assert.deepEqual(await backend.runs.ended({ limit: 10 }), ended);
    },
  },
  {
    name: "a run whose log was emptied is passed over by those who look for events",
    async run(backend) {
      await endedRun(backend, { id: "emptied" }, { finishedAt: at(1) });
      await endedRun(backend, { id: "trimmed" }, { finishedAt: at(2) });
      await endedRun(backend, { id: "whole" }, { finishedAt: at(3) });
      await backend.events.trim("emptied", 4);
      await backend.events.trim("trimmed", 3);
      const { runs } = backend;
      const found = ids(await runs.ended({ hasEvents: true, limit: 10 }));
      assert.deepEqual(found, ["trimmed", "whole"]);
      assert.deepEqual(ids(await runs.ended({ hasEvents: true, limit: 1 })), ["trimmed"]);
      assert.deepEqual(await runs.ended({ hasEvents: true, before: at(2), limit: 10 }), []);
      assert.equal((await runs.ended({ limit: 10 })).length, 3);
    },
  },
];
