import { Annotation, interrupt, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import * as approval from "../../src/demo/approval.ts";
import { defineWorkflow } from "../../src/index.ts";
import { ask, refusal } from "../support/ask.ts";
import { post, postEvents, readFrames, type Operation } from "../support/http.ts";
import { readOperations } from "../support/operations.ts";
import { eventOf, runIdOf, seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { range } from "../support/stepped.ts";
import { connect, watch } from "../support/web-socket.ts";

const Said = Annotation.Root({
  said: Annotation<readonly string[]>({
    reducer: (before, more) => [...before, ...more],
    default: () => [],
  }),
});

const Name = z.object({ name: z.string().min(1) });

/** A node that asks for a name, and says it. */
const asking = (who: string) => () => {
  const { name } = interrupt<string, z.infer<typeof Name>>(`Who is ${who}?`, {
    responseSchema: Name,
  });
  return { said: [name] };
};

/** Two nodes that ask at the same time. */
const parallel = new StateGraph(Said)
  .addNode("left", asking("left"))
  .addNode("right", asking("right"))
  .addNode("last", () => ({ said: ["done"] }))
  .addEdge(START, "left")
  .addEdge(START, "right")
  .addEdge(["left", "right"], "last")
  .compile();

/** One node that asks twice, the second time for something that depends on the first. */
const twice = new StateGraph(Said)
  .addNode("talk", () => {
    const first = interrupt<string, string>("First?");
    const second = interrupt<string, string>(`After ${first}?`);
    return { said: [first, second] };
  })
  .addEdge(START, "talk")
  .compile();

/** A node that asks from within a subgraph. */
const nested = new StateGraph(Said)
  .addNode(
    "inner",
    new StateGraph(Said).addNode("ask", asking("inside")).addEdge(START, "ask").compile(),
  )
  .addEdge(START, "inner")
  .compile();

/** Stops before its second node, where nothing is asked. */
const breakpoint = defineWorkflow({
  graph: new StateGraph(Said)
    .addNode("first", () => ({ said: ["first"] }))
    .addNode("second", () => ({ said: ["second"] }))
    .addEdge(START, "first")
    .addEdge("first", "second")
    .compile(),
  config: { interruptBefore: ["second"] },
});

const FIELDS = `__typename
  ... on RunEvent { attempt node }
  ... on RunStatusEvent {
    runStatus
    output
    interrupts { id node value namespace responseSchema }
  }`;

const RUN = `subscription ($input: WorkflowInput!, $onDisconnect: OnDisconnect!) {
  runWorkflow(input: $input, onDisconnect: $onDisconnect) { ${FIELDS} }
}`;

const RESUME = `mutation ($runId: ID!, $answers: [InterruptAnswer!]!) {
  resumeRun(runId: $runId, answers: $answers) { run { id status } }
}`;

interface Pending {
  readonly id: string;
  readonly node: string;
  readonly value: string;
  readonly namespace: readonly string[];
  readonly responseSchema: object | null;
}

let service: RunningService;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  service = await startService({ workflows: { parallel, twice, nested, breakpoint, approval } });
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await service[Symbol.asyncDispose]();
});

function overWebSocket(operation: Operation): AsyncIterableIterator<Result> {
  const client = connect(service.wsUrl);
  closing.push(() => client.dispose());
  return watch(client, operation);
}

async function* overEventStream(operation: Operation): AsyncGenerator<Result, void> {
  for await (const { event, data } of readFrames(await postEvents(service.url, operation))) {
    if (event === "next" && data !== undefined) yield JSON.parse(data) as Result;
  }
}

type Transport = (operation: Operation) => AsyncIterableIterator<Result>;

/** Runs a workflow, and follows it for as long as it goes on. */
function run(workflow: string, transport: Transport = overWebSocket, onDisconnect = "CONTINUE") {
  const input = { [workflow]: {} };
  return new Watched(transport({ query: RUN, variables: { input, onDisconnect } }));
}

/** What one subscription has received of a run. */
class Watched {
  readonly results: Result[] = [];
  readonly stream: AsyncIterableIterator<Result>;

  constructor(stream: AsyncIterableIterator<Result>) {
    this.stream = stream;
  }

  /** Reads on to the next event with this status; gives the interrupts that it tells of. */
  async until(status: string): Promise<readonly Pending[]> {
    for (;;) {
      const next = await this.stream.next();
      if (next.done === true) throw new Error(`The run ended without ${status}`);
      this.results.push(next.value);
      const event = eventOf(next.value);
      if (event["runStatus"] === status) return event["interrupts"] as readonly Pending[];
    }
  }

  /** Reads to the end of the subscription, which must have been without a gap; gives the last output. */
  async end(): Promise<unknown> {
    for await (const result of this.stream) this.results.push(result);
    expect(this.results.map(seqOf)).toEqual(range(1, this.results.length));
    return eventOf(this.results.at(-1) as Result)["output"];
  }

