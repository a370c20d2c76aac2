import type { Client, ClientOptions, SubscribePayload } from "graphql-ws";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { WebSocket } from "ws";
import { reconnectOptions, resumable, type ResumableOptions } from "../../src/client/index.ts";
import { startProxy } from "../cli/run/tcp-proxy.ts";
import { createRandom } from "../runs/ingest/random.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { eventOf, runIdOf, seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { EVERYTHING, following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect, watch } from "../support/web-socket.ts";
import { sentBy, type SentOperations } from "./sent-operations.ts";
import { STOCK_CLIENTS } from "./stock-clients.ts";

/** What a run has beside what its node writes: queued, running, started; finished, changes, succeeded. */
const OWN_EVENTS = 6;

/** How many connections die at random in each test of that. */
const ROUNDS = 5;

/** A seed of its own in every run of the tests, unless one is given to repeat a failure. */
const SEED = Number(process.env["SEED"] ?? 1);

let gates: Gates;
let service: RunningService;
let sent: SentOperations;
const clients: Client[] = [];

beforeEach(async () => {
  gates = createGates();
  const failing = graphOf(async ({ config }) => {
    await gates.of(String(config.configurable?.["run_id"])).pass(config.signal);
    throw new Error("No more paper");
  });
  service = await startService({ workflows: { steps: steppedGraph(gates), failing } });
  sent = sentBy(service);
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  await service[Symbol.asyncDispose]();
});

function resumableClient(
  options?: ResumableOptions,
  clientOptions: Partial<ClientOptions> = {},
): Client {
  const { retryAttempts, shouldRetry } = reconnectOptions;
  const stock = connect(service.wsUrl, { retryAttempts, shouldRetry, ...clientOptions });
  const client = resumable(stock, options);
  clients.push(client);
  return client;
}

const killSocket = (): void => service.sockets.at(-1)?.terminate();

describe.each(Object.entries(STOCK_CLIENTS))("%s over a resumable client", (_name, follow) => {
  test("sees exactly 1..n on each of several subscriptions, whose socket dies at random moments", async () => {
    for (const seed of range(SEED, SEED + ROUNDS - 1)) {
      const random = createRandom(seed);
      const client = resumableClient();
      const counts = [12 + random.int(20), 12 + random.int(20)];
      const watching = counts.map(async (count) => {
        const runId = await startRun(service.url, "steps", { count });
        const gate = gates.of(runId);
        const all: unknown[] = [];
        const again: unknown[] = [];
        const quiet: unknown[] = [];
        await Promise.all([
          follow(client, following(runId), ({ seq }) => {
            all.push(seq);
            gate.open(random.int(4));
            if (random.chance(0.2)) killSocket();
            gate.open();
          }),
          follow(client, following(runId), ({ seq }) => again.push(seq)),
          follow(client, following(runId, { select: "... on StateUpdate { seq }" }), ({ seq }) =>
            quiet.push(seq),
          ),
        ]);
        expect(all, `seed ${seed}`).toEqual(range(1, count + OWN_EVENTS));
        expect(again, `seed ${seed}`).toEqual(all);
        expect(quiet, `seed ${seed}`).toEqual([count + 5]);
      });
      await Promise.all(watching);
    }
    expect(service.sockets.length).toBeGreaterThan(ROUNDS * 2);
  });

  test("starts one run with runWorkflow, and goes on with it", async () => {
    const client = resumableClient();
    const seqs: unknown[] = [];
    const runIds = new Set<unknown>();
    const operation = {
      query: `subscription {
        runWorkflow(input: { steps: { count: 8 } }) { __typename ... on RunEvent { seq runId } }
      }`,
    };
    await follow(client, operation, ({ seq, runId }) => {
      seqs.push(seq);
      runIds.add(runId);
      if (seqs.length % 3 === 0) killSocket();
      gates.of(String(runId)).open();
    });
    expect(seqs).toEqual(range(1, 8 + OWN_EVENTS));
    expect(runIds.size).toBe(1);
  });
});

