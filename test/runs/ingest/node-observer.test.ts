import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import type { GraphChunk } from "../../../src/runs/ingest/ingest.ts";
import { NodeObserver } from "../../../src/runs/ingest/node-observer.ts";

test("a node's duration is that of its last try", async () => {
  let now = 0;
  let tries = 0;
  const chunks: GraphChunk[] = [];
  const observer = new NodeObserver((chunk) => chunks.push(chunk), { now: () => now });
  const graph = new StateGraph(Annotation.Root({}))
    .addNode(
      "flaky",
      () => {
        now += 5;
        tries += 1;
        if (tries === 1) throw new Error("not yet");
        now += 2;
        return {};
      },
      { retryPolicy: { initialInterval: 1, jitter: false, logWarning: false } },
    )
    .addEdge(START, "flaky")
    .compile();

  await graph.invoke({}, { callbacks: [observer] });

  expect(chunks).toEqual([
    { kind: "node", phase: "started" },
    { kind: "node", phase: "failed", durationMs: 5, error: expect.any(Error) },
    { kind: "node", phase: "started" },
    { kind: "node", phase: "finished", durationMs: 7 },
  ]);
});