  get runId(): string {
    return runIdOf(this.results[0] as Result);
  }

  get statuses(): readonly unknown[] {
    return this.results.map((result) => eventOf(result)["runStatus"]).filter(Boolean);
  }
}

type Answer = readonly [interruptId: string, value: unknown];

function resume(runId: string, ...answers: readonly Answer[]): Promise<unknown> {
  return ask(service.url, RESUME, { runId, answers: answers.map(toAnswer) });
}

function refusedResume(runId: string, ...answers: readonly Answer[]) {
  return refusal(service.url, RESUME, { runId, answers: answers.map(toAnswer) });
}

const toAnswer = ([interruptId, value]: Answer) => ({ interruptId, value });

const pendingOf = (runId: string): Promise<{ status: string; interrupts: readonly Pending[] }> =>
  ask(
    service.url,
    "query ($runId: ID!) { run(id: $runId) { status interrupts { id node value namespace responseSchema } } }",
    { runId },
  );

describe.each([
  ["graphql-ws", overWebSocket],
  ["server-sent events", overEventStream],
])("over %s", (_name, transport) => {
  test("a subscription stays open over an interrupt, and goes on to the end once it is answered", async () => {
    const watched = run("parallel", transport);
    const pending = await watched.until("INTERRUPTED");
    await resume(watched.runId, ...pending.map(({ id, node }) => [id, { name: node }] as const));
    expect(await watched.end()).toMatchObject({ said: ["left", "right", "done"] });
    expect(watched.statuses).toEqual([
      "QUEUED",
      "RUNNING",
      "INTERRUPTED",
      "QUEUED",
      "RUNNING",
      "SUCCEEDED",
    ]);
    expect(eventOf(watched.results.at(-1) as Result)["attempt"]).toBe(2);
  });
});

test("nodes that ask at the same time ask once each, and say who they are and what they want", async () => {
  const watched = run("parallel");
  const pending = await watched.until("INTERRUPTED");
  expect(pending.toSorted((a, b) => a.node.localeCompare(b.node))).toEqual(
    ["left", "right"].map((node) => ({
      id: expect.any(String) as unknown,
      node,
      value: `Who is ${node}?`,
      namespace: [],
      responseSchema: expect.objectContaining({ type: "object", required: ["name"] }) as unknown,
    })),
  );
  expect(await pendingOf(watched.runId)).toEqual({ status: "INTERRUPTED", interrupts: pending });
});

test("interrupts may be answered one by one; those that are left stay pending", async () => {
  const watched = run("parallel");
  const [one, other] = await watched.until("INTERRUPTED");
  await resume(watched.runId, [one?.id ?? "", { name: "one" }]);
  expect(await watched.until("INTERRUPTED")).toEqual([other]);
  await resume(watched.runId, [other?.id ?? "", { name: "other" }]);
  const output = (await watched.end()) as { readonly said: readonly string[] };
  expect(output.said.toSorted()).toEqual(["done", "one", "other"]);
});

test("an answer that is not what its node asks for is refused with its path, and leaves all pending", async () => {
  const watched = run("parallel");
  const pending = await watched.until("INTERRUPTED");
  const [one, other] = pending.map(({ id }) => id) as [string, string];
  expect(await refusedResume(watched.runId, [one, { name: "one" }], [other, { name: "" }])).toEqual(
    {
      code: "BAD_USER_INPUT",
      problems: [
        { path: ["answers", "1", "value", "name"], message: expect.any(String) as unknown },
      ],
    },
  );
  expect(await pendingOf(watched.runId)).toEqual({ status: "INTERRUPTED", interrupts: pending });
  await resume(watched.runId, [one, { name: "one" }], [other, { name: "other" }]);
  await watched.end();
  expect(watched.statuses.at(-1)).toBe("SUCCEEDED");
});

test("a node that asks twice asks one after the other, each under an id of its own", async () => {
  const watched = run("twice");
  const [first] = await watched.until("INTERRUPTED");
  expect(first?.value).toBe("First?");
  await resume(watched.runId, [first?.id ?? "", "this"]);
  const [second] = await watched.until("INTERRUPTED");
  expect(second?.value).toBe("After this?");
  expect(second?.id).not.toBe(first?.id);
  await resume(watched.runId, [second?.id ?? "", "that"]);
  expect(await watched.end()).toEqual({ said: ["this", "that"] });
});

test("a node in a subgraph asks once, and says where it is", async () => {
  const watched = run("nested");
  const pending = await watched.until("INTERRUPTED");
  expect(pending).toMatchObject([{ node: "ask", value: "Who is inside?" }]);
  expect(pending[0]?.namespace[0]).toMatch(/^inner:/);
  await resume(watched.runId, [pending[0]?.id ?? "", { name: "me" }]);
  expect(await watched.end()).toMatchObject({ said: ["me"] });
});

