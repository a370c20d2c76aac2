import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";

/** What those who use a backend at the same time do not do to each other. */
export const sharing: readonly ContractCase<Backend>[] = [
  {
    name: "tasks on one thread run one after the other, in order, also after one that fails",
    async run({ threadLocks }) {
      const log: string[] = [];
      const task = (name: string, fails = false) =>
        threadLocks.run("thread-1", async () => {
          log.push(`${name} begins`);
          await nextTurn();
          await nextTurn();
          log.push(`${name} ends`);
          if (fails) throw new Error(name);
          return name;
        });
      const results = await Promise.allSettled([task("a"), task("b", true), task("c")]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled"],
      );
      assert.deepEqual(log, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
    },
  },
  {
    name: "tasks on different threads do not wait for each other",
    async run({ threadLocks }) {
      const done = await threadLocks.run("thread-1", () =>
        threadLocks.run("thread-2", async () => "both"),
      );
      assert.equal(done, "both");
    },
  },
  {
    name: "ping resolves while the backend can be used",
    run: (backend) => backend.ping(),
  },
];
