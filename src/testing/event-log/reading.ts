import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { RunEvent } from "../../events/run-event.ts";
import { isFinal, type Run } from "../../runs/run.ts";
import type { ContractCase } from "../contract-case.ts";
import { writtenBatch } from "../fixtures.ts";
import { become, interruptedRun, queuedRun, runningRun, seqs, stored, wholeLog } from "../steps.ts";

/** Reading pages. */
export const reading: readonly ContractCase<Backend>[] = [
  {
    name: "a page starts strictly after the given seq",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.append(run.id, writtenBatch(2, 3), { after: 2, epoch: 1 });
      const page = await backend.events.read(run.id, { after: 3, limit: 10 });
      assert.deepEqual(seqs(page.events), [4, 5]);
    },
  },
  {
    name: "a page holds at most as many events as asked for, the oldest ones",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.append(run.id, writtenBatch(2, 3), { after: 2, epoch: 1 });
      const page = await backend.events.read(run.id, { after: 1, limit: 2 });
      assert.deepEqual(seqs(page.events), [2, 3]);
      assert.equal(page.lastSeq, 5);
      assert.deepEqual(
        seqs((await backend.events.read(run.id, { after: 1, limit: 0 })).events),
        [],
      );
    },
  },
  {
    name: "pages put together are the whole log",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.append(run.id, writtenBatch(2, 23), { after: 2, epoch: 1 });
      const read: RunEvent[] = [];
      for (let after = 0; ; after = read.length) {
        const page = await backend.events.read(run.id, { after, limit: 7 });
        read.push(...page.events);
        assert.equal(page.oldestSeq, 1);
        if (read.length === page.lastSeq) break;
        assert.ok(page.events.length > 0 && page.events.length <= 7);
      }
      assert.deepEqual(read, await wholeLog(backend, run.id));
    },
  },
  {
    name: "a page after the end is empty and says where the end is",
    async run(backend) {
      const run = await runningRun(backend);
      for (const after of [2, 3, 1_000]) {
        assert.deepEqual(await backend.events.read(run.id, { after, limit: 10 }), {
          events: [],
          oldestSeq: 1,
          lastSeq: 2,
          closed: false,
        });
      }
    },
  },
  {
    name: "an unknown run reads as an empty, closed log",
    async run(backend) {
      assert.deepEqual(await backend.events.read("nobody", { after: 5, limit: 10 }), {
        events: [],
        oldestSeq: 1,
        lastSeq: 0,
        closed: true,
      });
    },
  },
  {
    name: "a log is closed when its run has ended, and not before",
    async run(backend) {
      const isClosed = async (run: Run) =>
        (await backend.events.read(run.id, { after: 0, limit: 1 })).closed;
      assert.equal(await isClosed(await queuedRun(backend, { id: "queued" })), false);
      assert.equal(await isClosed(await runningRun(backend, { id: "running" })), false);
      assert.equal(await isClosed(await interruptedRun(backend, { id: "interrupted" })), false);
      for (const status of ["succeeded", "failed", "cancelled"] as const) {
        const run = await become(backend, await runningRun(backend, { id: status }), status);
        assert.equal(await isClosed(run), true);
      }
    },
  },
  {
    name: "readers of a growing log see no gap, and see it closed only with its last event",
    async run(backend) {
      const run = await runningRun(backend);
      const total = 60;
      const write = async () => {
        for (let after = 2; after < total - 1; after++) {
          await backend.events.append(run.id, writtenBatch(after, 1), { after, epoch: 1 });
        }
        await become(backend, { ...run, lastSeq: total - 1 }, "succeeded");
      };
      const follow = async () => {
        const seen: number[] = [];
        for (;;) {
          const page = await backend.events.read(run.id, { after: seen.length, limit: 10 });
          seen.push(...seqs(page.events));
          assert.ok(seen.length <= page.lastSeq);
          if (page.closed) assert.equal(page.lastSeq, total);
          if (page.closed && seen.length === total) return seen;
          // Reading the record later must never show less than the log did.
          const record = await stored(backend, run.id);
          assert.ok(record.lastSeq >= page.lastSeq);
          assert.equal(isFinal(record.status), record.lastSeq === total);
        }
      };
      const [, ...readers] = await Promise.all([write(), follow(), follow(), follow()]);
      const whole = Array.from({ length: total }, (_, i) => i + 1);
      for (const seen of readers) assert.deepEqual(seen, whole);
    },
  },
];