test("a run that ended while the client was away is delivered to its end", async () => {
  const client = resumableClient();
  const runId = await startRun(service.url, "steps", { count: 4 });
  const seqs: number[] = [];
  for await (const result of watch(client, following(runId))) {
    seqs.push(seqOf(result));
    if (seqs.length !== 3) continue;
    killSocket();
    gates.of(runId).open(Infinity);
    await until(() => service.sockets.length > 1);
  }
  expect(seqs).toEqual(range(1, 4 + OWN_EVENTS));
});

test("a run that fails while the client is away is told once, whatever the operation names", async () => {
  const client = resumableClient();
  const runId = await startRun(service.url, "failing", {});
  const select = "... on NodeEvent { phase }";
  const results: Result[] = [];
  for await (const result of watch(client, following(runId, { select }))) {
    results.push(result);
    if (results.length > 1) continue;
    killSocket();
    gates.of(runId).open();
  }
  expect(results.map(({ errors }) => errors?.[0]?.extensions?.["code"])).toEqual([
    undefined,
    undefined,
    "RUN_FAILED",
  ]);
});

test("queries and mutations go out and come back as they are", async () => {
  const client = resumableClient();
  const extensions = { trace: "1" };
  const results = await collect(client, { query: "{ workflows { name } }", extensions });
  expect(results.length).toBe(1);
  expect(sent.operations.at(-1)?.extensions).toEqual(extensions);
});

test("other extensions of an operation stay beside the cursor", async () => {
  const client = resumableClient();
  const runId = await startRun(service.url, "steps", { count: 1 });
  const operation = { ...following(runId), extensions: { trace: "1" } };
  for await (const result of watch(client, operation)) {
    if (seqOf(result) !== 3) continue;
    killSocket();
    gates.of(runId).open();
  }
  expect(sent.operations.map((each) => each.extensions)).toEqual([
    { trace: "1" },
    { trace: "1", resume: { runId, cursor: expect.stringMatching(/^3\./) as unknown } },
  ]);
});

test("a client that iterates and leaves unsubscribes", async () => {
  const client = resumableClient();
  const runId = await startRun(service.url, "steps", { count: 1 });
  const results = watch(client, following(runId));
  await results.next();
  const waiting = [results.next(), results.next(), results.next()];
  await results.return?.();
  expect((await Promise.all(waiting)).at(-1)).toEqual({ done: true, value: undefined });
  await until(() => sent.completed.length === 1);
});

test("an expired cursor is refused to the sink with its code", async () => {
  const client = resumableClient();
  const runId = await startRun(service.url, "steps", { count: 1 });
  await expect(collect(client, following(runId, { after: 50 }))).rejects.toMatchObject([
    { extensions: { code: "CURSOR_EXPIRED", reason: "REWOUND" } },
  ]);
});

describe("whatever a socket says", () => {
  let sockets: WebSocket[];
  let client: Client;
  let runId: string;

  beforeEach(async () => {
    sockets = [];
    client = resumableClient({}, { generateID: () => "1" });
    client.on("opened", (socket) => sockets.push(socket as WebSocket));
    runId = await startRun(service.url, "steps", { count: 8 });
  });

  /** Has a socket of the client say once more what it has said, or say it as another event. */
  function say(socket: WebSocket | undefined, result: object, seq: number): void {
    const payload = { ...result, extensions: { runId, seq, cursor: `${seq}.1.${runId}` } };
    socket?.emit("message", Buffer.from(JSON.stringify({ id: "1", type: "next", payload })));
  }

  test("after it was terminated, the next one goes on where it was", async () => {
    const seqs: number[] = [];
    for await (const result of watch(client, following(runId))) {
      seqs.push(seqOf(result));
      gates.of(runId).open();
      if (seqs.length === 3) client.terminate();
      if (seqs.length === 6) say(sockets[0], result, 9);
    }
    expect(sockets.length).toBe(2);
    expect(seqs).toEqual(range(1, 8 + OWN_EVENTS));
  });

  test("twice, it is delivered once", async () => {
    const seqs: number[] = [];
    for await (const result of watch(client, following(runId))) {
      seqs.push(seqOf(result));
      gates.of(runId).open();
      if (seqs.length < 20) say(sockets[0], result, seqOf(result));
    }
    expect(seqs).toEqual(range(1, 8 + OWN_EVENTS));
  });

  test("to one who has left, it is not delivered", async () => {
    const seqs: number[] = [];
    await new Promise<void>((resolve, reject) => {
      const leave = client.subscribe<Result["data"], Result["extensions"]>(following(runId), {
        next(result) {
          seqs.push(seqOf(result));
          if (seqs.length < 3) return;
          leave();
          say(sockets[0], result, 4);
        },
        error: reject,
        complete: resolve,
      });
    });
    expect(seqs).toEqual([1, 2, 3]);
  });
});

