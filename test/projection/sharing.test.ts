import { callerFor, NOBODY, type Caller } from "../../src/access/caller.ts";
import { ANN, BOB } from "../support/callers.ts";
import type { ExecutionResult } from "graphql";
import { expect, test } from "vitest";
import type { Format } from "../../src/projection/frame.ts";
import { Operation } from "../../src/projection/operation.ts";
import { resultJson } from "../../src/projection/result-json.ts";
import { written } from "../../src/testing/index.ts";
import { untilCollected } from "../support/collect-garbage.ts";
import { itemOf } from "../support/event-pages.ts";
import { range } from "../support/stepped.ts";

const FORMAT: Format = { name: "json", write: resultJson };
const RUN = { id: "run-1", createdAt: new Date(0), workflow: "report" };

/** Whose selection reads two variables; results are the variables that it is executed with. */
function operation(): Operation {
  return new Operation({
    execute: (_item, _context, variables): ExecutionResult => ({ data: { variables } }),
    variables: ["a", "b"],
    present: (error) => error,
  });
}

/** One request, and what it would have to differ in for its results to differ. */
interface Asking {
  readonly run?: string;
  readonly createdAt?: Date;
  readonly format?: string;
  readonly caller?: Caller;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

function acquire(
  of: Operation,
  {
    run: id = "run-1",
    createdAt = RUN.createdAt,
    format = "json",
    caller = NOBODY,
    variables,
  }: Asking,
) {
  return of.acquire(
    { ...RUN, id, createdAt },
    { ...FORMAT, name: format },
    { contextValue: { caller }, variableValues: variables },
  );
}

const ADMIN = { id: "ann", permissions: ["admin"] };

const SHARED: readonly (readonly [what: string, one: Asking, other: Asking])[] = [
  [
    "one's token ends before the other's",
    { caller: { ...ANN, expiresAt: new Date(1) } },
    { caller: { ...ANN, expiresAt: new Date(2) } },
  ],
  ["all is the same", { variables: { a: 1 } }, { variables: { a: 1 } }],
  [
    "variables differ that the selection does not read, as cursors do",
    { variables: { a: 1, after: "1" } },
    { variables: { after: "2", a: 1 } },
  ],
  ["there are no variables, in whatever way that is said", {}, { variables: {} }],
];

test.each(SHARED)("two watchers share a projection when %s", (_what, one, other) => {
  const shared = operation();
  expect(acquire(shared, one)).toBe(acquire(shared, other));
});

const APART: typeof SHARED = [
  ["a variable", { variables: { a: 1 } }, { variables: { a: 2 } }],
  ["the type of a variable's value", { variables: { a: 1 } }, { variables: { a: "1" } }],
  ["which variable has the value", { variables: { a: 1 } }, { variables: { b: 1 } }],
  ["whether a variable is left out or null", { variables: {} }, { variables: { a: null } }],
  ["the run", { run: "run-1" }, { run: "run-2" }],
  [
    "when the run was created, the one before it having been deleted",
    {},
    { createdAt: new Date(1) },
  ],
  ["the format", { format: "json" }, { format: "event-stream" }],
  ["the viewer", { caller: ANN }, { caller: BOB }],
  ["the viewer's tenant", { caller: ANN }, { caller: callerFor({ id: "ann", tenant: "a" }) }],
  ["what a viewer may do", { caller: ANN }, { caller: { ...ANN, viewer: ADMIN } }],
  ["whether there is a viewer", {}, { caller: callerFor({ id: "null" }) }],
  ["whether one is shown the run alone", { caller: ANN }, { caller: { ...ANN, watches: "run-1" } }],
];

test.each(APART)(
  "two watchers do not share a projection when they differ in %s",
  (_w, one, other) => {
    const shared = operation();
    expect(acquire(shared, one)).not.toBe(acquire(shared, other));
  },
);

test("a variable that was left out stays so, that its default value may hold", async () => {
  const left = acquire(operation(), { variables: { a: 1, after: "2" } });
  const frame = await left.frameOf(itemOf(written(1, null)));
  expect(JSON.parse(frame.bytes.toString())).toMatchObject({
    data: { variables: { a: 1, "(given)": true } },
  });
  expect(frame.bytes.toString()).not.toMatch(/"b"|"after"/);
});

test("whoever comes once all have left begins anew", () => {
  const shared = operation();
  const all = range(1, 50).map(() => acquire(shared, {}));
  expect(new Set(all).size).toBe(1);
  for (const one of all.slice(1)) shared.release(one);
  expect(acquire(shared, {})).toBe(all[0]);
  for (const one of all.slice(0, 2)) shared.release(one);
  expect(acquire(shared, {})).not.toBe(all[0]);
});

test("the last to leave frees all that was kept", async () => {
  const shared = operation();
  // In a function of its own: a variable would hold what it refers to.
  const comeAndGo = async (run: string): Promise<readonly WeakRef<object>[]> => {
    const [one, other] = [acquire(shared, { run }), acquire(shared, { run })] as const;
    const frame = await one.frameOf(itemOf(written(1, null)));
    shared.release(one);
    shared.release(other);
    return [new WeakRef(one), new WeakRef(frame)];
  };
  const references = await Promise.all(range(1, 20).map((run) => comeAndGo(String(run))));
  await untilCollected(references.flat());
  // It is still there, for others to come.
  expect(acquire(shared, {}).watchers).toBe(1);
});
