import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { END, interrupt, START, StateGraph } from "@langchain/langgraph";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { sqlite } from "../../src/backends/sqlite/index.ts";
import { createGates } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { post, postEvents, readResults } from "../support/http.ts";
import { startService } from "../support/service.ts";
import { EVERYTHING, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect } from "../support/web-socket.ts";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
beforeAll(() => provider.register());
afterAll(() => provider.shutdown());
afterEach(() => exporter.reset());

const PARENT = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const traceparent = `00-${PARENT.traceId}-${PARENT.spanId}-01`;

/** The span of that name, once it has ended. */
async function span(name: string): Promise<ReadableSpan> {
  const find = (): ReadableSpan | undefined =>
    exporter.getFinishedSpans().find((one) => one.name === name);
  await until(() => find() !== undefined);
  return find() as ReadableSpan;
}

function expectChild(child: ReadableSpan, parent: ReadableSpan): void {
  expect(child.spanContext().traceId).toBe(parent.spanContext().traceId);
  expect(child.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
}

/** As an instrumentation of a database or an HTTP client would make it. */
const users = trace.getTracer("somebody else's");
const work = (name: string): void => users.startSpan(name).end();

const inner = new StateGraph(z.object({ done: z.boolean().default(false) }))
  .addNode("leaf", async () => {
    await Promise.resolve();
    work("in the leaf");
    return { done: true };
  })
  .addEdge(START, "leaf")
  .compile();

const nested = new StateGraph(z.object({ done: z.boolean().default(false) }))
  .addNode("first", async () => {
    await Promise.resolve();
    work("in the first");
    return {};
  })
  .addNode("sub", inner)
  .addEdge(START, "first")
  .addEdge("first", "sub")
  .addEdge("sub", END)
  .compile();

const RUN = `subscription Watch { runWorkflow(input: { nested: {} }) { ${EVERYTHING} } }`;

test("spans go from the request's trace over the operation and the run to the nodes and what they do", async () => {
  await using service = await startService({ workflows: { nested } });
  await readResults(await postEvents(service.url, { query: RUN }, { traceparent }));
  const operation = await span("subscription Watch");
  expect(operation.spanContext().traceId).toBe(PARENT.traceId);
  expect(operation.parentSpanContext?.spanId).toBe(PARENT.spanId);
  expect(operation.attributes).toMatchObject({
    "graphql.operation.type": "subscription",
    "graphql.operation.name": "Watch",
    "langgraph.transport": "sse",
  });
  const run = await span("run nested");
  expectChild(run, operation);
  expect(run.attributes).toMatchObject({
    "langgraph.workflow": "nested",
    "langgraph.run_id": expect.any(String) as string,
    "langgraph.attempt": 1,
    "langgraph.status": "succeeded",
  });
  const first = await span("node first");
  expectChild(first, run);
  expect(first.attributes).toMatchObject({
    "langgraph.workflow": "nested",
    "langgraph.run_id": run.attributes["langgraph.run_id"],
    "langgraph.node": "first",
    "langgraph.attempt": 1,
  });
  expectChild(await span("in the first"), first);
  const sub = await span("node sub");
  expectChild(sub, run);
  const leaf = await span("node leaf");
  expectChild(leaf, sub);
  expectChild(await span("in the leaf"), leaf);
  expect(exporter.getFinishedSpans()).toHaveLength(7);
});

test.each([
  ["the upgrade", { headers: { traceparent } }],
  ["connection_init", { connectionParams: { traceparent } }],
])(
  "over WebSocket the trace comes with %s",
  async (
    _where,
    {
      headers,
      connectionParams,
    }: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly connectionParams?: Readonly<Record<string, unknown>>;
    },
  ) => {
    await using service = await startService({ workflows: { nested } });
    const { WebSocket } = await import("ws");
    class WithHeaders extends WebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols, { headers });
      }
    }
    const client = connect(service.wsUrl, { webSocketImpl: WithHeaders, connectionParams });
    await collect(client, RUN);
    await client.dispose();
    const operation = await span("subscription Watch");
    expect(operation.parentSpanContext?.spanId).toBe(PARENT.spanId);
    expect(operation.attributes["langgraph.transport"]).toBe("websocket");
    expectChild(await span("run nested"), operation);
  },
);

