import assert from "node:assert/strict";
import type { Backend } from "../backend.ts";
import type { ContractCase } from "./contract-case.ts";
import { eventually } from "./steps.ts";

/** What every `Wakeups` promises. Each case takes a backend that holds nothing. */
export const wakeupsContract: readonly ContractCase<Backend>[] = [
  {
    name: "a wake-up reaches every listener of its topic",
    async run({ wakeups }) {
      const calls = new Set<string>();
      const stop = await Promise.all([
        wakeups.subscribe("run-1", () => calls.add("first")),
        wakeups.subscribe("run-1", () => calls.add("second")),
      ]);
      wakeups.notify("run-1");
      await eventually("both are called", () => calls.size === 2 || undefined);
      for (const unsubscribe of stop) unsubscribe();
    },
  },
  {
    name: "listeners are not called while notify runs",
    async run({ wakeups }) {
      let calls = 0;
      const unsubscribe = await wakeups.subscribe("run-1", () => calls++);
      wakeups.notify("run-1");
      assert.equal(calls, 0);
      await eventually("it is called", () => calls || undefined);
      unsubscribe();
    },
  },
  {
    name: "after a burst of notifications, a listener is called once the last is in",
    async run({ wakeups }) {
      let latest = 0;
      let seen = 0;
      const unsubscribe = await wakeups.subscribe("run-1", () => {
        seen = latest;
      });
      for (let i = 1; i <= 100; i++) {
        latest = i;
        wakeups.notify("run-1");
        if (i % 30 === 0) await Promise.resolve();
      }
      await eventually("the last is seen", () => seen === 100 || undefined);
      unsubscribe();
    },
  },
  {
    name: "each of many notifications, one after the other, arrives",
    async run({ wakeups }) {
      let calls = 0;
      const unsubscribe = await wakeups.subscribe("run-1", () => calls++);
      for (let i = 0; i < 20; i++) {
        const before = calls;
        wakeups.notify("run-1");
        await eventually("it is called again", () => calls > before || undefined);
      }
      unsubscribe();
    },
  },
  {
    name: "what a listener itself notifies of arrives as well",
    async run({ wakeups }) {
      let calls = 0;
      const unsubscribe = await wakeups.subscribe("run-1", () => {
        if (++calls < 3) wakeups.notify("run-1");
      });
      wakeups.notify("run-1");
      await eventually("it is called three times", () => calls >= 3 || undefined);
      unsubscribe();
    },
  },
  {
    name: "wake-ups of other topics do not arrive",
    async run({ wakeups }) {
      let strays = 0;
      const topics = ["run-11", "run", "RUN-1", "run-1 ", ""];
      const stop = await Promise.all(topics.map((t) => wakeups.subscribe(t, () => strays++)));
      await settled(wakeups, "run-1");
      assert.equal(strays, 0);
      for (const unsubscribe of stop) unsubscribe();
    },
  },
  {
    name: "a topic may be any string, however odd or long",
    async run({ wakeups }) {
      const topics = [
        `run:${"x".repeat(199)}`,
        `run:${"x".repeat(199)}y`,
        `a "b" 'c' $1; --`,
        "ü/🐋",
      ];
      for (const topic of topics) await settled(wakeups, topic);
    },
  },
  {
    name: "nothing arrives after unsubscribing, not even what is under way",
    async run({ wakeups }) {
      let calls = 0;
      const unsubscribe = await wakeups.subscribe("run-1", () => calls++);
      wakeups.notify("run-1");
      unsubscribe();
      wakeups.notify("run-1");
      await settled(wakeups, "run-1");
      assert.equal(calls, 0);
    },
  },
  {
    name: "a listener that is unsubscribed by an earlier one is not called",
    async run({ wakeups }) {
      const calls: string[] = [];
      const stop: (() => void)[] = [];
      for (const name of ["first", "second"]) {
        stop.push(
          await wakeups.subscribe("run-1", () => {
            calls.push(name);
            for (const unsubscribe of stop) unsubscribe();
          }),
        );
      }
      await settled(wakeups, "run-1");
      assert.equal(calls.length, 1);
    },
  },
  {
    name: "unsubscribing twice, or one of two, leaves the others alone",
    async run({ wakeups }) {
      let calls = 0;
      const listener = () => {
        calls++;
      };
      const first = await wakeups.subscribe("run-1", listener);
      const second = await wakeups.subscribe("run-1", listener);
      first();
      first();
      wakeups.notify("run-1");
      await eventually("the second is called", () => calls || undefined);
      second();
      const third = await wakeups.subscribe("run-1", listener);
      second();
      calls = 0;
      wakeups.notify("run-1");
      await eventually("the third is called", () => calls || undefined);
      third();
    },
  },
  {
    name: "a listener that subscribes anew each time is not called for ever by one wake-up",
    async run({ wakeups }) {
      let calls = 0;
      let unsubscribe: (() => void) | undefined;
      const again = async (): Promise<void> => {
        unsubscribe = await wakeups.subscribe("run-1", () => {
          calls++;
          unsubscribe?.();
          void again();
        });
      };
      await again();
      await settled(wakeups, "run-1");
      assert.ok(calls >= 1 && calls < 10);
      unsubscribe?.();
    },
  },
  {
    name: "a listener that throws does not keep the others from being called",
    async run({ wakeups }) {
      let calls = 0;
      const stop = [
        await wakeups.subscribe("run-1", () => {
          throw new Error("Thrown by a listener, on purpose");
        }),
        await wakeups.subscribe("run-1", () => calls++),
      ];
      wakeups.notify("run-1");
      await eventually("the other is called", () => calls === 1 || undefined);
      wakeups.notify("run-1");
      await eventually("and again", () => calls === 2 || undefined);
      for (const unsubscribe of stop) unsubscribe();
    },
  },
  {
    name: "a topic without listeners may be notified of",
    async run({ wakeups }) {
      wakeups.notify("run-1");
      await settled(wakeups, "run-1");
    },
  },
];

/** Resolves once a wake-up of `topic` has arrived: those before it have arrived, too. */
async function settled(wakeups: Backend["wakeups"], topic: string): Promise<void> {
  let isCalled = false;
  const unsubscribe = await wakeups.subscribe(topic, () => {
    isCalled = true;
  });
  wakeups.notify(topic);
  await eventually(`a wake-up of ${topic} arrives`, () => isCalled || undefined);
  unsubscribe();
}
