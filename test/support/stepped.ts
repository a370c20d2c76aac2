import { expect } from "vitest";
import type { Gates } from "./gate.ts";
import { graphOf } from "./graphs.ts";
import { post } from "./http.ts";

/** All events of a run: every type implements `RunEvent`. */
export const EVERYTHING = "__typename ... on RunEvent { seq }";

/** A graph that reports progress `count` times, each time when the run's gate lets it. */
export function steppedGraph(gates: Gates) {
  return graphOf(async ({ state: { count }, write, config }) => {
    const gate = gates.of(String(config.configurable?.["run_id"]));
    for (let current = 1; current <= count; current++) {
      await gate.pass(config.signal);
      write({ type: "progress", current, total: count });
    }
  });
}

/** The same, with nothing to wait for. */
export const freeGraph = graphOf(({ state: { count }, write }) => {
  for (let current = 1; current <= count; current++) {
    write({ type: "progress", current, total: count });
  }
});

/** Starts a run without following it; returns its id. */
export async function startRun(
  url: string,
  workflow: string,
  input: object,
  authorization?: string,
): Promise<string> {
  const query = "mutation ($input: WorkflowInput!) { startRun(input: $input) { run { id } } }";
  const variables = { input: { [workflow]: input } };
  const { data, errors } = await post(url, { query, variables }, authorization);
  expect(errors).toBeUndefined();
  return (data?.["startRun"] as { readonly run: { readonly id: string } }).run.id;
}

/** The operation that follows a run. */
export function following(
  runId: string,
  options: { readonly after?: string | number; readonly select?: string } = {},
) {
  const { after, select = EVERYTHING } = options;
  return {
    query: `subscription ($runId: ID!, $after: Cursor) {
      workflowEvents(runId: $runId, after: $after) { ${select} }
    }`,
    variables: { runId, after: after === undefined ? null : String(after) },
  };
}

/** `from`, …, `to`. */
export function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
