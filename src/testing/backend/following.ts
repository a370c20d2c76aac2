import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import { statusChanged, writtenBatch } from "../fixtures.ts";
import { become, eventually, runningRun, seqs, wholeLog } from "../steps.ts";

/** Log and wake-ups together: what following a run rests on. */
export const following: readonly ContractCase<Backend>[] = [
  {
    name: "who listens first and reads then misses nothing, however the two fall between appends",
    async run(backend) {
      const run = await runningRun(backend);
      const total = 40;
      const write = async () => {
        for (let after = 2; after < total; after++) {
          await backend.events.append(run.id, writtenBatch(after, 1), { after, epoch: 1 });
          backend.wakeups.notify(run.id);
        }
      };
      const follow = async () => {
        const seen: number[] = [];
        while (seen.length < total) {
          let isWoken = false;
          const unsubscribe = await backend.wakeups.subscribe(run.id, () => {
            isWoken = true;
          });
          const page = await backend.events.read(run.id, { after: seen.length, limit: 7 });
          seen.push(...seqs(page.events));
          if (seen.length === page.lastSeq && seen.length < total) {
            await eventually("a wake-up follows each append", () => isWoken || undefined);
          }
          unsubscribe();
        }
        return seen;
      };
      const [, ...readers] = await Promise.all([write(), follow(), follow(), follow()]);
      const whole = Array.from({ length: total }, (_, i) => i + 1);
      for (const seen of readers) assert.deepEqual(seen, whole);
    },
  },
  {
    name: "who comes late to a run that ended reads how it ended, and that nothing follows",
    async run(backend) {
      for (const status of ["succeeded", "failed", "cancelled"] as const) {
        const run = await become(backend, await runningRun(backend, { id: status }), status);
        const page = await backend.events.read(run.id, { after: 2, limit: 10 });
        assert.deepEqual(page, {
          events: [statusChanged(3, status)],
          oldestSeq: 1,
          lastSeq: 3,
          closed: true,
        });
        assert.equal((await wholeLog(backend, run.id)).length, 3);
      }
    },
  },
];
