/** A program that opens a file and appends to a run until it is killed. */
import { setImmediate } from "node:timers/promises";
import { sqlite } from "../../src/backends/sqlite/index.ts";
import { newRun, queued, written } from "../../src/testing/index.ts";

const [, , path = ""] = process.argv;
const { runs, events } = await sqlite({ path });
await runs.create(newRun(), queued());
await runs.claim({ owner: "killed", leaseMs: 600_000, limit: 1 });
for (let after = 1; ; after++) {
  await events.append("run-1", [written(after + 1, "x")], { after, epoch: 1 });
  if (after === 100) process.stdout.write("held");
  await setImmediate();
}
