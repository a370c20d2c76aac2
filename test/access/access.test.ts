import { describe, expect, test, vi } from "vitest";
import { Access } from "../../src/access/access.ts";
import type { Action, AccessRequest } from "../../src/access/authorize.ts";
import { callerFor, NOBODY, type Caller } from "../../src/access/caller.ts";
import { ANN, BOB } from "../support/callers.ts";

const NOW = new Date("2030-01-01T00:00:00Z");
const clock = (): Date => NOW;
const WATCHER: Caller = { ...ANN, watches: "r" };
const REQUEST: AccessRequest = { action: "read", workflow: "work", runId: "r", threadId: "t" };

const ACTIONS: readonly Action[] = [
  "start",
  "continue",
  "read",
  "watch",
  "resume",
  "cancel",
  "share",
  "readThread",
  "updateThread",
  "forkThread",
  "deleteThread",
];

describe("who asks", () => {
  const closed = new Access({ isAuthenticated: true, clock });
  const open = new Access({ isAuthenticated: false, clock });

  test.each<[what: string, Access, Caller, code: string | undefined]>([
    ["nobody, where that is enough", open, NOBODY, undefined],
    ["nobody, where that is not enough", closed, NOBODY, "UNAUTHENTICATED"],
    ["a viewer", closed, ANN, undefined],
    ["a viewer, where nobody need be one", open, ANN, undefined],
    ["the bearer of a watch token", closed, WATCHER, undefined],
    ["the same, of a run of nobody", closed, { ...NOBODY, watches: "r" }, undefined],
    ["a viewer until later", closed, { ...ANN, expiresAt: new Date(+NOW + 1) }, undefined],
    ["a viewer until now", closed, { ...ANN, expiresAt: NOW }, "UNAUTHENTICATED"],
    ["the same, where nobody need be one", open, { ...ANN, expiresAt: NOW }, "UNAUTHENTICATED"],
    ["a watcher until now", open, { ...WATCHER, expiresAt: NOW }, "UNAUTHENTICATED"],
  ])("%s", (_what, access, caller, code) => {
    const outcome = vi.fn(() => access.admit(caller));
    if (code === undefined) expect(outcome).not.toThrow();
    else expect(outcome).toThrow(expect.objectContaining({ code }));
    for (const admit of [() => access.admitTo("watch", caller)]) {
      if (code === undefined) expect(admit).not.toThrow();
      else expect(admit).toThrow(expect.objectContaining({ code }));
    }
  });
});

describe("the bearer of a watch token", () => {
  const access = new Access({ isAuthenticated: true, authorize: () => false });

  test.each(ACTIONS)("may %s, if that is reading or watching", (action) => {
    const isFine = action === "read" || action === "watch";
    const admit = (): void => access.admitTo(action, WATCHER);
    if (isFine) expect(admit).not.toThrow();
    else expect(admit).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
  });

  test("is shown no list", () => {
    expect(() => access.admitToList(WATCHER)).toThrow(
      expect.objectContaining({ code: "FORBIDDEN" }),
    );
  });

  test("is shown its run, and neither another of the same owner nor a thread", () => {
    const viewer = ANN.owner;
    expect(access.isTheirs({ viewer, runId: "r" }, WATCHER)).toBe(true);
    expect(access.isTheirs({ viewer, runId: "other" }, WATCHER)).toBe(false);
    expect(access.isTheirs({ viewer }, WATCHER)).toBe(false);
    expect(access.isTheirs({ viewer: BOB.owner, runId: "r" }, WATCHER)).toBe(false);
  });

  test("is not asked about: whoever gave the token away was", async () => {
    await expect(access.check(REQUEST, WATCHER)).resolves.toBeUndefined();
  });
});

test("what belongs to somebody is theirs alone, and what is nobody's is nobody's", () => {
  const access = new Access({ isAuthenticated: false });
  const owners = [
    ANN,
    BOB,
    NOBODY,
    callerFor({ id: "ann", tenant: "a" }),
    callerFor({ id: "null" }),
  ];
  for (const caller of owners) {
    for (const { owner } of owners) {
      expect(access.isTheirs({ viewer: owner, runId: "r" }, caller)).toBe(owner === caller.owner);
    }
  }
});

describe("the operator", () => {
  test("is told who wants to do what with what", async () => {
    const authorize = vi.fn(() => true);
    const access = new Access({ isAuthenticated: true, authorize });
    await access.check(REQUEST, ANN);
    await access.check(REQUEST, NOBODY);
    expect(authorize.mock.calls).toEqual([
      [ANN.viewer, REQUEST],
      [null, REQUEST],
    ]);
  });

  test.each(ACTIONS)("may refuse to let anybody %s", async (action) => {
    const access = new Access({ isAuthenticated: true, authorize: async () => false });
    await expect(access.check({ ...REQUEST, action }, ANN)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });

  test.each<[what: string, unknown]>([
    ["nothing", undefined],
    ["a text", "no"],
    ["an object", { allowed: false }],
  ])("allows nothing by answering %s", async (_what, answer) => {
    const access = new Access({ isAuthenticated: true, authorize: () => answer as boolean });
    expect(await access.allows(REQUEST, ANN)).toBe(false);
  });

  test("allows nothing by failing", async () => {
    const access = new Access({
      isAuthenticated: true,
      authorize: () => Promise.reject(new Error("The database is away")),
    });
    await expect(access.check(REQUEST, ANN)).rejects.toThrow("The database is away");
  });
});
