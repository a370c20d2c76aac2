import { END, interrupt, START, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { z } from "zod";
import { PublicError, type ServiceOptions } from "../../src/index.ts";
import { createGate, type Gate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { openEventSource, post, postEvents, readFrames, readResults } from "../support/http.ts";
import { eventOf, runIdOf, seqOf, type Result } from "../support/result.ts";
import { startService } from "../support/service.ts";
import { following, range, startRun } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect, readAll, watch } from "../support/web-socket.ts";

const STATUS = "__typename ... on RunStatusEvent { runStatus error { code message } }";
const STATUS_ONLY = "... on RunStatusEvent { runStatus error { code message } output }";
const PROGRESS_ONLY = "... on ProgressEvent { current }";

type Thrower = () => void | Promise<void>;

const serviceWith = (work: Thrower, options: Partial<ServiceOptions> = {}) =>
  startService({ workflows: { work: graphOf(work) }, ...options });

/** The last event of a run, as one who names `RunStatusEvent` gets it. */
async function endOf(url: string, runId: string): Promise<Readonly<Record<string, unknown>>> {
  const operation = following(runId, { select: STATUS_ONLY });
  const results = await readResults(await postEvents(url, operation));
  expect(results.every(({ errors }) => errors === undefined)).toBe(true);
  return eventOf(results.at(-1) as Result);
}

async function cancelRun(url: string, runId: string): Promise<unknown> {
  const { data, errors } = await post(url, {
    query: "mutation ($runId: ID!) { cancelRun(runId: $runId) { run { status isFinished } } }",
    variables: { runId },
  });
  expect(errors).toBeUndefined();
  return (data?.["cancelRun"] as { readonly run: unknown }).run;
}

// oxlint-disable typescript/only-throw-error -- what JavaScript lets nodes throw
test.each<readonly [string, Thrower, string]>([
  [
    "an Error",
    () => {
      throw new Error("No such customer");
    },
    "No such customer",
  ],
  [
    "an Error without a message",
    () => {
      throw new RangeError();
    },
    "RangeError",
  ],
  [
    "a string",
    () => {
      throw "just text";
    },
    "just text",
  ],
  [
    "an object",
    () => {
      throw { reason: "odd" };
    },
    '{"reason":"odd"}',
  ],
  [
    "a number",
    () => {
      throw 42;
    },
    "42",
  ],
  [
    "null",
    () => {
      throw null;
    },
    "null",
  ],
  [
    "undefined",
    () => {
      throw undefined;
    },
    "undefined",
  ],
  [
    "a symbol",
    () => {
      throw Symbol("odd");
    },
    "Symbol(odd)",
  ],
  [
    "a function",
    () => {
      throw () => "odd";
    },
    "The node threw a function",
  ],
  [
    "a BigInt",
    () => {
      throw 10n;
    },
    "10",
  ],
  ["a rejection", () => Promise.reject(new Error("Later")), "Later"],
])("a node that throws %s fails its run, and the status says so", async (_name, work, message) => {
  await using service = await serviceWith(work);
  const runId = await startRun(service.url, "work", {});
  const error = { code: "RUN_FAILED", message };
  expect(await endOf(service.url, runId)).toEqual({ runStatus: "FAILED", error, output: null });
  const { data } = await post(service.url, {
    query: "query ($id: ID!) { run(id: $id) { status isFinished error { code message } } }",
    variables: { id: runId },
  });
  expect(data).toEqual({ run: { status: "FAILED", isFinished: true, error } });
});
// oxlint-enable typescript/only-throw-error

test("whoever does not receive the status gets the failure as a last result with an error", async () => {
  await using service = await startService({
    workflows: {
      work: graphOf(({ write }) => {
        write({ type: "progress", current: 1 });
        throw new Error("No such customer");
      }),
    },
  });
  const runId = await startRun(service.url, "work", {});
  const operation = following(runId, { select: PROGRESS_ONLY });
  const client = connect(service.wsUrl);
  const [progress, failure, ...more] = await collect(client, operation);
  expect(more).toEqual([]);
  expect(progress?.data).toEqual({ workflowEvents: { current: 1 } });
  expect(failure?.data).toBeFalsy();
  const seq = failure?.extensions?.seq ?? 0;
  expect(failure?.errors).toMatchObject([
    {
      message: "No such customer",
      path: ["workflowEvents"],
      extensions: { code: "RUN_FAILED", runId, seq, reason: "RUN_FAILED" },
    },
  ]);
  // The same over server-sent events; and the cursor of that result is the end.
  expect(await readResults(await openEventSource(service.url, operation))).toEqual([
    progress,
    failure,
  ]);
  const lastEventId = failure?.extensions?.cursor ?? "";
  expect((await openEventSource(service.url, operation, { lastEventId })).status).toBe(204);
  await client.dispose();
});

test("POST /stream ends with an error event when the run fails", async () => {
  await using service = await serviceWith(() => {
    throw new Error("No such customer");
  });
  const response = await fetch(new URL("/stream/work", service.url), {
    method: "POST",
    body: "{}",
  });
  const text = await response.text();
  expect(text).toContain('event: error\ndata: {"message":"No such customer","code":"RUN_FAILED"');
});

test("the cursor never goes back, not even where a failure stands in for an event", async () => {
  const graph = graphOf(({ write }) => {
    write({ type: "progress", current: 1 });
    throw new Error("No such customer");
  });
  await using service = await startService({ workflows: { work: graph } });
  const query =
    "subscription { runWorkflow(input: { work: {} }) { ... on ProgressEvent { seq } } }";
  const seqs: number[] = [];
  for await (const { id } of readFrames(await postEvents(service.url, { query }))) {
    seqs.push(Number.parseInt(id, 10));
  }
  expect(seqs.length).toBeGreaterThanOrEqual(3);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
});

test("exposeErrors: false hides what nodes throw from clients, and logs it; a PublicError stays", async () => {
  let thrown: Error = new Error("password=hunter2");
  await using service = await serviceWith(
    () => {
      throw thrown;
    },
    { exposeErrors: false },
  );
  const hidden = await endOf(service.url, await startRun(service.url, "work", {}));
  const message = "The workflow failed; the server's log has more under the run's id";
  expect(hidden["error"]).toEqual({ code: "RUN_FAILED", message });
  expect(service.log.join()).toContain("password=hunter2");

  thrown = new PublicError("The order is already shipped");
  const shown = await endOf(service.url, await startRun(service.url, "work", {}));
  expect(shown["error"]).toEqual({ code: "RUN_FAILED", message: thrown.message });
});

test("exposeErrors: false hides the messages in NodeEvent.error and RUN_FAILED too", async () => {
  await using service = await serviceWith(
    () => {
      throw new Error("password=hunter2");
    },
    { exposeErrors: false },
  );
  const runId = await startRun(service.url, "work", {});
  const select = "... on NodeEvent { phase error { message } }";
  const response = await postEvents(service.url, following(runId, { select }));
  expect(await response.text()).not.toContain("hunter2");
});

test("a logger that throws changes nothing about how a run ends", async () => {
  const fail = (): never => {
    throw new Error("The disk is full");
  };
  const logger = { debug: fail, info: fail, warn: fail, error: fail };
  await using service = await serviceWith(
    () => {
      throw new Error("No such customer");
    },
    { logger },
  );
  const end = await endOf(service.url, await startRun(service.url, "work", {}));
  expect(end).toMatchObject({ runStatus: "FAILED", error: { message: "No such customer" } });
});

/** A service whose node writes once, then waits; its gate tells whether it has got there. */
async function waitingService(options: Partial<ServiceOptions> = {}) {
  const gate = createGate();
  const service = await startService({
    workflows: {
      work: graphOf(async ({ write, config }) => {
        write({ type: "progress", current: 1 });
        await gate.pass(config.signal);
      }),
    },
    ...options,
  });
  return { service, gate };
}

test("cancelling a run ends it with exactly one terminal event, CANCELLED", async () => {
  const { service, gate } = await waitingService();
  await using _service = service;
  const runId = await startRun(service.url, "work", {});
  const client = connect(service.wsUrl);
  const all = collect(client, following(runId, { select: STATUS }));
  await until(() => gate.arrivals === 1);
  const cancelled = { status: "CANCELLED", isFinished: true };
  // Twice at the same time, and once more when it has ended.
  const answers = await Promise.all([cancelRun(service.url, runId), cancelRun(service.url, runId)]);
  expect([...answers, await cancelRun(service.url, runId)]).toEqual([
    cancelled,
    cancelled,
    cancelled,
  ]);
  const statuses = (await all).map((result) => eventOf(result)["runStatus"]);
  expect(statuses.filter((status) => status !== undefined)).toEqual([
    "QUEUED",
    "RUNNING",
    "CANCELLED",
  ]);
  expect(statuses.at(-1)).toBe("CANCELLED");
  await client.dispose();
});

test("whoever does not receive the status gets RUN_CANCELLED as a last result", async () => {
  const { service } = await waitingService();
  await using _service = service;
  const client = connect(service.wsUrl);
  const query = `subscription { runWorkflow(input: { work: {} }) { ${PROGRESS_ONLY} } }`;
  const results: Result[] = [];
  for await (const result of watch(client, { query })) {
    results.push(result);
    if (results.length === 1) await cancelRun(service.url, runIdOf(result));
  }
  const [, last] = results;
  expect(results).toHaveLength(2);
  expect(last?.errors).toMatchObject([
    {
      extensions: {
        code: "RUN_CANCELLED",
        runId: last?.extensions?.runId,
        seq: last?.extensions?.seq,
      },
    },
  ]);
  await client.dispose();
});

test("cancelling a run that waits for its turn ends it before it begins", async () => {
  const { service, gate } = await waitingService({ limits: { maxConcurrentRuns: 1 } });
  await using _service = service;
  const first = await startRun(service.url, "work", {});
  await until(() => gate.arrivals === 1);
  const second = await startRun(service.url, "work", {});
  await cancelRun(service.url, second);
  const results = await readResults(
    await postEvents(service.url, following(second, { select: STATUS })),
  );
  expect(results.map((result) => eventOf(result)["runStatus"])).toEqual(["QUEUED", "CANCELLED"]);
  gate.open();
  expect(await endOf(service.url, first)).toMatchObject({ runStatus: "SUCCEEDED" });
  expect(gate.arrivals).toBe(1);
});

test("cancelling an unknown run is NOT_FOUND", async () => {
  const { service } = await waitingService();
  await using _service = service;
  const query = 'mutation { cancelRun(runId: "nothing") { run { id } } }';
  const { data, errors } = await post(service.url, { query });
  expect(data).toEqual({ cancelRun: null });
  expect(errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
});

test("a run that takes longer than its timeoutMs fails as RUN_TIMEOUT", async () => {
  const { service } = await waitingService();
  await using _service = service;
  const client = connect(service.wsUrl);
  const query = `subscription {
    runWorkflow(input: { work: {} }, options: { timeoutMs: 1 }) { ${STATUS_ONLY} }
  }`;
  const results = await collect(client, query);
  expect(eventOf(results.at(-1) as Result)).toMatchObject({
    runStatus: "FAILED",
    error: { code: "RUN_TIMEOUT" },
  });
  await client.dispose();
});

test.each([0, -1, 60_001])(
  "a timeoutMs of %i is refused where the server allows 1 to 60,000",
  async (timeoutMs) => {
    const { service } = await waitingService({ limits: { runTimeoutMs: 60_000 } });
    await using _service = service;
    const { errors } = await post(service.url, {
      query:
        "mutation ($timeoutMs: Int!) { startRun(input: { work: {} }, options: { timeoutMs: $timeoutMs }) { isNew } }",
      variables: { timeoutMs },
    });
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  },
);

test.each([
  ["events", { maxEventsPerRun: 50 }, 50 + 3],
  ["bytes", { maxBytesPerRun: 20_000 }, 200],
])(
  "a run that writes more %s than it may fails as EVENT_LIMIT, and is stopped",
  async (_what, limits, most) => {
    const gate = createGate();
    let isStopped = false;
    await using service = await startService({
      workflows: {
        work: graphOf(async ({ write, config }) => {
          for (let current = 0; current < 1_000; current++) write({ type: "progress", current });
          await gate.pass(config.signal).catch(() => (isStopped = true));
        }),
      },
      limits,
    });
    const runId = await startRun(service.url, "work", {});
    expect(await endOf(service.url, runId)).toMatchObject({
      runStatus: "FAILED",
      error: { code: "EVENT_LIMIT" },
    });
    await until(() => isStopped);
    const all = await readResults(await postEvents(service.url, following(runId)));
    expect(all.length).toBeLessThanOrEqual(most);
    expect(all.map(seqOf)).toEqual(range(1, all.length));
  },
);

test.each(["cancelled", "timed out"])(
  "a node that ignores its signal and writes after the run was %s adds nothing behind its end",
  async (how) => {
    const gate: Gate = createGate();
    let lateWrites = 0;
    await using service = await startService({
      workflows: {
        work: graphOf(async ({ write }) => {
          write({ type: "progress", current: 1 });
          await gate.pass();
          write({ type: "progress", current: 2 });
          lateWrites += 1;
        }),
      },
      ...(how === "timed out" && { limits: { runTimeoutMs: 1 } }),
    });
    const runId = await startRun(service.url, "work", {});
    const client = connect(service.wsUrl);
    const all = collect(client, following(runId, { select: STATUS }));
    await until(() => gate.arrivals === 1);
    if (how === "cancelled") await cancelRun(service.url, runId);
    const before = await all;
    gate.open();
    await until(() => lateWrites === 1);
    expect(eventOf(before.at(-1) as Result)["runStatus"]).toBe(
      how === "cancelled" ? "CANCELLED" : "FAILED",
    );
    expect(await collect(client, following(runId, { select: STATUS }))).toEqual(before);
    await client.dispose();
  },
);

test("a writer that is called when its run has succeeded adds nothing", async () => {
  let write: (payload: unknown) => void = () => {};
  await using service = await startService({
    workflows: {
      work: graphOf((work) => {
        write = work.write;
        write({ type: "progress", current: 1 });
      }),
    },
  });
  const runId = await startRun(service.url, "work", {});
  const before = await readResults(await postEvents(service.url, following(runId)));
  expect(() => write({ type: "progress", current: 2 })).not.toThrow();
  expect(await readResults(await postEvents(service.url, following(runId)))).toEqual(before);
});

test("a writer that is called from outside when its node has ended, but not the run, is heard", async () => {
  const [ended, late] = [createGate(), createGate()];
  const graph = new StateGraph(z.object({ value: z.number().default(0) }))
    .addNode("first", (_state, config) => {
      void late.pass().then(() => {
        config.writer?.({ type: "progress", current: 9 });
        ended.open();
      });
      return { value: 1 };
    })
    .addNode("second", async () => {
      late.open();
      await ended.pass();
      return { value: 2 };
    })
    .addEdge(START, "first")
    .addEdge("first", "second")
    .addEdge("second", END)
    .compile();
  await using service = await startService({ workflows: { work: graph } });
  const runId = await startRun(service.url, "work", {});
  const select = "... on ProgressEvent { current node }";
  const results = await readResults(await postEvents(service.url, following(runId, { select })));
  expect(results.map(eventOf)).toEqual([{ current: 9, node: "first" }]);
});

test("an interrupted run says what it waits for, and its stream stays open until it is cancelled", async () => {
  await using service = await startService({
    workflows: {
      work: graphOf(() => {
        interrupt({ question: "Is this all right?" });
      }),
    },
  });
  const client = connect(service.wsUrl);
  const select =
    "... on RunStatusEvent { runStatus interrupts { id value namespace } run { status interrupts { id } } }";
  const stream = watch(client, {
    query: `subscription { runWorkflow(input: { work: {} }) { ${select} } }`,
  });
  const seen: Result[] = [];
  for await (const result of stream) {
    seen.push(result);
    if (eventOf(result)["runStatus"] === "INTERRUPTED")
      await cancelRun(service.url, runIdOf(result));
  }
  const id = expect.any(String) as unknown;
  expect(seen.map((result) => eventOf(result)["runStatus"])).toEqual([
    "QUEUED",
    "RUNNING",
    "INTERRUPTED",
    "CANCELLED",
  ]);
  expect(eventOf(seen[2] as Result)["interrupts"]).toEqual([
    { id, value: { question: "Is this all right?" }, namespace: [] },
  ]);
  expect(eventOf(seen[3] as Result)).toMatchObject({
    interrupts: [],
    run: { status: "CANCELLED", interrupts: [] },
  });
  await client.dispose();
});

test("a service that is disposed of cancels its runs, tells their watchers, and closes their sockets", async () => {
  const { service, gate } = await waitingService();
  const client = connect(service.wsUrl, { retryAttempts: 0 });
  const query = `subscription { runWorkflow(input: { work: {} }) { ${STATUS} } }`;
  const all = readAll(watch(client, { query }));
  await until(() => gate.arrivals === 1);
  await service[Symbol.asyncDispose]();
  expect(eventOf((await all).at(-1) as Result)["runStatus"]).toBe("CANCELLED");
  await client.dispose();
});