test("a server that no longer answers is left, with keepAlive, and the stream goes on elsewhere", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await using proxy = await startProxy(service.wsUrl);
  const client = resumableClient({}, { url: proxy.url, keepAlive: 1_000 });
  const runId = await startRun(service.url, "steps", { count: 2 });
  const seqs: number[] = [];
  const watching = (async () => {
    for await (const result of watch(client, following(runId))) {
      seqs.push(seqOf(result));
      if (seqs.length !== 3) continue;
      proxy.freeze();
      gates.of(runId).open(Infinity);
    }
  })();
  await inTime(watching, 100);
  expect(proxy.connections).toBe(2);
  expect(seqs).toEqual(range(1, 2 + OWN_EVENTS));
});

describe("on a quiet, filtered stream", () => {
  const CHANGES = { select: "... on StateUpdate { changes }" };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  });

  test("a client comes back with the cursor of the last ping, before anything has come", async () => {
    const client = resumableClient();
    const runId = await startRun(service.url, "steps", { count: 1 });
    const results = collect(client, following(runId, CHANGES));
    await until(() => sent.operations.length === 1 && gates.of(runId).arrivals === 1);
    await passTimeUntil(() => sent.pongs.length > 0);
    killSocket();
    await until(() => sent.operations.length === 2);
    expect(sent.operations.map(resumedAt)).toEqual([undefined, 3]);
    gates.of(runId).open();
    expect((await inTime(results)).map(eventOf)).toEqual([{ changes: { done: true } }]);
  });

  test("two that have had nothing yet leave alone the pings that may be the other's", async () => {
    const client = resumableClient();
    const runIds = [
      await startRun(service.url, "steps", { count: 1 }),
      await startRun(service.url, "steps", { count: 1 }),
    ];
    const results = runIds.map((runId) => collect(client, following(runId, CHANGES)));
    await passTimeUntil(() => sent.pongs.length === 2);
    killSocket();
    await until(() => sent.operations.length === 4);
    expect(sent.operations.map(resumedAt)).toEqual([undefined, undefined, undefined, undefined]);
    for (const runId of runIds) gates.of(runId).open();
    const changes = (await inTime(Promise.all(results))).flat().map(eventOf);
    expect(changes).toEqual([{ changes: { done: true } }, { changes: { done: true } }]);
  });

  test("each of several subscriptions keeps to its own pings, on one run or on two", async () => {
    const client = resumableClient();
    const [one, two] = [
      await startRun(service.url, "steps", { count: 2 }),
      await startRun(service.url, "steps", { count: 1 }),
    ];
    // The first has had its first event, so its pings are its own beyond doubt.
    const heard: number[] = [];
    const PROGRESS = { select: "... on ProgressEvent { seq }" };
    const followed = (async () => {
      for await (const result of watch(client, following(one, PROGRESS))) heard.push(seqOf(result));
    })();
    const quiet = collect(client, following(one, CHANGES));
    const other = collect(client, following(two, CHANGES));
    gates.of(one).open();
    await until(() => heard.length === 1);
    gates.of(two).open();
    await inTime(other);
    await passTimeUntil(() => sent.pongs.length > 1);
    killSocket();
    await until(() => sent.operations.length === 5);
    // 4 is the event it has had; the quiet one is alone among those without an event.
    expect(sent.operations.slice(3).map(resumedAt)).toEqual([4, 4]);
    gates.of(one).open();
    await inTime(followed);
    expect(heard).toEqual([4, 5]);
    expect((await inTime(quiet)).map(seqOf)).toEqual([7]);
  });
});

