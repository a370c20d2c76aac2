import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import { at } from "../fixtures.ts";
import {
  become,
  claimIds,
  claimRun,
  ids,
  interruptedRun,
  LONG_LEASE_MS,
  queuedRun,
  SHORT_LEASE_MS,
  takeOver,
  waitingRun,
} from "../steps.ts";

/** Which of the waiting runs come first. */
export const fairness: readonly ContractCase<Backend>[] = [
  {
    name: "a viewer with many waiting runs does not keep another's waiting",
    async run(backend) {
      for (let i = 0; i < 5; i++) {
        await queuedRun(backend, { id: `ann-${i}`, viewer: "ann", createdAt: at(i) });
      }
      await queuedRun(backend, { id: "bob-0", viewer: "bob", createdAt: at(10) });
      await queuedRun(backend, { id: "nobody-0", viewer: null, createdAt: at(11) });
      assert.deepEqual(await claimIds(backend, 4), ["ann-0", "bob-0", "nobody-0", "ann-1"]);
      assert.deepEqual(await claimIds(backend, 10), ["ann-2", "ann-3", "ann-4"]);
    },
  },
  {
    name: "the viewer with the fewest runs under lease comes first",
    async run(backend) {
      for (let i = 0; i < 4; i++) {
        await queuedRun(backend, { id: `ann-${i}`, viewer: "ann", createdAt: at(i) });
      }
      assert.deepEqual(await claimIds(backend, 2), ["ann-0", "ann-1"]);
      await queuedRun(backend, { id: "bob-0", viewer: "bob", createdAt: at(10) });
      await queuedRun(backend, { id: "bob-1", viewer: "bob", createdAt: at(11) });
      await queuedRun(backend, { id: "bob-2", viewer: "bob", createdAt: at(12) });
      // Two of Bob's draw level with Ann's; from there on the oldest comes first.
      assert.deepEqual(await claimIds(backend, 3), ["bob-0", "bob-1", "ann-2"]);
      assert.deepEqual(await claimIds(backend, 3), ["bob-2", "ann-3"]);
    },
  },
  {
    name: "a lease that is given up or expired counts no more",
    async run(backend) {
      for (const id of ["ann-0", "ann-1", "ann-2"]) {
        await queuedRun(backend, { id, viewer: "ann", createdAt: at(1) });
      }
      await queuedRun(backend, { id: "bob-0", viewer: "bob", createdAt: at(5) });
      await become(backend, await claimRun(backend, "ann-0"), "cancelled");
      await claimRun(backend, "ann-1", { leaseMs: SHORT_LEASE_MS });
      await queuedRun(backend, { id: "probe", createdAt: at(9) });
      await claimRun(backend, "probe", { leaseMs: SHORT_LEASE_MS });
      await takeOver(backend, "probe"); // So the lease of ann-1 has expired as well.
      assert.deepEqual(await claimIds(backend, 2), ["ann-1", "bob-0"]);
    },
  },
  {
    name: "an interrupted run that is under a lease counts for its viewer",
    async run(backend) {
      const { id } = await interruptedRun(backend, { id: "ann-0", viewer: "ann" });
      await claimRun(backend, id);
      await queuedRun(backend, { id: "ann-1", viewer: "ann", createdAt: at(1) });
      await queuedRun(backend, { id: "bob-0", viewer: "bob", createdAt: at(2) });
      assert.deepEqual(await claimIds(backend, 1), ["bob-0"]);
    },
  },
  {
    name: "runs of a busy thread do not count for their viewer while they wait",
    async run(backend) {
      await queuedRun(backend, { id: "ann-0", viewer: "ann", threadId: "t", createdAt: at(0) });
      await waitingRun(backend, { id: "ann-1", viewer: "ann", threadId: "t", createdAt: at(1) });
      await queuedRun(backend, { id: "ann-2", viewer: "ann", createdAt: at(2) });
      await queuedRun(backend, { id: "bob-0", viewer: "bob", createdAt: at(3) });
      assert.deepEqual(await claimIds(backend, 10), ["ann-0", "bob-0", "ann-2"]);
    },
  },
  {
    name: "a viewer who has maxPerViewer runs under lease gets no more, and others do",
    async run(backend) {
      for (let i = 0; i < 4; i++) {
        await queuedRun(backend, { id: `ann-${i}`, viewer: "ann", createdAt: at(i) });
        await queuedRun(backend, { id: `nobody-${i}`, viewer: null, createdAt: at(10 + i) });
      }
      await queuedRun(backend, { id: "bob-0", viewer: "bob", createdAt: at(20) });
      const claim = async () =>
        ids(
          await backend.runs.claim({
            owner: "worker-1",
            leaseMs: LONG_LEASE_MS,
            limit: 10,
            maxPerViewer: 2,
          }),
        );
      assert.deepEqual(
        new Set(await claim()),
        new Set(["ann-0", "ann-1", "bob-0", "nobody-0", "nobody-1", "nobody-2", "nobody-3"]),
      );
      assert.deepEqual(await claim(), []);
      // A run that is asked for by its id is given in any case.
      await claimRun(backend, "ann-3");
    },
  },
  {
    name: "many runs of viewers who have enough do not hide those of others",
    async run(backend) {
      for (let i = 0; i < 150; i++) {
        await queuedRun(backend, { id: `ann-${i}`, viewer: "ann", createdAt: at(i) });
      }
      await queuedRun(backend, { id: "bob-0", viewer: "bob", createdAt: at(200) });
      await claimRun(backend, "ann-0");
      const claimed = await backend.runs.claim({
        owner: "worker-1",
        leaseMs: LONG_LEASE_MS,
        limit: 5,
        maxPerViewer: 1,
      });
      assert.deepEqual(ids(claimed), ["bob-0"]);
    },
  },
  {
    name: "a claim for some workflows leaves runs of others alone",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", workflow: "triage", createdAt: at(1) });
      await queuedRun(backend, { id: "run-2", workflow: "report", createdAt: at(2) });
      await queuedRun(backend, { id: "run-3", workflow: "other", createdAt: at(3) });
      const claim = async (workflows: readonly string[], runId?: string) =>
        ids(
          await backend.runs.claim({
            owner: "worker-1",
            leaseMs: LONG_LEASE_MS,
            limit: 10,
            workflows,
            runId,
          }),
        );
      assert.deepEqual(await claim([]), []);
      assert.deepEqual(await claim(["report"], "run-1"), []);
      assert.deepEqual(await claim(["report", "other", "unknown"]), ["run-2", "run-3"]);
      assert.deepEqual(await claim(["triage"]), ["run-1"]);
    },
  },
];
