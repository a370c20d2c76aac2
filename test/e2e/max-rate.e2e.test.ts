import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGates, type Gates } from "../support/gate.ts";
import { post, postEvents, readFrames, readResults } from "../support/http.ts";
import {
  burstGraph,
  expectOnlyProgressMissing,
  expectThinnedOut,
  expectWhole,
  followingBurst,
  isProgress,
  lastOfEachTask,
  PROGRESS,
} from "../support/max-rate-burst.ts";
import { CLIENTS } from "../support/max-rate-clients.ts";
import { cursorOf, eventOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { startRun } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect, watch } from "../support/web-socket.ts";

let gates: Gates;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  service = await startService({ workflows: { burst: burstGraph(gates) } });
});
afterEach(() => service[Symbol.asyncDispose]());

/** A run that is about to begin its burst. */
async function startBurst(): Promise<string> {
  const runId = await startRun(service.url, "burst", {});
  await until(() => gates.of(runId).arrivals === 4);
  return runId;
}

/** A burst that is over, and all its results. */
async function finishedBurst(): Promise<{ runId: string; all: readonly Result[] }> {
  const runId = await startBurst();
  gates.of(runId).open(Infinity);
  const all = await readResults(await postEvents(service.url, followingBurst(runId)));
  expectWhole(all);
  return { runId, all };
}

describe.each(Object.entries(CLIENTS))("with %s", (_name, follow) => {
  test("a client that asks for 10 a second gets all else, and the last progress of every task", async () => {
    const runId = await startBurst();
    const [all, some]: [Result[], Result[]] = [[], []];
    const following = [
      follow(service, followingBurst(runId), all),
      follow(service, followingBurst(runId, 10), some),
    ];
    // Both watch before it begins.
    await until(() => all.length > 0 && some.length > 0);
    gates.of(runId).open(Infinity);
    await Promise.all(following);
    expectWhole(all);
    expectThinnedOut(some, all);
  });

  test("a run that has ended is replayed thinned out as well", async () => {
    const { runId, all } = await finishedBurst();
    const some: Result[] = [];
    await follow(service, followingBurst(runId, 10), some);
    expectThinnedOut(some, all);
  });
});

test("subscriptions of one run on one socket, each with a maxRate of its own, do not thin out each other's", async () => {
  const runId = await startBurst();
  const client = connect(service.wsUrl);
  const rates = [undefined, 0.1, 10, undefined, 10];
  const seen = rates.map((): Result[] => []);
  const following = rates.map(async (maxRate, i) => {
    for await (const result of watch(client, followingBurst(runId, maxRate))) {
      seen[i]?.push(result);
    }
  });
  await until(() => seen.every((results) => results.length > 0));
  gates.of(runId).open(Infinity);
  await Promise.all(following);
  const [all = [], ...others] = seen;
  expectWhole(all);
  for (const [i, results] of others.entries()) {
    if (rates[i + 1] === undefined) expect(results).toEqual(all);
    else expectThinnedOut(results, all);
  }
  await client.dispose();
});

test("progress that is held back comes though nothing else happens", async () => {
  const runId = await startBurst();
  const client = connect(service.wsUrl);
  const [all, some]: [Result[], Result[]] = [[], []];
  const following = [undefined, 10].map(async (maxRate) => {
    const results = maxRate === undefined ? all : some;
    for await (const result of watch(client, followingBurst(runId, maxRate))) results.push(result);
  });
  await until(() => all.length > 0 && some.length > 0);
  gates.of(runId).open(4);
  // All tasks wait in their middle.
  await until(() => gates.of(runId).arrivals === 8);
  await until(() => all.map(eventOf).filter(isProgress).length === PROGRESS / 2);
  await until(() => some.at(-1)?.extensions?.seq === all.at(-1)?.extensions?.seq);
  expect(some.length).toBeLessThan(all.length);
  gates.of(runId).open(Infinity);
  await Promise.all(following);
  expectThinnedOut(some, all);
  await client.dispose();
});

