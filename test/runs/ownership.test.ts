import { describe, expect, test, vi } from "vitest";
import { Access } from "../../src/access/access.ts";
import type { AccessRequest, Action } from "../../src/access/authorize.ts";
import { callerFor, NOBODY, type Caller } from "../../src/access/caller.ts";
import type { Engine } from "../../src/runs/engine.ts";
import { ANN, BOB } from "../support/callers.ts";
import { counter } from "../support/counter.ts";
import { ended, interrupted, startEngine, startRun, statuses } from "../support/engine.ts";
import { questions } from "../support/questions.ts";

const ELSEWHERE = callerFor({ id: "ann", tenant: "elsewhere" });

/** All that one can do with a run that waits for an answer, or with its thread. */
const WITH_A_RUN: Readonly<Partial<Record<Action, Act>>> = {
  read: (engine, caller) => engine.get("r", caller),
  watch: (engine, caller) => engine.watch("r", caller),
  share: (engine, caller) => engine.createWatchToken("r", 60, caller),
  resume: (engine, caller) => engine.resume("r", [], caller),
  cancel: (engine, caller) => engine.cancel("r", caller),
};

/** The same for a thread whose runs have ended. */
const WITH_A_THREAD: Readonly<Partial<Record<Action, Act>>> = {
  readThread: (engine, caller) => engine.threads.get("t", caller),
  updateThread: (engine, caller) =>
    engine.threads.update({ threadId: "t", caller, values: { add: 1 } }),
  forkThread: (engine, caller) => engine.threads.fork({ threadId: "t", caller }),
  continue: (engine, caller) => engine.continue({ threadId: "t", caller }),
  start: (engine, caller) => startRun(engine, { threadId: "t", caller }),
  deleteThread: (engine, caller) => engine.threads.delete("t", caller),
};

type Act = (engine: Engine, caller: Caller) => Promise<unknown>;

const allOf = (acts: Readonly<Partial<Record<Action, Act>>>) =>
  Object.entries(acts) as readonly (readonly [Action, Act])[];

/** Ann's run `r`, which waits for an answer. */
async function waiting(access?: Access) {
  const started = startEngine(questions(["a"]), access ? { access } : {});
  const { engine } = started;
  await interrupted(engine, await startRun(engine, { caller: ANN, runId: "r" }));
  return started;
}

/** Ann's thread `t`, on which a run has ended. */
async function idle(access?: Access) {
  const started = startEngine(counter, access ? { access } : {});
  const { engine } = started;
  await ended(engine, await startRun(engine, { caller: ANN, threadId: "t", input: { add: 1 } }));
  return started;
}

const OTHERS: readonly (readonly [who: string, Caller])[] = [
  ["another viewer", BOB],
  ["the same id in another tenant", ELSEWHERE],
  ["nobody", NOBODY],
  ["the bearer of a watch token for another run", { ...ANN, watches: "other" }],
];

describe.each(OTHERS)("%s", (_who, caller) => {
  const refusals = caller.watches === undefined ? ["NOT_FOUND"] : ["NOT_FOUND", "FORBIDDEN"];

  test("finds a run of others in no way, and changes nothing", async () => {
    const { engine } = await waiting();
    const before = await engine.get("r", ANN);
    for (const [action, act] of allOf(WITH_A_RUN)) {
      const error: unknown = await act(engine, caller).catch((thrown: unknown) => thrown);
      expect(refusals, action).toContain((error as { readonly code?: unknown }).code);
    }
    expect(await engine.get("r", ANN)).toEqual(before);
  });

  test("finds a thread of others in no way, and changes nothing", async () => {
    const { engine } = await idle();
    const state = () => engine.threads.get("t", ANN).then((t) => engine.threads.state(t, ANN));
    const before = await state();
    for (const [action, act] of allOf(WITH_A_THREAD)) {
      const error: unknown = await act(engine, caller).catch((thrown: unknown) => thrown);
      expect(refusals, action).toContain((error as { readonly code?: unknown }).code);
    }
    expect(await state()).toEqual(before);
  });
});

