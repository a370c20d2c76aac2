import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import { newRun, queued } from "../fixtures.ts";
import { endedRun, queuedRun, runningRun, stored, wholeLog } from "../steps.ts";

/** Storing a new run. */
export const creating: readonly ContractCase<Backend>[] = [
  {
    name: "a stored run comes back with all its fields",
    async run({ runs }) {
      const run = newRun({
        id: "R-".padEnd(128, "_"),
        threadId: "thread 🧵/1",
        viewer: "ann@example.org",
        input: { list: [1, "two", null, { three: "\u0000" }] },
        timeoutMs: 2 ** 40,
        createdAt: new Date("2026-02-03T04:05:06.789Z"),
      });
      assert.deepEqual(await runs.create(run, queued()), { run, isNew: true });
      assert.deepEqual(await runs.get(run.id), run);
    },
  },
  {
    name: "input may be whatever JSON can say, and nobody may be the viewer",
    async run(backend) {
      for (const [i, input] of [null, "text", 0, false, [], {}].entries()) {
        const run = await queuedRun(backend, { id: `run-${i}`, input, viewer: null });
        assert.deepEqual(await backend.runs.get(run.id), run);
      }
    },
  },
  {
    name: "a run that does not exist is undefined",
    async run({ runs }) {
      assert.equal(await runs.get("nobody"), undefined);
    },
  },
  {
    name: "creating a run that exists returns that one and stores nothing",
    async run(backend) {
      const run = await runningRun(backend);
      const again = newRun({ input: "another", inputHash: "hash-2", threadId: "thread-2" });
      assert.deepEqual(await backend.runs.create(again, queued()), { run, isNew: false });
      assert.deepEqual(await stored(backend, run.id), run);
      assert.equal((await wholeLog(backend, run.id)).length, 2);
      await queuedRun(backend, { id: "run-2", threadId: "thread-2" }); // The thread is still free.
    },
  },
  {
    name: "creating a run that has ended returns it as it ended",
    async run(backend) {
      const run = await endedRun(backend);
      assert.deepEqual(await backend.runs.create(newRun(), queued()), { run, isNew: false });
    },
  },
  {
    name: "of many simultaneous creations of one run, one creates it and all return it",
    async run(backend) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          backend.runs.create(newRun({ input: `caller ${i}` }), queued()),
        ),
      );
      assert.equal(answers.filter((answer) => answer.isNew).length, 1);
      const run = await stored(backend, "run-1");
      for (const answer of answers) assert.deepEqual(answer.run, run);
      assert.deepEqual(await wholeLog(backend, "run-1"), [queued()]);
    },
  },
];
