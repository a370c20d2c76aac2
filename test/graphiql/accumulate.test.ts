import { expect, test } from "vitest";
import { accumulate } from "../../src/graphiql/accumulate.ts";
import type { ArrivedResult, ShownResult } from "../../src/graphiql/accumulate.ts";

const event = (seq: number): ArrivedResult => ({ data: { workflowEvents: { seq } } });
const events = (from: number, to: number): ArrivedResult[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

test("a subscription is shown as one result with a list of all its events", () => {
  expect(accumulate({}, events(1, 3))).toEqual({
    data: { workflowEvents: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] },
  });
});

test("events stand under the response key, which may be an alias", () => {
  expect(accumulate({}, [{ data: { mine: 1 } }, { data: { mine: 2 } }])).toEqual({
    data: { mine: [1, 2] },
  });
});

test("later events are added to those already shown, which do not change", () => {
  const before = accumulate({}, events(1, 2));
  const copy = structuredClone(before);
  expect(accumulate(before, [event(3)]).data?.["workflowEvents"]).toHaveLength(3);
  expect(before).toEqual(copy);
});

test("however the results are batched, the same is shown", () => {
  const all = [
    ...events(1, 7),
    { data: null, errors: [{ message: "lost" }], extensions: { seq: 8 } },
  ];
  const oneByOne = all.reduce<ShownResult>((shown, one) => accumulate(shown, [one], 5), {});
  expect(accumulate({}, all, 5)).toEqual(oneByOne);
});

test("errors of any result are collected beside the events", () => {
  const first = { message: "first" };
  const last = { message: "last" };
  expect(accumulate({}, [{ errors: [first] }, event(1), { data: null, errors: [last] }])).toEqual({
    data: { workflowEvents: [{ seq: 1 }] },
    errors: [first, last],
  });
});

test("an event that is null is an event", () => {
  expect(accumulate({}, [{ data: { workflowEvents: null } }])).toEqual({
    data: { workflowEvents: [null] },
  });
});

test("the extensions of the last result that has some are kept", () => {
  const shown = accumulate({}, [{ extensions: { seq: 1 } }, { extensions: { seq: 2 } }, event(3)]);
  expect(shown.extensions).toEqual({ seq: 2 });
});

test("only the newest 1,000 events are shown, and the number of older ones", () => {
  const shown = accumulate(accumulate({}, events(1, 1_500)), events(1_501, 10_000));
  expect(shown.olderEventsNotShown).toBe(9_000);
  expect(shown.data?.["workflowEvents"]).toHaveLength(1_000);
  expect(shown.data?.["workflowEvents"]?.[0]).toEqual({ seq: 9_001 });
  expect(shown.data?.["workflowEvents"]?.at(-1)).toEqual({ seq: 10_000 });
});

test("the number of older events stands first, and is absent while every event is shown", () => {
  expect(Object.keys(accumulate({}, events(1, 4), 3))).toEqual(["olderEventsNotShown", "data"]);
  expect(accumulate({}, events(1, 3), 3)).not.toHaveProperty("olderEventsNotShown");
});

test("errors are bounded like events", () => {
  const failures = [1, 2, 3].map((seq) => ({ data: null, errors: [{ message: `${seq}` }] }));
  expect(accumulate({}, failures, 2)).toEqual({ errors: [{ message: "2" }, { message: "3" }] });
});