test("what is no trace context is nobody's parent, and breaks nothing", async () => {
  await using service = await startService({ workflows: { nested } });
  const connectionParams = { traceparent: "00-\nx", tracestate: 5 };
  const client = connect(service.wsUrl, { connectionParams });
  await collect(client, RUN);
  await client.dispose();
  expect((await span("subscription Watch")).parentSpanContext).toBeUndefined();
});

test("a node that throws has its error on its span, and so has the run", async () => {
  const fails = graphOf(() => {
    throw new Error("the model is on holiday");
  });
  await using service = await startService({ workflows: { fails } });
  await startRun(service.url, "fails", {});
  for (const name of ["node work", "run fails"]) {
    const { status, events } = await span(name);
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: "the model is on holiday" });
    expect(events.map((event) => event.name)).toEqual(["exception"]);
  }
});

test("an interrupt is no error, and what goes on belongs to whoever answered", async () => {
  const asks = graphOf(() => void interrupt("Why?"));
  await using service = await startService({ workflows: { asks } });
  const runId = await startRun(service.url, "asks", {});
  expect((await span("run asks")).attributes["langgraph.status"]).toBe("interrupted");
  expect((await span("node work")).status.code).toBe(SpanStatusCode.UNSET);
  exporter.reset();
  const { data } = await post(service.url, {
    query: `{ run(id: "${runId}") { interrupts { id } } }`,
  });
  const { interrupts } = data?.["run"] as {
    readonly interrupts: readonly { readonly id: string }[];
  };
  await post(service.url, {
    query: `mutation Answer { resumeRun(runId: "${runId}", answers: [{ interruptId: "${interrupts[0]?.id}", value: 1 }]) { run { id } } }`,
  });
  const run = await span("run asks");
  expect(run.attributes).toMatchObject({ "langgraph.attempt": 2, "langgraph.status": "succeeded" });
  expectChild(run, await span("mutation Answer"));
});

test("a run that waits in a queue belongs to its own operation, whoever's end let it go on", async () => {
  const gates = createGates();
  await using service = await startService({
    workflows: { stepped: steppedGraph(gates) },
    limits: { maxConcurrentRuns: 1 },
  });
  const start = async (name: string): Promise<string> => {
    const query = `mutation ${name} { startRun(input: { stepped: { count: 1 } }) { run { id } } }`;
    const { data } = await post(service.url, { query });
    return (data?.["startRun"] as { readonly run: { readonly id: string } }).run.id;
  };
  const first = await start("First");
  const second = await start("Second");
  gates.of(first).open();
  gates.of(second).open();
  const runOf = (runId: string): ReadableSpan | undefined =>
    exporter
      .getFinishedSpans()
      .find((one) => one.name === "run stepped" && one.attributes["langgraph.run_id"] === runId);
  await until(() => runOf(second) !== undefined);
  expectChild(runOf(first) as ReadableSpan, await span("mutation First"));
  expectChild(runOf(second) as ReadableSpan, await span("mutation Second"));
});

test("a run that another process was asked for is linked to that operation", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tracing-"));
  const backend = await sqlite({ path: join(folder, "data.sqlite") });
  const gates = createGates();
  await using service = await startService({
    workflows: { stepped: steppedGraph(gates) },
    backend,
  });
  const runId = await startRun(service.url, "stepped", { count: 1 });
  const stored = await backend.runs.get(runId);
  expect(stored?.segment.trace?.traceparent).toMatch(/^00-/);
  gates.of(runId).open();
  await span("run stepped");
  exporter.reset();
  // As another process would have stored it.
  const segment = {
    kind: "input",
    answers: {},
    fromCheckpointId: null,
    trace: { traceparent, process: "another" },
  } as const;
  const run = { ...stored, id: "other", threadId: "other", status: "queued", epoch: 0, lastSeq: 1 };
  const fresh = {
    ...run,
    segment,
    owner: null,
    leaseUntil: null,
    startedAt: null,
    finishedAt: null,
  };
  const page = await backend.events.read(runId, { after: 0, limit: 1 });
  await backend.runs.create(fresh as never, page.events[0] as never);
  gates.of("other").open();
  const { links, parentSpanContext } = await span("run stepped");
  expect(parentSpanContext).toBeUndefined();
  expect(links.map(({ context }) => context)).toMatchObject([PARENT]);
  await service[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