test("a run that stops at a breakpoint asks for nothing, and goes on with an empty list", async () => {
  const watched = run("breakpoint");
  expect(await watched.until("INTERRUPTED")).toEqual([]);
  expect(eventOf(watched.results.at(-1) as Result)["output"]).toEqual({ said: ["first"] });
  await resume(watched.runId);
  expect(await watched.end()).toEqual({ said: ["first", "second"] });
});

describe("INTERRUPT_NOT_PENDING is", () => {
  test("an answer to something that is not asked", async () => {
    const watched = run("parallel");
    const [one] = await watched.until("INTERRUPTED");
    const { runId } = watched;
    const answers = [
      [one?.id ?? "", { name: "one" }],
      ["nothing", { name: "two" }],
    ] as const;
    expect(await refusedResume(runId, ...answers)).toEqual({
      code: "INTERRUPT_NOT_PENDING",
      runId,
      interruptIds: ["nothing"],
    });
    expect((await pendingOf(runId)).interrupts).toHaveLength(2);
  });

  test("an answer to what has been answered", async () => {
    const watched = run("parallel");
    const [one] = await watched.until("INTERRUPTED");
    await resume(watched.runId, [one?.id ?? "", { name: "one" }]);
    await watched.until("INTERRUPTED");
    expect(await refusedResume(watched.runId, [one?.id ?? "", { name: "again" }])).toMatchObject({
      code: "INTERRUPT_NOT_PENDING",
      interruptIds: [one?.id],
    });
  });

  test("an answer to a run that has ended", async () => {
    const watched = run("twice");
    const [first] = await watched.until("INTERRUPTED");
    await ask(service.url, "mutation ($id: ID!) { cancelRun(runId: $id) { run { id } } }", {
      id: watched.runId,
    });
    await watched.end();
    expect(watched.statuses.at(-1)).toBe("CANCELLED");
    expect(await refusedResume(watched.runId, [first?.id ?? "", "this"])).toEqual({
      code: "INTERRUPT_NOT_PENDING",
      runId: watched.runId,
      interruptIds: [],
    });
  });

  test("what all but one of many get who give the same answer at the same time", async () => {
    const watched = run("twice");
    const [first] = await watched.until("INTERRUPTED");
    const variables = {
      runId: watched.runId,
      answers: [{ interruptId: first?.id, value: "this" }],
    };
    const asked = range(1, 8).map(async () => {
      const response = await fetch(service.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: RESUME, variables }),
      });
      return (await response.json()) as Result;
    });
    const codes = (await Promise.all(asked)).map(({ errors }) => errors?.[0]?.extensions?.["code"]);
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes.filter((code) => code === "INTERRUPT_NOT_PENDING")).toHaveLength(7);
    const [second] = await watched.until("INTERRUPTED");
    await resume(watched.runId, [second?.id ?? "", "that"]);
    expect(await watched.end()).toEqual({ said: ["this", "that"] });
    expect(watched.statuses.filter((status) => status === "INTERRUPTED")).toHaveLength(2);
  });
});

test("a run with questions does not go on with an empty list", async () => {
  const watched = run("parallel");
  await watched.until("INTERRUPTED");
  expect(await refusedResume(watched.runId)).toMatchObject({
    code: "BAD_USER_INPUT",
    problems: [{ path: ["answers"] }],
  });
  expect((await pendingOf(watched.runId)).interrupts).toHaveLength(2);
});

test("the tabs that GraphiQL opens with take approval from its question to an answer", async () => {
  const operations = await readOperations();
  const tab = (name: string): string =>
    operations.find((operation) => operation.name === name)?.text ?? "";
  const watched = new Watched(overWebSocket({ query: tab("3-approval.graphql") }));
  const [question] = await watched.until("INTERRUPTED");
  expect(question?.responseSchema).toMatchObject({
    properties: { approved: { type: "boolean" }, comment: { type: "string" } },
    required: ["approved"],
  });

  const answering = { query: tab("4-answer.graphql") };
  const { data } = await post(service.url, { ...answering, operationName: "Waiting" });
  const waiting = [{ id: watched.runId, interrupts: [{ id: question?.id }] }];
  expect(data).toMatchObject({ runs: { nodes: waiting } });
  const variables = { runId: watched.runId, interruptId: question?.id };
  const { errors } = await post(service.url, { ...answering, operationName: "Answer", variables });
  expect(errors).toBeUndefined();

  await watched.until("SUCCEEDED");
  const events = watched.results.map(eventOf);
  expect(events).toContainEqual({ __typename: "CompleteEvent", message: "Approved: Enjoy it" });
  expect(events.at(-1)).toMatchObject({
    result: { approval: { approved: true, comment: "Enjoy it" } },
  });
});
