import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { END, START, StateGraph } from "@langchain/langgraph";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { defineEvents } from "../../src/index.ts";
import { postEvents, readResults } from "../support/http.ts";
import { eventOf, seqOf } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range, startRun } from "../support/stepped.ts";
import { collect, connect } from "../support/web-socket.ts";

class Order {
  readonly id = 7;
  readonly #secret = "hidden";
  get total(): number {
    return this.#secret.length;
  }
}

function cycle(): unknown {
  const node: Record<string, unknown> = { name: "a" };
  node["self"] = node;
  return node;
}

function nested(depth: number): unknown {
  let value: unknown = "bottom";
  for (let i = 0; i < depth; i++) value = { value };
  return value;
}

function hostile(): never {
  throw new Error("Hands off");
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

interface Case {
  readonly payload: unknown;
  /** What arrives; the payload itself when left out. */
  readonly arrives?: unknown;
  readonly typename?: string;
  /** The path of the first problem; none for what is an event of its type. */
  readonly problem?: readonly string[] | null;
}

const custom = (payload: unknown, arrives: unknown = payload): Case => ({ payload, arrives });

/** What a node may write → what a client gets. */
const CASES: Readonly<Record<string, Case>> = {
  null: custom(null),
  undefined: custom(undefined, null),
  "a text": custom("hello"),
  "a number": custom(1.5),
  NaN: custom(Number.NaN, null),
  Infinity: custom(Infinity, null),
  "a boolean": custom(true),
  "a BigInt": custom(12345678901234567890n, "12345678901234567890"),
  "a symbol": custom(Symbol("x"), null),
  "a function": custom(() => 1, null),
  "a list": custom([1, "two", null]),
  "a list with holes and undefined": custom([1, , undefined], [1, null, null]),
  "a Map": custom(new Map([["a", 1n]]), { a: "1" }),
  "a Map whose keys are no text": custom(new Map([[1, "a"]]), [[1, "a"]]),
  "a Set": custom(new Set([1, 2]), [1, 2]),
  "a Date": custom(new Date(0), "1970-01-01T00:00:00.000Z"),
  "an invalid Date": custom(new Date(Number.NaN), null),
  "an Error": custom(new RangeError("too far"), { name: "RangeError", message: "too far" }),
  "binary data": custom(new Uint8Array([1, 2, 3]), "AQID"),
  "a cycle": custom(cycle(), { name: "a", self: "[Circular]" }),
  "an instance of a class": custom(new Order(), { id: 7 }),
  "an object whose toJSON throws": custom({ toJSON: hostile }, "[Unreadable: Hands off]"),
  "a getter that throws": custom(
    {
      ok: 1,
      get bad() {
        return hostile();
      },
    },
    { ok: 1, bad: "[Unreadable: Hands off]" },
  ),
  "a proxy that throws when it is read": custom(new Proxy({ a: 1 }, { get: hostile }), {
    a: "[Unreadable: Hands off]",
  }),
  "a proxy that throws when it is listed": custom(
    new Proxy({ a: 1 }, { ownKeys: hostile, getPrototypeOf: hostile }),
    "[Unreadable: Hands off]",
  ),
  "a revoked proxy": {
    payload: revoked(),
    arrives: expect.stringContaining("[Unreadable") as unknown,
  },
  "a field called __proto__": custom(JSON.parse('{"__proto__": 1}')),
  "a LangChain message": custom(
    new HumanMessage("hi"),
    expect.objectContaining({ type: "human", content: "hi" }),
  ),
  "LangChain messages inside": custom(
    { messages: [new AIMessage("yes")] },
    { messages: [expect.objectContaining({ type: "ai", content: "yes" })] },
  ),
  "an object without a type": { payload: { a: 1 }, problem: ["type"] },
  "a type that is no text": { payload: { type: 7 }, problem: ["type"] },
  "a type that nobody declared": { payload: { type: "unheard-of", a: 1 }, problem: ["type"] },
  "a type named like a part of Object": { payload: { type: "constructor" }, problem: ["type"] },
  "progress that lacks current": { payload: { type: "progress" }, problem: ["current"] },
  "progress whose current is text": {
    payload: { type: "progress", current: "3" },
    problem: ["current"],
  },
  "progress whose current is NaN": {
    payload: { type: "progress", current: Number.NaN },
    arrives: { type: "progress", current: null },
    problem: ["current"],
  },
  "progress whose current is a BigInt": {
    payload: { type: "progress", current: 3n },
    arrives: { type: "progress", current: "3" },
    problem: ["current"],
  },
  "progress above 32 bits": {
    payload: { type: "progress", current: 2 ** 40, total: 2 ** 53 },
    typename: "ProgressEvent",
  },
  "progress below zero, with fields of its own": {
    payload: { type: "progress", current: -1.5, file: "a.txt" },
    typename: "ProgressEvent",
  },
  "a declared event": {
    payload: { type: "citation", url: "https://example.com" },
    typename: "CitationEvent",
  },
  "a declared event with a wrong field": {
    payload: { type: "citation", url: "nowhere" },
    problem: ["url"],
  },
  "complete with a message that is no text": {
    payload: { type: "complete", message: new Map() },
    arrives: { type: "complete", message: {} },
    problem: ["message"],
  },
};

const NAMES = Object.keys(CASES);
const events = defineEvents({ citation: z.object({ url: z.url() }) });

const payloads = new StateGraph(z.object({ name: z.string() }))
  .addNode("work", ({ name }, config) => {
    config.writer?.(CASES[name]?.payload);
    config.writer?.({ type: "progress", current: 1 });
    return {};
  })
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();

const TEN_MB = 10 * 1024 * 1024;

const special = new StateGraph(z.object({ what: z.string(), odd: z.unknown() }))
  .addNode("work", ({ what }, config) => {
    if (what === "large") config.writer?.({ text: "x".repeat(TEN_MB) });
    if (what === "deep") config.writer?.(nested(100_000));
    if (what === "changed") {
      const payload = { list: [1], at: new Date(0) };
      config.writer?.(payload);
      payload.list.push(2);
      payload.at.setTime(1e12);
    }
    config.writer?.({ type: "progress", current: 1 });
    return what === "state"
      ? { odd: { map: new Map([["a", 1n]]), none: undefined, self: cycle() } }
      : {};
  })
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();

let service: RunningService;

beforeAll(async () => {
  service = await startService({
    workflows: { payloads: { graph: payloads, events }, special },
    limits: { maxEventBytes: false },
  });
});
afterAll(() => service[Symbol.asyncDispose]());

const SELECT = `__typename ... on WrittenEvent { payload }
  ... on ProgressEvent { current } ... on CustomEvent { problems { path message } }`;

test.each(NAMES)(
  "a node that writes %s: it arrives in a defined form, and what comes next too",
  async (name) => {
    const { payload, arrives = payload, typename = "CustomEvent", problem } = CASES[name] as Case;
    const runId = await startRun(service.url, "payloads", { name });
    const operation = following(runId, { select: SELECT });
    const results = await readResults(await postEvents(service.url, operation));
    expect(results.every(({ errors }) => errors === undefined)).toBe(true);
    const [written, next, ...more] = results.map(eventOf);
    expect(written).toMatchObject({ __typename: typename });
    expect(written?.["payload"]).toEqual(arrives);
    if (problem) expect(written).toMatchObject({ problems: [{ path: problem }] });
    if (typename === "CustomEvent") expect(written?.["problems"]).toHaveLength(1);
    expect(next).toMatchObject({ __typename: "ProgressEvent", current: 1 });
    expect(more).toEqual([]);
  },
);

test("10 MB in one event arrive over SSE and over a WebSocket, and what comes next too", async () => {
  const runId = await startRun(service.url, "special", { what: "large" });
  const operation = following(runId, { select: SELECT });
  const client = connect(service.wsUrl);
  for (const results of [
    await readResults(await postEvents(service.url, operation)),
    await collect(client, operation),
  ]) {
    const [large, next] = results.map(eventOf);
    expect((large?.["payload"] as { readonly text: string }).text).toHaveLength(TEN_MB);
    expect(next).toMatchObject({ current: 1 });
  }
  await client.dispose();
});

test("what is nested 100,000 deep is cut off at a depth, and what comes next arrives", async () => {
  const runId = await startRun(service.url, "special", { what: "deep" });
  const results = await readResults(
    await postEvents(service.url, following(runId, { select: SELECT })),
  );
  const [deep, next] = results.map(eventOf);
  expect(JSON.stringify(deep)).toContain("[Too deep]");
  expect(next).toMatchObject({ current: 1 });
});

test("a payload arrives as it was when it was written, whatever the node does to it later", async () => {
  const runId = await startRun(service.url, "special", { what: "changed" });
  const results = await readResults(
    await postEvents(service.url, following(runId, { select: SELECT })),
  );
  expect(eventOf(results[0] ?? {})["payload"]).toEqual({
    list: [1],
    at: "1970-01-01T00:00:00.000Z",
  });
});

test("odd values in the state arrive in a defined form, in the update and in the output", async () => {
  const runId = await startRun(service.url, "special", { what: "state" });
  const select = "... on StateUpdate { changes } ... on RunStatusEvent { output }";
  const results = await readResults(await postEvents(service.url, following(runId, { select })));
  const odd = { map: { a: "1" }, self: { name: "a", self: "[Circular]" } };
  expect(results.map(eventOf)).toContainEqual({ changes: { odd } });
  expect(eventOf(results.at(-1) ?? {})).toMatchObject({ output: { odd } });
});

test("a run with odd payloads has all its seqs", async () => {
  const runId = await startRun(service.url, "payloads", { name: "a cycle" });
  const results = await readResults(await postEvents(service.url, following(runId)));
  expect(results.map(seqOf)).toEqual(range(1, 8));
});