test("a client that wants nothing else gets the last progress of every task, and then the place of the end", async () => {
  const { runId, all } = await finishedBurst();
  const select = "... on ProgressEvent { __typename seq taskId current }";
  const operation = followingBurst(runId, 0.1, { select });
  const seqs: number[] = [];
  const results: Result[] = [];
  for await (const { id, event, data } of readFrames(await postEvents(service.url, operation))) {
    if (event !== "complete") seqs.push(Number.parseInt(id, 10));
    if (event === "next") results.push(JSON.parse(data ?? "") as Result);
  }
  expect(lastOfEachTask(results.map(eventOf))).toEqual(lastOfEachTask(all.map(eventOf)));
  expect(results.length).toBeLessThan(PROGRESS / 2);
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
  expect(seqs.at(-1)).toBe(all.length);
});

describe("a client that comes back with its cursor misses nothing but overtaken progress", () => {
  /** Follows a run, and goes away after each few results. */
  async function followInPieces(runId: string): Promise<readonly Result[]> {
    const client = connect(service.wsUrl);
    const results: Result[] = [];
    for (let pieces = 1, isOver = false; !isOver; pieces++) {
      const after = results.at(-1);
      isOver = true;
      const operation = followingBurst(runId, 10, { after: after && cursorOf(after) });
      for await (const result of watch(client, operation)) {
        results.push(result);
        isOver = results.length < pieces * 9;
        if (!isOver) break;
      }
    }
    await client.dispose();
    return results;
  }

  test("in a run that goes on", async () => {
    const runId = await startBurst();
    const whole = postEvents(service.url, followingBurst(runId)).then(readResults);
    const pieces = followInPieces(runId);
    gates.of(runId).open(Infinity);
    expectThinnedOut(await pieces, await whole);
  });

  test("in a run that has ended", async () => {
    const { runId, all } = await finishedBurst();
    expectThinnedOut(await followInPieces(runId), all);
  });

  test("from any place", async () => {
    const { runId, all } = await finishedBurst();
    const client = connect(service.wsUrl);
    for (const from of [1, 700, 1_500, all.length - 1]) {
      const after = all.slice(0, from).map(cursorOf).at(-1);
      const results = await collect(client, followingBurst(runId, 10, { after }));
      // In order, so nothing is sent again.
      expectOnlyProgressMissing([...all.slice(0, from), ...results], all);
    }
    await client.dispose();
  });
});

const START = `subscription ($maxRate: Float) {
  runWorkflow(input: { burst: {} }, maxRate: $maxRate) { __typename }
}`;

describe.each([0, -1, 0.09, 1_001, 1e9, "NaN", "10"])("maxRate %j is refused", (maxRate) => {
  const refusal = [{ extensions: { code: "BAD_USER_INPUT", problems: [{ path: ["maxRate"] }] } }];

  test("on a WebSocket", async () => {
    const runId = await startBurst();
    const client = connect(service.wsUrl);
    const operation = followingBurst(runId, maxRate as number);
    await expect(collect(client, operation)).rejects.toMatchObject(refusal);
    await client.dispose();
  });

  test("over HTTP", async () => {
    const runId = await startBurst();
    const response = await postEvents(service.url, followingBurst(runId, maxRate as number));
    const [result] = await readResults(response);
    expect(result?.errors).toMatchObject(refusal);
  });

  test("before a run is started", async () => {
    const response = await postEvents(service.url, { query: START, variables: { maxRate } });
    const [result] = await readResults(response);
    expect(result?.errors).toMatchObject(refusal);
    const { data } = await post(service.url, { query: "{ runs { nodes { id } } }" });
    expect(data).toEqual({ runs: { nodes: [] } });
  });
});

test.each([null, Number.NaN])("maxRate %s is as good as none: JSON has no NaN", async (maxRate) => {
  const { runId, all } = await finishedBurst();
  const operation = followingBurst(runId, maxRate as number);
  expect(await readResults(await postEvents(service.url, operation))).toEqual(all);
});

test.each([0.1, 1_000])("maxRate %d is as slow, or fast, as it may be", async (maxRate) => {
  const { runId, all } = await finishedBurst();
  const operation = followingBurst(runId, maxRate);
  const results = await readResults(await postEvents(service.url, operation));
  expectOnlyProgressMissing(results, all);
});
