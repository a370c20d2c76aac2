import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Backend } from "../../src/backend.ts";
import { memory } from "../../src/backends/memory/index.ts";
import {
  backendContract,
  eventLogContract,
  runStoreContract,
  wakeupsContract,
} from "../../src/testing/index.ts";

const CONTRACT = [...runStoreContract, ...eventLogContract, ...wakeupsContract, ...backendContract];

test("each promise has a name of its own", () => {
  const names = CONTRACT.map((promise) => promise.name);
  expect(names).toEqual([...new Set(names)]);
});

// oxlint-disable-next-line vitest/expect-expect -- the cases assert
test("the contracts ask no backend to answer at once, nor in the order it was asked", async () => {
  await Promise.all(
    CONTRACT.map((promise) => promise.run(distant(memory({ checkpoints: false })))),
  );
});

/** The same backend behind a network: requests and answers take a while, and overtake each other. */
function distant(backend: Backend): Backend {
  const wakeups = delayed(backend.wakeups);
  return {
    ...backend,
    runs: delayed(backend.runs),
    events: delayed(backend.events),
    wakeups: {
      notify: (topic) => void travel().then(() => backend.wakeups.notify(topic)),
      subscribe: (topic, listener) => wakeups.subscribe(topic, listener),
    },
  };
}

function delayed<T extends object>(port: T): T {
  return new Proxy(port, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (...args: unknown[]): Promise<unknown> => {
        await travel();
        try {
          return await method.apply(target, args);
        } finally {
          await travel();
        }
      };
    },
  });
}

async function travel(): Promise<void> {
  for (let i = Math.random() * 5; i > 0; i--) await setImmediate();
}
