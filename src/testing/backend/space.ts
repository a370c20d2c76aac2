import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import { queued, statusChanged, written } from "../fixtures.ts";
import { queuedRun } from "../steps.ts";

const RUNS = 100;

/** What is stored, and what is given back. */
export const space: readonly ContractCase<Backend>[] = [
  {
    name: "runs that are deleted leave no bytes behind",
    async run(backend) {
      const before = await backend.storedBytes();
      await fill(backend);
      const grown = (await backend.storedBytes()) - before;
      assert.ok(grown > RUNS * 10_000, `${grown} bytes for ${RUNS} runs`);
      await backend.runs.delete(Array.from({ length: RUNS }, (_, i) => `run-${i}`));
      const left = (await backend.storedBytes()) - before;
      assert.ok(left < grown / 10, `${left} bytes are left of ${grown}`);
    },
  },
  {
    name: "a log that is emptied gives its bytes back, and its run stays",
    async run(backend) {
      const before = await backend.storedBytes();
      await fill(backend);
      const grown = (await backend.storedBytes()) - before;
      for (let i = 0; i < RUNS; i++) await backend.events.trim(`run-${i}`, 4);
      const left = (await backend.storedBytes()) - before;
      assert.ok(left < grown / 2, `${left} bytes are left of ${grown}`);
      assert.equal((await backend.runs.list({}, { first: 1 })).runs[0]?.lastSeq, 3);
    },
  },
];

/** Ended runs with logs of 10 KB each. */
async function fill(backend: Backend): Promise<void> {
  for (let i = 0; i < RUNS; i++) {
    const { id } = await queuedRun(backend, { id: `run-${i}` });
    await backend.runs.claim({ owner: "worker-1", leaseMs: 60_000, limit: 1, runId: id });
    await backend.events.append(
      id,
      [written(queued().seq + 1, "x".repeat(10_000)), statusChanged(3, "cancelled")],
      { after: 1, epoch: 1, patch: { status: "cancelled" } },
    );
  }
}