test("what others started is in nobody else's lists", async () => {
  const { engine } = await idle();
  for (const caller of [BOB, ELSEWHERE, NOBODY]) {
    expect((await engine.list({}, { first: 10 }, caller)).runs).toEqual([]);
    expect((await engine.list({ threadId: "t" }, { first: 10 }, caller)).runs).toEqual([]);
    expect((await engine.threads.list({ first: 10 }, caller)).threads).toEqual([]);
  }
});

describe("a run id that is taken", () => {
  const requests: readonly (readonly [what: string, input: { readonly add: number }])[] = [
    ["the same input", { add: 1 }],
    ["another input", { add: 2 }],
  ];

  test.each(requests)(
    "is a conflict for others, with %s: it tells nothing",
    async (_what, input) => {
      const { engine } = startEngine(counter);
      await ended(engine, await startRun(engine, { caller: ANN, runId: "r", input: { add: 1 } }));
      const error: unknown = await startRun(engine, { caller: BOB, runId: "r", input }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: "RUN_CONFLICT", extensions: { runId: "r" } });
      expect(Object.keys((error as { readonly extensions: object }).extensions)).toEqual([
        "code",
        "runId",
      ]);
    },
  );

  test("tells nothing either when a thread is to go on under it", async () => {
    const { engine } = startEngine(counter, { workflows: { other: counter } });
    const theirs = { caller: ANN, runId: "r", workflow: "other", input: { add: 1 } };
    await ended(engine, await startRun(engine, theirs));
    const mine = await startRun(engine, { caller: BOB, threadId: "t", input: { add: 1 } });
    await ended(engine, mine);
    await expect(engine.continue({ caller: BOB, threadId: "t", runId: "r" })).rejects.toMatchObject(
      { code: "RUN_CONFLICT" },
    );
  });
});

/** A policy that a test changes as it goes on. */
interface ChangingPolicy {
  /** @default nothing */
  refused: (request: AccessRequest) => boolean;
  readonly asked: AccessRequest[];
  readonly access: Access;
}

function changing(): ChangingPolicy {
  const asked: AccessRequest[] = [];
  const policy: ChangingPolicy = {
    refused: () => false,
    asked,
    access: new Access({
      isAuthenticated: true,
      authorize: (_viewer, request) => {
        asked.push(request);
        return !policy.refused(request);
      },
    }),
  };
  return policy;
}

