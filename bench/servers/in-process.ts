import { parse, subscribe } from "graphql";
import { createService, memory } from "../../dist/index.js";
import { START, StateGraph, Annotation } from "@langchain/langgraph";
import { graph, type Work } from "../graph.ts";
import { answer } from "../support/child.ts";
import { SILENT } from "../support/silent.ts";

/** What graphs take by themselves, and runs of ours without any transport. */
const trivial = new StateGraph(Annotation.Root({ text: Annotation<string> }))
  .addNode("say", ({ text }) => ({ text: `${text}!` }))
  .addEdge(START, "say")
  .compile();

const backend = memory({ checkpoints: false });
const workflows = { say: trivial, unobserved: { graph: trivial, observe: false } };
const service = createService({ workflows, backend, logger: SILENT });
const document = parse(/* GraphQL */ `
  subscription ($input: WorkflowInput!) {
    runWorkflow(input: $input, only: [RUN_STATUS]) {
      ... on RunStatusEvent {
        runStatus
      }
    }
  }
`);

async function run(workflow: keyof typeof workflows): Promise<void> {
  const variableValues = { input: { [workflow]: { text: "Hi" } } };
  const results = await subscribe({ schema: service.schema, document, variableValues });
  if (!(Symbol.asyncIterator in results)) throw new Error(JSON.stringify(results));
  for await (const _result of results);
}

answer("", {
  invoke: (batch: Batch) => time(batch, () => trivial.invoke({ text: "Hi" })),
  run: (batch: Batch) => time(batch, () => run("say")),
  unobserved: (batch: Batch) => time(batch, () => run("unobserved")),
  async stream(work: Work): Promise<{ first: number; end: number }> {
    const startedAt = performance.now();
    let first = Number.NaN;
    let last = Number.NaN;
    for await (const _event of await graph.stream(work, { streamMode: "custom" })) {
      last = performance.now();
      if (Number.isNaN(first)) first = last;
    }
    return { first: first - startedAt, end: performance.now() - last };
  },
});

interface Batch {
  readonly count: number;
  /** How many at a time. */
  readonly together: number;
}

/** Milliseconds that one takes. */
async function time({ count, together }: Batch, once: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  for (let done = 0; done < count; done += together) {
    await Promise.all(Array.from({ length: together }, once));
  }
  return (performance.now() - startedAt) / count;
}
