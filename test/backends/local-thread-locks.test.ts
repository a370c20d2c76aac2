import { expect, test } from "vitest";
import { LocalThreadLocks } from "../../src/backends/local-thread-locks.ts";
import { createGate } from "../support/gate.ts";

test("what is done to a thread is done one after the other, and to others meanwhile", async () => {
  const locks = new LocalThreadLocks();
  const gate = createGate();
  const log: string[] = [];
  const task = (name: string) => async () => {
    log.push(`${name} begins`);
    await gate.pass();
    log.push(`${name} ends`);
    return name;
  };
  const results = [
    locks.run("t", task("a")),
    locks.run("t", task("b")),
    locks.run("other", task("c")),
  ];
  expect(log).toEqual(["a begins", "c begins"]);
  gate.open(Infinity);
  expect(await Promise.all(results)).toEqual(["a", "b", "c"]);
  expect(log.indexOf("a ends")).toBeLessThan(log.indexOf("b begins"));
});

test("a task that fails keeps nobody from the thread", async () => {
  const locks = new LocalThreadLocks();
  const failing = locks.run("t", () => Promise.reject(new Error("no")));
  const next = locks.run("t", async () => "yes");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("yes");
  expect(await locks.run("t", async () => "again")).toBe("again");
});