describe("what the operator refuses", () => {
  /** Allows all but one action. */
  const allBut = (refused: Action) => {
    const asked: AccessRequest[] = [];
    const access = new Access({
      isAuthenticated: true,
      authorize: (_viewer, request) => {
        asked.push(request);
        return request.action !== refused;
      },
    });
    return { access, asked };
  };

  // Without `read` there would be no telling that it waits.
  test.each(allOf(WITH_A_RUN).filter(([action]) => action !== "read"))(
    "with a run is FORBIDDEN: %s",
    async (action, act) => {
      const { access, asked } = allBut(action);
      const { engine } = await waiting(access);
      await expect(act(engine, ANN)).rejects.toMatchObject({ code: "FORBIDDEN" });
      expect(asked).toContainEqual({ action, workflow: "work", runId: "r", threadId: "r" });
    },
  );

  test.each(allOf(WITH_A_THREAD).filter(([action]) => action !== "start"))(
    "with a thread is FORBIDDEN: %s",
    async (action, act) => {
      const { access, asked } = allBut(action);
      const { engine } = await idle(access);
      await expect(act(engine, ANN)).rejects.toMatchObject({ code: "FORBIDDEN" });
      expect(asked).toContainEqual({ action, workflow: "work", threadId: "t" });
    },
  );

  test("is not asked about where it is somebody else's", async () => {
    const authorize = vi.fn(() => true);
    const { engine } = await waiting(new Access({ isAuthenticated: true, authorize }));
    authorize.mockClear();
    for (const [, act] of allOf(WITH_A_RUN)) {
      await expect(act(engine, BOB)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    expect(authorize).not.toHaveBeenCalled();
  });

  test("is not started, neither as such nor to be read nor to be watched", async () => {
    for (const [refused, request] of [
      ["start", {}],
      ["read", {}],
      ["watch", { isWatched: true }],
    ] as const) {
      const { engine } = startEngine(counter, { access: allBut(refused).access });
      await expect(startRun(engine, { caller: ANN, runId: "r", ...request })).rejects.toMatchObject(
        { code: "FORBIDDEN" },
      );
      await expect(engine.get("r", ANN)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
  });

  test("is asked about by a start with the run and the thread that it would show", async () => {
    const { access, asked } = allBut("cancel");
    const { engine } = startEngine(counter, { access });
    const { id, threadId } = await startRun(engine, { caller: ANN, input: { add: 1 } });
    expect(asked).toEqual([
      { action: "start", workflow: "work", runId: undefined, threadId: undefined },
      { action: "read", workflow: "work", runId: id, threadId },
    ]);
    asked.length = 0;
    const watched = await startRun(engine, { caller: ANN, runId: "w", isWatched: true });
    expect(asked.map(({ action, runId }) => [action, runId])).toEqual([
      ["start", "w"],
      ["watch", watched.id],
    ]);
  });

  test("is not found again by a start under its id", async () => {
    const policy = changing();
    const { engine } = await waiting(policy.access);
    policy.refused = ({ action, threadId }) => action === "read" && threadId === "r";
    for (const request of [{}, { threadId: "r" }]) {
      const again = startRun(engine, { caller: ANN, runId: "r", ...request });
      await expect(again).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    policy.refused = ({ action }) => action === "watch";
    const watched = { caller: ANN, runId: "r", isWatched: true };
    await expect(startRun(engine, watched)).rejects.toMatchObject({ code: "FORBIDDEN" });
    policy.refused = () => false;
    expect(await startRun(engine, watched)).toMatchObject({ id: "r" });
  });

  test.each(["resume", "cancel"] as const)(
    "with a run that may not be read is FORBIDDEN, and nothing is done: %s",
    async (action) => {
      const policy = changing();
      const { engine } = await waiting(policy.access);
      const before = await engine.get("r", ANN);
      policy.refused = ({ action: asked }) => asked === "read";
      const act = WITH_A_RUN[action]?.(engine, ANN);
      await expect(act).rejects.toMatchObject({ code: "FORBIDDEN" });
      policy.refused = () => false;
      expect(await engine.get("r", ANN)).toEqual(before);
    },
  );

  test.each(["updateThread", "forkThread"] as const)(
    "with a thread that may not be read is FORBIDDEN, and nothing is done: %s",
    async (action) => {
      const policy = changing();
      const { engine } = await idle(policy.access);
      const seen = async () => {
        const { threads } = await engine.threads.list({ first: 9 }, ANN);
        return Promise.all(threads.map((thread) => engine.threads.state(thread, ANN)));
      };
      const before = await seen();
      policy.refused = ({ action: asked }) => asked === "readThread";
      const act = WITH_A_THREAD[action]?.(engine, ANN);
      await expect(act).rejects.toMatchObject({ code: "FORBIDDEN" });
      policy.refused = () => false;
      expect(await seen()).toEqual(before);
    },
  );

  test("is no copy either: a fork that could not be read is not made", async () => {
    const { access, asked } = allBut("deleteThread");
    const { engine } = await idle(access);
    asked.length = 0;
    await engine.threads.fork({ threadId: "t", caller: ANN, newThreadId: "copy" });
    expect(asked.map(({ action, threadId }) => [action, threadId])).toEqual([
      ["forkThread", "t"],
      ["readThread", "t"],
      ["readThread", "copy"],
    ]);
  });

  test("is not cancelled by a run that replaces it, whichever workflow that is of", async () => {
    const policy = changing();
    const workflows = { other: counter };
    const { engine } = startEngine(questions(["a"]), { access: policy.access, workflows });
    const on = { caller: ANN, threadId: "t" } as const;
    const first = await interrupted(engine, await startRun(engine, { ...on, runId: "first" }));
    await startRun(engine, { ...on, runId: "second", whenBusy: "enqueue" });
    policy.refused = ({ action, runId }) => action === "cancel" && runId === "first";
    const replacing = { ...on, workflow: "other", runId: "new", whenBusy: "replace" } as const;
    await expect(startRun(engine, replacing)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await statuses(engine, first)).toEqual(["interrupted"]);
    expect(await engine.get("second", ANN)).toMatchObject({ status: "queued" });
    await expect(engine.get("new", ANN)).rejects.toMatchObject({ code: "NOT_FOUND" });

    policy.refused = () => false;
    policy.asked.length = 0;
    await startRun(engine, replacing);
    expect(policy.asked.filter(({ action }) => action === "cancel")).toEqual(
      ["second", "first"].map((runId) => ({
        action: "cancel",
        workflow: "work",
        runId,
        threadId: "t",
      })),
    );
  });

  test("is not asked about a run of somebody else's that a run would replace", async () => {
    const policy = changing();
    const { engine } = await waiting(policy.access);
    policy.asked.length = 0;
    const replacing = { caller: BOB, threadId: "r", whenBusy: "replace" } as const;
    await expect(startRun(engine, replacing)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(policy.asked.map(({ action }) => action)).not.toContain("cancel");
  });

  test("is not asked about by a run that would replace others and has none to replace", async () => {
    const { engine } = startEngine(counter, { access: allBut("cancel").access });
    const request = { caller: ANN, threadId: "t", whenBusy: "replace", input: { add: 1 } } as const;
    expect(await ended(engine, await startRun(engine, request))).toMatchObject({
      status: "succeeded",
    });
  });

  test("is left out of lists, whose pages are full all the same", async () => {
    const policy = changing();
    const { engine } = startEngine(counter, {
      access: policy.access,
      workflows: { secret: counter },
    });
    for (let i = 0; i < 9; i++) {
      const workflow = i % 3 === 0 ? "work" : "secret";
      const { run } = await engine.start({
        caller: ANN,
        workflow,
        input: { add: i },
        runId: `r${i}`,
        threadId: `t${i}`,
      });
      await ended(engine, run);
    }
    policy.refused = ({ action, workflow }) =>
      workflow === "secret" && (action === "read" || action === "readThread");
    const page = await engine.list({}, { first: 2 }, ANN);
    expect([page.runs.map(({ id }) => id), page.hasMore]).toEqual([["r6", "r3"], true]);
    const rest = await engine.list({}, { first: 2, after: "r3" }, ANN);
    expect([rest.runs.map(({ id }) => id), rest.hasMore]).toEqual([["r0"], false]);
    const threads = await engine.threads.list({ first: 5 }, ANN);
    expect(threads.threads.map(({ id }) => id)).toEqual(["t6", "t3", "t0"]);
  });
});

test("nodes learn who asked, by the names of LangGraph's server", async () => {
  const seen: unknown[] = [];
  const { graphOf } = await import("../support/graphs.ts");
  const { engine } = startEngine(
    graphOf(({ config }) => {
      const { langgraph_auth_user, langgraph_auth_user_id } = config.configurable ?? {};
      seen.push([langgraph_auth_user, langgraph_auth_user_id]);
    }),
  );
  for (const caller of [ANN, ELSEWHERE, NOBODY]) {
    await ended(engine, await startRun(engine, { caller }));
  }
  expect(seen).toEqual([
    [{ identity: "ann" }, "ann"],
    [{ identity: "ann", tenant: "elsewhere" }, "ann"],
    [undefined, undefined],
  ]);
});
