import { AIMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { interrupt, MessagesZodMeta, START, StateGraph } from "@langchain/langgraph";
import { registry } from "@langchain/langgraph/zod";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import type { Redact } from "../../src/index.ts";
import { createService, defineEvents, defineWorkflow, memory } from "../../src/index.ts";
import { ScriptedModel } from "../runs/ingest/scripted-model.ts";
import { ask } from "../support/ask.ts";
import { post } from "../support/http.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { selectEverything } from "../support/select-everything.ts";
import { startService, type RunningService } from "../support/service.ts";
import { STREAMS } from "../support/transports.ts";
import { until } from "../support/until.ts";
import { collect, connect } from "../support/web-socket.ts";

const SECRET = "4111-1111-1111-1111";

const events = defineEvents({
  card: z.object({ number: z.string() }),
  dated: z.object({ number: z.string(), when: z.coerce.date() }),
});

const State = z.object({
  number: z.string(),
  messages: z
    .array(z.any())
    .default([])
    .register(registry, MessagesZodMeta as never),
});

const graph = new StateGraph(State, z.object({ number: z.string().optional() }))
  .addNode("work", async ({ number }, config) => {
    const emit = events.emitter(config);
    emit.progress({ current: 1, total: 2, status: number });
    emit.complete({ message: number });
    emit.card({ number });
    emit.dated({ number, when: new Date(0) });
    config.writer?.(number);
    config.writer?.({ type: "unknown", nested: [{ number }] });
    const model = new FakeListChatModel({ responses: [number] });
    await model.invoke("?");
    interrupt({ number });
    return { messages: [new AIMessage(number)] };
  })
  .addEdge(START, "work")
  .compile();

const workflows = { card: defineWorkflow({ graph, events }) };

/** Replaces it wherever it is, without knowing where that is. */
const mask: Redact = (value) =>
  JSON.parse(JSON.stringify(value).replaceAll(SECRET, "****")) as never;

let service: RunningService | undefined;
afterEach(() => service?.[Symbol.asyncDispose]());

const START_RUN =
  "mutation ($input: WorkflowInput!, $options: RunOptions) { startRun(input: $input, options: $options) { run { id } } }";

async function runToTheEnd(url: string): Promise<string> {
  const { run } = await ask<{ run: { id: string } }>(url, START_RUN, {
    input: { card: { number: SECRET } },
    options: { context: { card: { number: SECRET } } },
  });
  const read = () =>
    ask<{ status: string; interrupts: readonly { id: string }[] }>(
      url,
      `{ run(id: "${run.id}") { status interrupts { id } } }`,
    );
  await until(async () => (await read()).status === "INTERRUPTED");
  const [asked] = (await read()).interrupts;
  await ask(
    url,
    `mutation { resumeRun(runId: "${run.id}", answers: [{ interruptId: "${asked?.id}", value: 1 }]) { run { id } } }`,
  );
  await until(async () => (await read()).status === "SUCCEEDED");
  return run.id;
}

test("what a hook takes out leaves by no field of the whole schema, and by no transport", async () => {
  const backend = memory();
  // What asks for everything is beyond what clients may ask for.
  const limits = { maxDepth: false, maxCost: false, maxTokens: false } as const;
  service = await startService({ workflows, backend, limits, redact: mask });
  const { schema } = service.service;
  const id = await runToTheEnd(service.url);
  const everything = (type: string): string => {
    const named = schema.getType(type);
    if (!named) throw new Error(`There is no ${type}`);
    return selectEverything(schema, named);
  };
  const query = `{
    run(id: "${id}") ${everything("Run")}
    runs ${everything("RunConnection")}
    thread(id: "${id}") ${everything("Thread")}
    threads ${everything("ThreadConnection")}
  }`;
  const answer = await post(service.url, { query });
  expect(answer.errors).toBeUndefined();
  const all = [JSON.stringify(answer.data)];
  const subscription = `subscription { workflowEvents(runId: "${id}") ${everything("WorkflowEvent")} }`;
  all.push(JSON.stringify(await collect(connect(service.wsUrl), subscription)));
  for (const [, send] of STREAMS) {
    const first = `subscription { workflowEvents(runId: "${id}", only: [CARD]) { ... on CardEvent { number payload } } }`;
    all.push(JSON.stringify(await send(service.url, { query: first })));
  }
  for (const text of all) {
    expect(text).not.toContain(SECRET);
    expect(text).toContain("****");
  }
  // All of it is stored as it was.
  const { events: stored } = await backend.events.read(id, { after: 0, limit: 100 });
  expect(JSON.stringify(stored)).toContain(SECRET);
  expect(JSON.stringify(stored)).not.toContain("****");
  expect(JSON.stringify(await backend.runs.get(id))).not.toContain("****");
  await backend[Symbol.asyncDispose]();
});

test("events keep their types, and a payload that does not fit any more is a CustomEvent", async () => {
  const redact: Redact = (value, { kind }) =>
    kind === "payload" && (value as { type?: string } | null)?.type === "card"
      ? { type: "card", number: 5 }
      : mask(value, {} as never);
  service = await startService({ workflows, redact });
  const id = await runToTheEnd(service.url);
  const query = `subscription { workflowEvents(runId: "${id}", only: [PROGRESS, CARD, DATED, CUSTOM]) {
    __typename
    ... on ProgressEvent { status }
    ... on DatedEvent { number when }
    ... on CustomEvent { payload }
  } }`;
  const results = await collect(connect(service.wsUrl), query);
  const seen = results.map(({ data }) => data?.["workflowEvents"]);
  expect(seen).toEqual(
    expect.arrayContaining([
      { __typename: "ProgressEvent", status: "****" },
      { __typename: "DatedEvent", number: "****", when: "1970-01-01T00:00:00.000Z" },
      { __typename: "CustomEvent", payload: { type: "card", number: 5 } },
    ]),
  );
});

test("of a message that is too large to be kept whole, the text is shown to the hook as well", async () => {
  const model = new ScriptedModel([`${SECRET}${"x".repeat(70 * 1024)}`]);
  const answer = new StateGraph(z.object({ text: z.string().optional() }))
    .addNode("answer", async () => ({ text: (await model.invoke("?")).text }))
    .addEdge(START, "answer")
    .compile();
  service = await startService({ workflows: { answer }, redact: mask });
  const { run } = await ask<{ run: { id: string } }>(
    service.url,
    "mutation { startRun(input: { answer: {} }) { run { id } } }",
  );
  const query = `subscription { workflowEvents(runId: "${run.id}") { ... on MessageChunk { content raw } } }`;
  const results = await collect(connect(service.wsUrl), query);
  expect(results).toMatchObject([
    { data: { workflowEvents: { content: expect.stringMatching(/^\*{4}x+ \[/), raw: null } } },
  ]);
});

test.each<readonly [string, Redact]>([
  [
    "throws",
    () => {
      throw new Error(`cannot redact ${SECRET}`);
    },
  ],
  ["answers with a promise", (() => Promise.resolve(SECRET)) as never],
  ["gives nothing back", (() => undefined) as never],
])("a hook that %s hides the value", async (_name, redact) => {
  service = await startService({ workflows, redact });
  const id = await runToTheEnd(service.url);
  const { data, errors } = await post(service.url, {
    query: `{ run(id: "${id}") { input output interrupts { value } thread { state { values } }
      events { nodes { __typename ... on WrittenEvent { payload } ... on StateUpdate { changes } ... on MessageChunk { content } } } } }`,
  });
  expect(errors).toBeUndefined();
  expect(JSON.stringify(data)).not.toContain(SECRET);
  expect(data).toMatchObject({ run: { input: null, output: null } });
});

test("a hook that throws is logged once a place, and changes nothing that it is given", async () => {
  const logger = recordingLogger();
  await using held = createService({
    workflows,
    logger,
    redact: (value) => {
      (value as Record<string, unknown>)["number"] = "changed";
      throw new Error("no");
    },
  });
  const query = `mutation { startRun(input: { card: { number: "${SECRET}" } }) { run { id input } } }`;
  const request = () =>
    held.fetch(
      new Request("http://localhost/graphql", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      }),
    );
  await request();
  await request();
  const told = logger.lines.filter(({ message }) => message.startsWith("redact failed"));
  expect(told.filter(({ fields }) => (fields as { kind: string }).kind === "input")).toHaveLength(
    1,
  );
});

test("many who watch alike share what was redacted once", async () => {
  let calls = 0;
  const redact: Redact = (value, { kind }) => {
    if (kind === "payload") calls += 1;
    return value;
  };
  service = await startService({ workflows, redact });
  const id = await runToTheEnd(service.url);
  const query = `subscription { workflowEvents(runId: "${id}") { ... on CardEvent { number } } }`;
  const client = connect(service.wsUrl);
  await collect(client, query);
  const alone = calls;
  await Promise.all(Array.from({ length: 20 }, () => collect(client, query)));
  expect(alone).toBeGreaterThan(0);
  expect(calls).toBe(alone);
});
