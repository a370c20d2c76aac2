import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { RunFilter } from "../../runs/run-store.ts";
import type { ContractCase } from "../contract-case.ts";
import { at } from "../fixtures.ts";
import { claimIds, endedRun, ids, interruptedRun, queuedRun, runningRun } from "../steps.ts";

/** Listing in pages. */
export const listing: readonly ContractCase<Backend>[] = [
  {
    name: "runs are listed newest first, and by id within one millisecond",
    async run(backend) {
      await queuedRun(backend, { id: "run-b", createdAt: at(2) });
      await endedRun(backend, { id: "run-d", createdAt: at(1) });
      await queuedRun(backend, { id: "run-a", createdAt: at(2) });
      await runningRun(backend, { id: "run-c", createdAt: at(2) });
      await interruptedRun(backend, { id: "run-e", createdAt: new Date(at(2).getTime() + 1) });
      assert.deepEqual(await listIds(backend), ["run-e", "run-c", "run-b", "run-a", "run-d"]);
    },
  },
  {
    name: "a listed run is the one that get returns",
    async run(backend) {
      const run = await endedRun(backend, {}, { output: { pages: 3 }, finishedAt: at(9) });
      assert.deepEqual(await backend.runs.list({}, { first: 10 }), { runs: [run], hasMore: false });
    },
  },
  {
    name: "a list has more exactly when a run is left over",
    async run(backend) {
      const { runs } = backend;
      assert.deepEqual(await runs.list({}, { first: 2 }), { runs: [], hasMore: false });
      await queuedRun(backend, { id: "run-1", createdAt: at(1) });
      await queuedRun(backend, { id: "run-2", createdAt: at(2) });
      assert.equal((await runs.list({}, { first: 2 })).hasMore, false);
      await queuedRun(backend, { id: "run-0", createdAt: at(0), workflow: "other" });
      assert.equal((await runs.list({}, { first: 2 })).hasMore, true);
      assert.equal((await runs.list({ workflow: "report" }, { first: 2 })).hasMore, false);
      assert.deepEqual(await runs.list({}, { first: 0 }), { runs: [], hasMore: true });
    },
  },
  {
    name: "pages put together are the whole list, though runs come and change between them",
    async run(backend) {
      const all: string[] = [];
      for (let i = 0; i < 11; i++) {
        // Three in each millisecond.
        const createdAt = at(Math.floor(i / 3));
        all.unshift((await queuedRun(backend, { id: `run-${100 + i}`, createdAt })).id);
      }
      const seen: string[] = [];
      for (let hasMore = true; hasMore;) {
        const page = await backend.runs.list({}, { first: 2, after: seen.at(-1) });
        seen.push(...ids(page.runs));
        hasMore = page.hasMore;
        await queuedRun(backend, { id: `late-${seen.length}`, createdAt: at(60) });
        await claimIds(backend, 1);
      }
      assert.deepEqual(seen, all);
    },
  },
  {
    name: "a page after the last run, or after one that does not exist, is empty",
    async run(backend) {
      await queuedRun(backend);
      for (const after of ["run-1", "nobody"]) {
        const page = await backend.runs.list({}, { first: 10, after });
        assert.deepEqual(page, { runs: [], hasMore: false });
      }
    },
  },
  {
    name: "a list is of one viewer, of nobody, or of all",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", createdAt: at(1), viewer: "ann" });
      await queuedRun(backend, { id: "run-2", createdAt: at(2), viewer: "bob" });
      await queuedRun(backend, { id: "run-3", createdAt: at(3), viewer: null });
      await queuedRun(backend, { id: "run-4", createdAt: at(4), viewer: "ann" });
      assert.deepEqual(await listIds(backend, { viewer: "ann" }), ["run-4", "run-1"]);
      assert.deepEqual(await listIds(backend, { viewer: null }), ["run-3"]);
      assert.deepEqual(await listIds(backend, { viewer: "" }), []);
      const all = ["run-4", "run-3", "run-2", "run-1"];
      assert.deepEqual(await listIds(backend, { viewer: undefined }), all);
    },
  },
  {
    name: "a list is narrowed by workflow and by statuses, together",
    async run(backend) {
      await queuedRun(backend, { id: "run-1", createdAt: at(1) });
      await runningRun(backend, { id: "run-2", createdAt: at(2) });
      await endedRun(backend, { id: "run-3", createdAt: at(3) });
      await endedRun(backend, { id: "run-4", createdAt: at(4), workflow: "triage" });
      const active = await listIds(backend, { statuses: ["queued", "running"] });
      assert.deepEqual(active, ["run-2", "run-1"]);
      assert.deepEqual(await listIds(backend, { workflow: "triage" }), ["run-4"]);
      const both = await listIds(backend, { statuses: ["succeeded"], workflow: "report" });
      assert.deepEqual(both, ["run-3"]);
      assert.deepEqual(await listIds(backend, { statuses: [] }), []);
    },
  },
  {
    name: "a filtered list is paged like the whole",
    async run(backend) {
      for (let i = 0; i < 6; i++) {
        const viewer = i % 2 === 0 ? "ann" : "bob";
        await queuedRun(backend, { id: `run-${i}`, createdAt: at(i), viewer });
      }
      const page = async (after?: string) => {
        const { runs, hasMore } = await backend.runs.list({ viewer: "ann" }, { first: 2, after });
        return [...ids(runs), hasMore];
      };
      assert.deepEqual(await page(), ["run-4", "run-2", true]);
      assert.deepEqual(await page("run-2"), ["run-0", false]);
      // The run after which a page begins need not be in the list itself.
      assert.deepEqual(await page("run-3"), ["run-2", "run-0", false]);
    },
  },
  {
    name: "the runs of a thread are listed and paged like all others",
    async run(backend) {
      for (let i = 0; i < 5; i++) {
        const threadId = i % 2 === 0 ? "thread-1" : "thread-2";
        await endedRun(backend, { id: `run-${i}`, createdAt: at(i), threadId });
      }
      const ofThread = { threadId: "thread-1" };
      assert.deepEqual(await listIds(backend, ofThread), ["run-4", "run-2", "run-0"]);
      assert.deepEqual(await listIds(backend, { ...ofThread, statuses: ["failed"] }), []);
      assert.deepEqual(await listIds(backend, { threadId: "nobody" }), []);
      const page = await backend.runs.list(ofThread, { first: 1, after: "run-3" });
      assert.deepEqual([ids(page.runs), page.hasMore], [["run-2"], true]);
    },
  },
];

async function listIds(backend: Backend, filter: RunFilter = {}): Promise<string[]> {
  return ids((await backend.runs.list(filter, { first: 100 })).runs);
}
