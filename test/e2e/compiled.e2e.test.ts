import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { z } from "zod";
import { createService, memory } from "../../src/index.ts";
import { defineEvents } from "../../src/workflows/define-events.ts";
import { defineWorkflow } from "../../src/workflows/define-workflow.ts";
import { createGates } from "../support/gate.ts";
import { postEvents, type Operation } from "../support/http.ts";
import { postMultipart } from "../support/multipart.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { selectEverything } from "../support/select-everything.ts";
import { startService, type RunningService } from "../support/service.ts";
import { startRun } from "../support/stepped.ts";
import { until } from "../support/until.ts";

const events = defineEvents({
  citation: z.object({
    url: z.string(),
    at: z.date().nullable(),
    mode: z.enum(["dry-run", "real"]),
    tags: z.array(z.string()).optional(),
  }),
});

const gates = createGates();

const State = Annotation.Root({
  count: Annotation<number>,
  log: Annotation<string[]>({ reducer: (all, more) => [...all, ...more], default: () => [] }),
});

/** Says something of every kind, in rounds, each when the run's gate lets it. */
const graph = new StateGraph(State)
  .addNode("talk", async ({ count }, config) => {
    const gate = gates.of(String(config.configurable?.["run_id"]));
    for (let current = 1; current <= count; current++) {
      await gate.pass(config.signal);
      const write = (payload: unknown): void => config.writer?.(payload);
      write({ type: "progress", current, total: count, status: "Süße 😀 \u2028 \u0000" });
      write({ type: "progress", current: current / 3 });
      write({ type: "citation", url: "https://example.com", at: new Date(0), mode: "dry-run" });
      write({ type: "citation", url: 1, at: null, mode: "other" });
      write({ nothing: [null, { is: "declared" }], of: 2 ** 53 });
      write("a text");
      write({ type: "complete", message: 'with "quotes" and \\ and \n' });
    }
    return { log: [`${count}`] };
  })
  .addNode("fail", () => {
    throw new Error("It fails");
  })
  .addEdge(START, "talk")
  .addConditionalEdges("talk", ({ count }) => (count > 2 ? "fail" : END))
  .compile();

const workflows = { talk: defineWorkflow({ graph, events }) };

/** How a run's results come over each transport: all bytes, from the first to the last. */
const TRANSPORTS: Readonly<
  Record<string, (service: RunningService, operation: Operation, runId: string) => Promise<string>>
> = {
  async WebSocket({ wsUrl }, operation) {
    const raw = await openRawSocket(wsUrl);
    let text = "";
    raw.socket.on("message", (data: Buffer) => (text += `${data.toString()}\n`));
    raw.send({ type: "subscribe", id: "1", payload: operation });
    await raw.message("1", "complete");
    raw.socket.terminate();
    return text;
  },
  SSE: async ({ url }, operation) => (await postEvents(url, operation)).text(),
  multipart: async ({ url }, operation) => (await postMultipart(url, operation)).text(),
  // With a cursor it attaches to a run, and starts none.
  "POST /stream": async ({ url }, _operation, runId) => {
    const response = await fetch(url.replace(/graphql$/, "stream/talk"), {
      method: "POST",
      headers: { "content-type": "application/json", "last-event-id": `0.1.${runId}` },
      body: JSON.stringify({ count: 0, log: [] }),
    });
    return response.text();
  },
};

const NAMES = Object.keys(TRANSPORTS);

/** The same runs, served with compiled operations and with interpreted ones. */
async function startBoth() {
  const backend = memory();
  const both = await Promise.all(
    [true, false].map((compile) => startService({ workflows, backend, compile })),
  );
  const [compiled, interpreted] = both;
  if (!compiled || !interpreted) throw new Error("There are two");
  return {
    compiled,
    interpreted,
    async [Symbol.asyncDispose]() {
      await Promise.all(both.map((service) => service[Symbol.asyncDispose]()));
      await backend[Symbol.asyncDispose]();
    },
  };
}

/** Selects all that there is. */
async function operationOn(runId: string): Promise<Operation> {
  await using service = createService({ workflows });
  const event = service.schema.getType("WorkflowEvent");
  if (!event) throw new Error("The schema has no events");
  const selection = selectEverything(service.schema, event);
  return {
    query: `subscription ($runId: ID!) { workflowEvents(runId: $runId) ${selection} }`,
    variables: { runId },
  };
}

test.each([2, 3])(
  "all of a run that has ended, in %i rounds, is the same bytes compiled and interpreted, on all transports",
  async (count) => {
    await using both = await startBoth();
    const { compiled, interpreted } = both;
    const runId = await startRun(compiled.url, "talk", { count, log: [] });
    gates.of(runId).open(count);
    const operation = await operationOn(runId);
    // To its end, which is in what it says of the run.
    await TRANSPORTS["SSE"]?.(compiled, operation, runId);
    for (const name of NAMES) {
      const read = (service: RunningService) => TRANSPORTS[name]?.(service, operation, runId);
      const text = await read(compiled);
      expect(text).toBe(await read(interpreted));
      expect(text).toContain("Süße");
      expect(text?.split("example.com").length).toBeGreaterThan(count);
    }
  },
);

test("a run that is watched while it goes on is the same bytes, too, for all who watch", async () => {
  await using both = await startBoth();
  const runId = await startRun(both.compiled.url, "talk", { count: 2, log: [] });
  const operation = await operationOn(runId);
  // The run as it is "now" is another at each look.
  const query = operation.query.replace(/ run \{/, " run @skip(if: true) {");
  expect(query).not.toBe(operation.query);
  const gate = gates.of(runId);
  await until(() => gate.arrivals === 1);
  const reading = NAMES.map(async (name) => {
    const readers = [both.compiled, both.compiled, both.interpreted, both.interpreted].map(
      (service) => TRANSPORTS[name]?.(service, { ...operation, query }, runId),
    );
    return Promise.all(readers);
  });
  for (let round = 1; round <= 2; round++) {
    await until(() => gate.arrivals === round);
    gate.open();
  }
  for (const texts of await Promise.all(reading)) {
    expect(texts[0]).toContain("Süße");
    for (const text of texts) expect(text).toBe(texts[0]);
  }
});
