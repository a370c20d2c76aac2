import { START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { memory, type Backend } from "../../src/index.ts";
import { temporarySqlite } from "../backends/temporary-sqlite.ts";
import { ask, refusal } from "../support/ask.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { eventOf } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect } from "../support/web-socket.ts";

const Talk = z.object({ turn: z.string(), said: z.array(z.string()).optional() });

/** Says what it is told, and answers. */
const talk = new StateGraph({ state: Talk, input: Talk.pick({ turn: true }) })
  .addNode("listen", ({ turn, said = [] }) => ({ said: [...said, turn] }))
  .addNode("answer", ({ turn, said = [] }) => ({ said: [...said, `Re: ${turn}`] }))
  .addEdge(START, "listen")
  .addEdge("listen", "answer")
  .compile();

/** How often each node of `frail` has been run. */
let tries: { first: number; second: number };

/** Fails in its second node the first time. */
const frail = new StateGraph(z.object({ done: z.boolean().default(false) }))
  .addNode("first", () => {
    tries.first += 1;
    return {};
  })
  .addNode("second", () => {
    tries.second += 1;
    if (tries.second === 1) throw new Error("Not yet");
    return { done: true };
  })
  .addEdge(START, "first")
  .addEdge("first", "second")
  .compile();

let gates: Gates;
let backend: Backend;
let service: RunningService;

const START_RUN = `mutation ($input: WorkflowInput!, $runId: ID, $threadId: ID, $options: RunOptions) {
  startRun(input: $input, runId: $runId, threadId: $threadId, options: $options) { run { id } }
}`;

const CONTINUE = `mutation ($threadId: ID!, $runId: ID, $options: RunOptions) {
  continueThread(threadId: $threadId, runId: $runId, options: $options) {
    isNew run { id threadId input }
  }
}`;

const STATE =
  "checkpointId parentCheckpointId step source values next state { talk { said } } run { id }";

const HISTORY = `query ($id: ID!, $first: Int!, $before: ID) {
  thread(id: $id) {
    history(first: $first, before: $before) { nodes { ${STATE} } endCursor hasMore }
  }
}`;

const UPDATE = `mutation ($threadId: ID!, $values: JSON!, $asNode: String, $checkpointId: ID) {
  updateThreadState(threadId: $threadId, values: $values, asNode: $asNode, checkpointId: $checkpointId) {
    thread { id } state { ${STATE} }
  }
}`;

const FORK = `mutation ($threadId: ID!, $checkpointId: ID, $newThreadId: ID) {
  forkThread(threadId: $threadId, checkpointId: $checkpointId, newThreadId: $newThreadId) {
    thread { id isBusy workflow { name } runs { nodes { id } } state { ${STATE} } }
  }
}`;

const DELETE = "mutation ($threadId: ID!) { deleteThread(threadId: $threadId) { threadId } }";

interface State {
  readonly checkpointId: string;
  readonly parentCheckpointId: string | null;
  readonly step: number;
  readonly source: string;
  readonly values: { readonly said?: readonly string[] };
  readonly next: readonly string[];
  readonly run: { readonly id: string } | null;
}

interface History {
  readonly nodes: readonly State[];
  readonly endCursor: string | null;
  readonly hasMore: boolean;
}

async function finished(runId: string): Promise<unknown> {
  const client = connect(service.wsUrl);
  const results = await collect(
    client,
    following(runId, { select: "... on RunStatusEvent { output }" }),
  );
  await client.dispose();
  const last = results.at(-1);
  return last && eventOf(last)["output"];
}

/** Says something on the thread `talk`, and waits for the answer; gives all that has been said there. */
async function say(turn: string, options?: object, threadId = "talk"): Promise<readonly string[]> {
  const variables = { input: { talk: { turn } }, threadId, options };
  const { run } = await ask<{ run: { id: string } }>(service.url, START_RUN, variables);
  return ((await finished(run.id)) as { said: readonly string[] }).said;
}

async function goOn(threadId: string, options?: object): Promise<readonly string[]> {
  const { run } = await ask<{ run: { id: string } }>(service.url, CONTINUE, { threadId, options });
  return ((await finished(run.id)) as { said: readonly string[] }).said;
}

async function historyOf(id: string, page: object = { first: 100 }): Promise<History> {
  const { history } = await ask<{ history: History }>(service.url, HISTORY, { id, ...page });
  return history;
}

/** The newest state of the thread whose list of what was said has this length. */
async function stateWhere(said: number, next: readonly string[] = []): Promise<State> {
  const { nodes } = await historyOf("talk");
  const found = nodes.find(
    (state) => state.values.said?.length === said && String(state.next) === String(next),
  );
  if (!found) throw new Error(`No state with ${said}: ${JSON.stringify(nodes)}`);
  return found;
}

async function stateOf(id: string, checkpointId?: string): Promise<State | null> {
  const { state } = await ask<{ state: State | null }>(
    service.url,
    `query ($id: ID!, $checkpointId: ID) { thread(id: $id) { state(checkpointId: $checkpointId) { ${STATE} } } }`,
    { id, checkpointId },
  );
  return state;
}

/** Starts a run that stands still on the thread `talk`. */
async function keepBusy(): Promise<void> {
  await ask(service.url, START_RUN, {
    input: { steps: { count: 1 } },
    runId: "busy",
    threadId: "talk",
  });
  await until(() => gates.of("busy").arrivals === 1);
}

const BUSY = { code: "THREAD_BUSY", threadId: "talk", runId: "busy" };

describe.each<readonly [string, () => Backend | Promise<Backend>]>([
  ["memory", memory],
  ["SQLite", temporarySqlite],
])("on %s", (_name, open) => {
  beforeEach(async () => {
    tries = { first: 0, second: 0 };
    gates = createGates();
    backend = await open();
    const steps = steppedGraph(gates);
    service = await startService({ workflows: { talk, frail, steps }, backend });
  });
  afterEach(async () => {
    await service[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  describe("a conversation", () => {
    test("goes on over several runs of its thread, which knows them all", async () => {
      expect(await say("a")).toEqual(["a", "Re: a"]);
      expect(await say("b")).toEqual(["a", "Re: a", "b", "Re: b"]);
      const thread = await ask<{ runs: { nodes: readonly { thread: unknown }[] } }>(
        service.url,
        `{ thread(id: "talk") {
        id isBusy activeRun { id } workflow { name }
        runs { nodes { status input thread { id } } }
        state { next values state { talk { turn said } } }
      } }`,
      );
      const run = { status: "SUCCEEDED", thread: { id: "talk" } };
      expect(thread).toEqual({
        id: "talk",
        isBusy: false,
        activeRun: null,
        workflow: { name: "talk" },
        runs: {
          nodes: [
            { ...run, input: { turn: "b" } },
            { ...run, input: { turn: "a" } },
          ],
        },
        state: {
          next: [],
          values: { turn: "b", said: ["a", "Re: a", "b", "Re: b"] },
          state: { talk: { turn: "b", said: ["a", "Re: a", "b", "Re: b"] } },
        },
      });
    });

    test("can be read back state by state, newest first, in pages", async () => {
      await say("a");
      await say("b");
      const all = await historyOf("talk");
      expect(all.hasMore).toBe(false);
      expect(all.nodes.map(({ source, next }) => [source, ...next])).toEqual([
        ["LOOP"],
        ["LOOP", "answer"],
        ["LOOP", "listen"],
        ["INPUT", "__start__"],
        ["LOOP"],
        ["LOOP", "answer"],
        ["LOOP", "listen"],
        ["INPUT", "__start__"],
      ]);
      expect(new Set(all.nodes.map(({ run }) => run?.id)).size).toBe(2);
      for (const [i, { parentCheckpointId }] of all.nodes.entries()) {
        expect(parentCheckpointId).toBe(all.nodes[i + 1]?.checkpointId ?? null);
      }

      const paged: State[] = [];
      let page: History | undefined;
      while (page?.hasMore !== false) {
        page = await historyOf("talk", { first: 3, before: page?.endCursor });
        expect(page.nodes.length).toBeLessThanOrEqual(3);
        paged.push(...page.nodes);
      }
      expect(paged).toEqual(all.nodes);
    });

    test("can be looked at as it was at any checkpoint", async () => {
      await say("a");
      await say("b");
      for (const state of (await historyOf("talk")).nodes) {
        expect(await stateOf("talk", state.checkpointId)).toEqual(state);
      }
    });

    test("is taken up from an earlier state with another input, and keeps the other branch", async () => {
      await say("a");
      const { checkpointId } = await stateWhere(2);
      await say("b");
      expect(await say("c", { checkpointId })).toEqual(["a", "Re: a", "c", "Re: c"]);
      expect((await stateOf("talk"))?.values.said).toEqual(["a", "Re: a", "c", "Re: c"]);
      const { nodes } = await historyOf("talk");
      expect(nodes.map(({ values }) => values.said?.join())).toContain("a,Re: a,b,Re: b");
    });

    test("is run again from an earlier state without an input", async () => {
      await say("a");
      const { checkpointId } = await stateWhere(1, ["answer"]);
      await say("b");
      expect(await goOn("talk", { checkpointId })).toEqual(["a", "Re: a"]);
      expect((await stateOf("talk"))?.values.said).toEqual(["a", "Re: a"]);
      const { runs } = await ask<{ runs: { nodes: readonly { input: unknown }[] } }>(
        service.url,
        '{ thread(id: "talk") { runs(first: 1) { nodes { input } } } }',
      );
      expect(runs.nodes).toEqual([{ input: null }]);
    });
  });

  test("a thread whose run failed goes on where it stopped, and runs again only what had failed", async () => {
    const variables = { input: { frail: {} }, threadId: "frail" };
    const { run } = await ask<{ run: { id: string } }>(service.url, START_RUN, variables);
    await finished(run.id);
    expect(tries).toEqual({ first: 1, second: 1 });
    const again = await ask<{ isNew: boolean; run: { id: string } }>(service.url, CONTINUE, {
      threadId: "frail",
      runId: "again",
    });
    expect(again).toEqual({ isNew: true, run: { id: "again", threadId: "frail", input: null } });
    expect(await finished("again")).toEqual({ done: true });
    expect(tries).toEqual({ first: 1, second: 2 });
    expect(await ask(service.url, CONTINUE, { threadId: "frail", runId: "again" })).toMatchObject({
      isNew: false,
    });
  });

  describe("updateThreadState", () => {
    test("changes the state as a node would, and the thread goes on behind that node", async () => {
      await say("a");
      const { checkpointId } = (await stateOf("talk")) as State;
      const update = { threadId: "talk", values: { said: ["edited"] }, asNode: "listen" };
      const { state } = await ask<{ state: State }>(service.url, UPDATE, update);
      expect(state).toMatchObject({
        source: "UPDATE",
        parentCheckpointId: checkpointId,
        values: { turn: "a", said: ["edited"] },
        next: ["answer"],
        run: null,
      });
      expect(await stateOf("talk")).toEqual(state);
      expect(await goOn("talk")).toEqual(["edited", "Re: a"]);
    });

    test("builds on an earlier state where it is told to", async () => {
      await say("a");
      const { checkpointId } = await stateWhere(2);
      await say("b");
      const update = { threadId: "talk", values: { turn: "c" }, asNode: "answer", checkpointId };
      const { state } = await ask<{ state: State }>(service.url, UPDATE, update);
      expect(state).toMatchObject({
        parentCheckpointId: checkpointId,
        values: { turn: "c", said: ["a", "Re: a"] },
      });
    });

    test("is THREAD_BUSY while a run has not ended", async () => {
      await say("a");
      await keepBusy();
      expect(await refusal(service.url, UPDATE, { threadId: "talk", values: {} })).toEqual(BUSY);
      gates.of("busy").open();
    });

    test.each([
      ["values that are no object", { values: ["a"] }, ["values"]],
      ["a node that the graph has not", { values: {}, asNode: "nobody" }, ["asNode"]],
    ])("with %s is BAD_USER_INPUT", async (_what, update, path) => {
      await say("a");
      const before = await stateOf("talk");
      expect(await refusal(service.url, UPDATE, { threadId: "talk", ...update })).toMatchObject({
        code: "BAD_USER_INPUT",
        problems: [{ path }],
      });
      expect(await stateOf("talk")).toEqual(before);
    });
  });

  describe("forkThread", () => {
    test("makes a thread that goes on by itself from the state of another, which stays as it is", async () => {
      await say("a");
      const { checkpointId } = await stateWhere(2);
      await say("b");
      const fork = { threadId: "talk", checkpointId, newThreadId: "other" };
      const { thread } = await ask<{ thread: { state: State } }>(service.url, FORK, fork);
      expect(thread).toMatchObject({
        id: "other",
        isBusy: false,
        workflow: { name: "talk" },
        runs: { nodes: [] },
        state: { values: { turn: "a", said: ["a", "Re: a"] }, next: [] },
      });
      expect(await say("c", undefined, "other")).toEqual(["a", "Re: a", "c", "Re: c"]);
      expect((await stateOf("talk"))?.values.said).toEqual(["a", "Re: a", "b", "Re: b"]);
    });

    test("of a state in the middle goes on with the nodes that come next", async () => {
      await say("a");
      const { checkpointId } = await stateWhere(1, ["answer"]);
      const { thread } = await ask<{ thread: { id: string } }>(service.url, FORK, {
        threadId: "talk",
        checkpointId,
      });
      expect(thread).toMatchObject({ state: { values: { said: ["a"] }, next: ["answer"] } });
      expect(await goOn(thread.id)).toEqual(["a", "Re: a"]);
    });

    test("never writes over a thread that there is", async () => {
      await say("a");
      await say("b", undefined, "other");
      const { code } = await refusal(service.url, FORK, { threadId: "talk", newThreadId: "other" });
      expect(code).toBe("BAD_USER_INPUT");
      expect((await stateOf("other"))?.values.said).toEqual(["b", "Re: b"]);
    });
  });

  describe("deleteThread", () => {
    test("forgets the thread with its states, its runs and their events", async () => {
      await say("a");
      const { run } = (await stateOf("talk")) as { readonly run: { readonly id: string } };
      expect(await ask(service.url, DELETE, { threadId: "talk" })).toEqual({ threadId: "talk" });
      for (const query of ['{ thread(id: "talk") { id } }', `{ run(id: "${run.id}") { id } }`]) {
        expect(await refusal(service.url, query)).toEqual({ code: "NOT_FOUND" });
      }
      expect(await say("b")).toEqual(["b", "Re: b"]);
    });

    test("is THREAD_BUSY while a run has not ended", async () => {
      await keepBusy();
      expect(await refusal(service.url, DELETE, { threadId: "talk" })).toEqual(BUSY);
      gates.of("busy").open();
    });

    test("leaves the other threads alone", async () => {
      await say("a");
      await say("b", undefined, "other");
      await ask(service.url, DELETE, { threadId: "talk" });
      expect((await stateOf("other"))?.values.said).toEqual(["b", "Re: b"]);
    });
  });

  test("threads are listed newest first, in pages, those that runs made for themselves as well", async () => {
    const ids = ["a", "b", "c"];
    for (const runId of ids) {
      await ask(service.url, START_RUN, { input: { talk: { turn: "x" } }, runId });
      await finished(runId);
    }
    const query = `query ($after: String) {
    threads(first: 2, after: $after) { nodes { id } endCursor hasMore }
  }`;
    interface Page {
      readonly nodes: readonly { readonly id: string }[];
      readonly endCursor: string;
      readonly hasMore: boolean;
    }
    const first = await ask<Page>(service.url, query);
    const second = await ask<Page>(service.url, query, { after: first.endCursor });
    expect([first.hasMore, second.hasMore]).toEqual([true, false]);
    expect([...first.nodes, ...second.nodes].map(({ id }) => id)).toEqual(["c", "b", "a"]);
  });

  test("runs are listed by their thread", async () => {
    await say("a");
    await say("b", undefined, "other");
    const query = `{ runs(where: { threadId: "other" }) { nodes { input } } }`;
    expect(await ask(service.url, query)).toEqual({ nodes: [{ input: { turn: "b" } }] });
  });

  test("a checkpoint that the thread has not is NOT_FOUND", async () => {
    await say("a");
    const checkpointId = "1ef4f797-8335-6428-8001-8a1503f9b875";
    const query = `{ thread(id: "talk") { state(checkpointId: "${checkpointId}") { step } } }`;
    expect(await refusal(service.url, query)).toEqual({ code: "NOT_FOUND" });
    const options = { checkpointId };
    for (const [mutation, variables] of [
      [FORK, { checkpointId }],
      [UPDATE, { values: {}, checkpointId }],
      [CONTINUE, { options }],
      [START_RUN, { input: { talk: { turn: "b" } }, options }],
    ] as const) {
      expect(await refusal(service.url, mutation, { threadId: "talk", ...variables })).toEqual({
        code: "NOT_FOUND",
      });
    }
  });
});
