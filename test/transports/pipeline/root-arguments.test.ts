import { START, StateGraph } from "@langchain/langgraph";
import { GraphQLScalarType, Kind } from "graphql";
import { expect, test } from "vitest";
import { z } from "zod";
import { createService } from "../../../src/service.ts";
import { recordingLogger } from "../../support/recording-logger.ts";

const DUE = "2026-01-01T00:00:00Z";
const input = z.object({ due: z.date(), count: z.int32() });
const graph = new StateGraph({ state: input, input })
  .addNode("work", ({ count }, config) => {
    for (let current = 1; current <= count; current++) {
      config.writer?.({ type: "progress", current });
    }
    return {};
  })
  .addEdge(START, "work")
  .compile();

test.each([
  [
    "variables",
    "subscription ($input: WorkflowInput!, $total: Boolean!) { runWorkflow(input: $input) { ...Events } }",
  ],
  [
    "literals",
    `subscription ($total: Boolean!, $count: Int!) { runWorkflow(input: { work: { due: "${DUE}", count: $count } }) { ...Events } }`,
  ],
  [
    "a fragment of the root",
    `subscription ($input: WorkflowInput!, $total: Boolean!) { ...Root }
      fragment Root on Subscription { runWorkflow(input: $input) { ...Events } }`,
  ],
])(
  "arguments in %s are read when a run starts, and not again with each event",
  async (_what, text) => {
    const query = `${text} fragment Events on ProgressEvent { current total @include(if: $total) }`;
    const [few, many] = [await readsOf(query, 2), await readsOf(query, 50)];
    expect(few.events.at(0)).toEqual({ current: 1, total: null });
    expect(many.events).toHaveLength(50);
    expect(few.reads).toBeGreaterThan(0);
    expect(many.reads).toBe(few.reads);
  },
);

/** How often a date in the input is read while a run of `count` events is followed. */
async function readsOf(query: string, count: number) {
  let reads = 0;
  const read = (text: unknown): Date => {
    reads += 1;
    return new Date(String(text));
  };
  const DateTime = new GraphQLScalarType({
    name: "DateTime",
    parseValue: read,
    parseLiteral: (node) => read(node.kind === Kind.STRING ? node.value : undefined),
  });
  await using service = createService({
    workflows: { work: graph },
    schema: { scalars: { DateTime } },
    logger: recordingLogger(),
  });
  const variables = { input: { work: { due: DUE, count } }, count, total: true };
  const response = await service.fetch(
    new Request("http://localhost/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ query, variables }),
    }),
  );
  const events = [...(await response.text()).matchAll(/"runWorkflow":(\{[^}]*\})/g)].map(
    ([, event]) => JSON.parse(event ?? "") as unknown,
  );
  return { reads, events };
}
