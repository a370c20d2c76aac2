import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turns } from "../../src/events/turns.ts";

function readers(turns: Turns) {
  const gone: string[] = [];
  return {
    gone,
    wait: (place: string, name: string) =>
      turns.wait(place, { onChange: () => void gone.push(name) }),
  };
}

test("those who are behind go on in the order in which they came, one in each turn of the event loop", async () => {
  const { gone, wait } = readers(new Turns());
  for (const name of ["a", "b", "c"]) wait(`run-${name} 1`, name);
  expect(gone).toEqual([]);
  for (const expected of [["a"], ["a", "b"], ["a", "b", "c"]]) {
    await setImmediate();
    expect(gone).toEqual(expected);
  }
});

test("those at one place go on together", async () => {
  const { gone, wait } = readers(new Turns());
  wait("run-1 7", "a");
  wait("run-1 8", "b");
  wait("run-1 7", "c");
  await setImmediate();
  expect(gone).toEqual(["a", "c"]);
});

test("one that is behind again at once comes after those who wait", async () => {
  const turns = new Turns();
  const gone: string[] = [];
  const greedy = {
    onChange: () => {
      gone.push("greedy");
      if (gone.length < 4) turns.wait("run-1 1", greedy);
    },
  };
  turns.wait("run-1 1", greedy);
  turns.wait("run-2 1", { onChange: () => void gone.push("other") });
  for (let turn = 0; turn < 4; turn++) await setImmediate();
  expect(gone).toEqual(["greedy", "other", "greedy", "greedy"]);
});