describe("after a reload", () => {
  const START: SubscribePayload = {
    query: `subscription { runWorkflow(input: { steps: { count: 4 } }) { ${EVERYTHING} } }`,
  };
  let kept: Map<string, string>;

  beforeEach(() => {
    kept = new Map();
  });

  /** A page of its own, with the storage that all pages share. */
  function openPage(afterReload?: "replay" | "continue"): Client {
    return resumableClient({
      storage: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => kept.set(key, value),
        removeItem: (key) => kept.delete(key),
      },
      key: ({ query }) => (query.includes("runWorkflow") ? query : undefined),
      afterReload,
    });
  }

  /** Watches until `seq` has come, then closes the page. */
  async function watchUntil(client: Client, seq: number): Promise<string> {
    return new Promise((resolve, reject) => {
      let runId = "";
      client.subscribe<Result["data"], Result["extensions"]>(START, {
        next(result) {
          runId = runIdOf(result);
          // From 3 on every event of its node takes one pass.
          if (seqOf(result) >= seq) void client.dispose();
          else if (seqOf(result) >= 3) gates.of(runId).open();
        },
        error: reject,
        complete: () => resolve(runId),
      });
    });
  }

  test("a subscription goes on with its run, and receives all of it by default", async () => {
    const runId = await watchUntil(openPage(), 5);
    gates.of(runId).open(Infinity);
    const results = await collect(openPage(), START);
    expect(new Set(results.map(runIdOf))).toEqual(new Set([runId]));
    expect(results.map(seqOf)).toEqual(range(1, 4 + OWN_EVENTS));
  });

  test("a page that keeps its view receives what comes after the last result it was given", async () => {
    const runId = await watchUntil(openPage("continue"), 5);
    gates.of(runId).open(Infinity);
    const results = await collect(openPage("continue"), START);
    expect(new Set(results.map(runIdOf))).toEqual(new Set([runId]));
    expect(results.map(seqOf)).toEqual(range(6, 4 + OWN_EVENTS));
  });

  test("of a run that has ended nothing is kept, and the next subscription starts another", async () => {
    const runId = await watchUntil(openPage(), 5);
    gates.of(runId).open(Infinity);
    const page = openPage();
    await collect(page, START);
    expect(kept).toEqual(new Map());
    const { value } = (await watch(page, START).next()) as { readonly value: Result };
    expect(runIdOf(value)).not.toBe(runId);
  });

  test("a run that is gone is refused as NOT_FOUND, and forgotten", async () => {
    kept.set(START.query, JSON.stringify({ runId: "gone", seq: 0, cursor: "0.0.gone" }));
    await expect(collect(openPage(), START)).rejects.toMatchObject([
      { extensions: { code: "NOT_FOUND" } },
    ]);
    expect(kept).toEqual(new Map());
  });

  test("a subscription that was left is found again", async () => {
    const page = openPage();
    let runId: string | undefined;
    for await (const result of watch(page, START)) {
      runId = runIdOf(result);
      if (seqOf(result) === 2) break;
    }
    const { value } = (await watch(page, START).next()) as { readonly value: Result };
    expect(runIdOf(value)).toBe(runId);
  });

  test("storage that cannot be used costs the memory, and not the stream", async () => {
    const refuse = (): never => {
      throw new Error("QuotaExceededError");
    };
    const client = resumableClient({
      storage: { getItem: refuse, setItem: refuse, removeItem: refuse },
      key: () => "run",
    });
    const runId = await startRun(service.url, "steps", { count: 1 });
    gates.of(runId).open();
    expect((await collect(client, following(runId))).map(seqOf)).toEqual(range(1, 1 + OWN_EVENTS));
  });
});

/** Moves faked timers on now and then, so that what happens in between gets its turns. */
function passTimeUntil(isTrue: () => boolean, stepMs = 1_000): Promise<void> {
  let turns = 0;
  return until(() => {
    if (++turns % 20 === 0) vi.advanceTimersByTime(stepMs);
    return isTrue();
  });
}

/** What comes of a promise while faked time passes. */
async function inTime<T>(promise: Promise<T>, stepMs?: number): Promise<T> {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  promise.then(settle, settle);
  await passTimeUntil(() => isSettled, stepMs);
  return promise;
}

function resumedAt({ extensions }: SubscribePayload): number | undefined {
  const { cursor } = (extensions?.["resume"] ?? {}) as { readonly cursor?: string };
  return cursor === undefined ? undefined : Number.parseInt(cursor);
}
