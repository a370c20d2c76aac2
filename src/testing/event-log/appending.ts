import assert from "node:assert/strict";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";
import {
  eventsOfEveryKind,
  ODD_VALUES,
  queued,
  statusChanged,
  written,
  writtenBatch,
} from "../fixtures.ts";
import { queuedRun, runningRun, seqs, stored, wholeLog } from "../steps.ts";

/** Appending in order. */
export const appending: readonly ContractCase<Backend>[] = [
  {
    name: "a new run's log is open and holds its first event",
    async run(backend) {
      const run = await queuedRun(backend);
      assert.deepEqual(await backend.events.read(run.id, { after: 0, limit: 10 }), {
        events: [queued()],
        oldestSeq: 1,
        lastSeq: 1,
        closed: false,
      });
    },
  },
  {
    name: "batches are read back as one sequence, in the order of their numbers",
    async run(backend) {
      const run = await runningRun(backend);
      const first = writtenBatch(2, 3);
      const second = [written(6, "six")];
      await backend.events.append(run.id, first, { after: 2, epoch: 1 });
      await backend.events.append(run.id, second, { after: 5, epoch: 1 });
      assert.deepEqual(await wholeLog(backend, run.id), [
        queued(),
        statusChanged(2, "running"),
        ...first,
        ...second,
      ]);
      assert.equal((await stored(backend, run.id)).lastSeq, 6);
    },
  },
  {
    name: "events of every kind come back with all their fields, and with no others",
    async run(backend) {
      const run = await runningRun(backend);
      const events = eventsOfEveryKind(2);
      await backend.events.append(run.id, events, { after: 2, epoch: 1 });
      const { events: read } = await backend.events.read(run.id, { after: 2, limit: 10 });
      assert.deepEqual(read, events);
    },
  },
  {
    name: "whatever JSON can say comes back as it went in",
    async run(backend) {
      const run = await runningRun(backend);
      const events = ODD_VALUES.map((value, i) => written(3 + i, value));
      await backend.events.append(run.id, events, { after: 2, epoch: 1 });
      const { events: read } = await backend.events.read(run.id, { after: 2, limit: 100 });
      assert.deepEqual(read, events);
    },
  },
  {
    name: "what the caller does with its array after an append does not show in the log",
    async run(backend) {
      const run = await runningRun(backend);
      const batch = writtenBatch(2, 2);
      await backend.events.append(run.id, batch, { after: 2, epoch: 1 });
      batch.length = 0;
      assert.deepEqual(seqs(await wholeLog(backend, run.id)), [1, 2, 3, 4]);
    },
  },
  {
    name: "a page stays as it was when more is appended",
    async run(backend) {
      const run = await runningRun(backend);
      const page = await backend.events.read(run.id, { after: 0, limit: 10 });
      await backend.events.append(run.id, writtenBatch(2, 2), { after: 2, epoch: 1 });
      assert.deepEqual(seqs(page.events), [1, 2]);
      assert.equal(page.lastSeq, 2);
    },
  },
  {
    name: "logs of different runs do not mix",
    async run(backend) {
      const one = await runningRun(backend, { id: "run-1" });
      const two = await runningRun(backend, { id: "run-2" });
      await backend.events.append(one.id, [written(3, "one")], { after: 2, epoch: 1 });
      await backend.events.append(two.id, [written(3, "two")], { after: 2, epoch: 1 });
      assert.deepEqual((await wholeLog(backend, one.id)).at(-1), written(3, "one"));
      assert.deepEqual((await wholeLog(backend, two.id)).at(-1), written(3, "two"));
    },
  },
  {
    name: "a batch may be large",
    async run(backend) {
      const run = await runningRun(backend);
      await backend.events.append(run.id, writtenBatch(2, 5_000), { after: 2, epoch: 1 });
      const page = await backend.events.read(run.id, { after: 4_990, limit: 100 });
      assert.deepEqual(page.events, writtenBatch(4_990, 12));
      assert.equal(page.lastSeq, 5_002);
    },
  },
];
