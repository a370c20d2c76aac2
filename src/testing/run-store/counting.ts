import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { OpenRuns } from "../../runs/run-store.ts";
import type { ContractCase } from "../contract-case.ts";
import { at } from "../fixtures.ts";
import { become, claimRun, interruptedRun, queuedRun } from "../steps.ts";

/** How many runs have not ended. */
export const counting: readonly ContractCase<Backend>[] = [
  {
    name: "countOpen counts what has not ended, by workflow and status",
    async run(backend) {
      assert.deepEqual(await backend.runs.countOpen({}), []);
      await queuedRun(backend, { id: "run-1", createdAt: at(1) });
      await queuedRun(backend, { id: "run-2", createdAt: at(2) });
      await queuedRun(backend, { id: "run-3", workflow: "triage", createdAt: at(3) });
      await become(backend, await claimRun(backend, "run-2"), "running");
      await interruptedRun(backend, { id: "run-4", createdAt: at(4) });
      await queuedRun(backend, { id: "run-5", createdAt: at(5) });
      await become(backend, await claimRun(backend, "run-5"), "cancelled");
      assert.deepEqual(sorted(await backend.runs.countOpen({})), [
        "report interrupted 1",
        "report queued 1",
        "report running 1",
        "triage queued 1",
      ]);
    },
  },
  {
    name: "countOpen counts those of one viewer, or of nobody",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", viewer: "ann", createdAt: at(1) });
      await queuedRun(backend, { id: "run-2", viewer: "ann", createdAt: at(2) });
      await queuedRun(backend, { id: "run-3", viewer: "bob", createdAt: at(3) });
      await queuedRun(backend, { id: "run-4", viewer: null, createdAt: at(4) });
      assert.deepEqual(sorted(await backend.runs.countOpen({ viewer: "ann" })), [
        "report queued 2",
      ]);
      assert.deepEqual(sorted(await backend.runs.countOpen({ viewer: null })), ["report queued 1"]);
      assert.deepEqual(await backend.runs.countOpen({ viewer: "eve" }), []);
    },
  },
];

function sorted(counts: readonly OpenRuns[]): readonly string[] {
  return counts.map(({ workflow, status, count }) => `${workflow} ${status} ${count}`).toSorted();
}
