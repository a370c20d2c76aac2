import { Annotation, interrupt, START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";
import { defineEvents } from "../../../src/workflows/define-events.ts";
import { defineWorkflow } from "../../../src/workflows/define-workflow.ts";

const Source = z.object({ url: z.string() }).meta({ id: "Source" });
const Item = z.object({ title: z.string(), source: Source.nullable() });

const State = z.object({
  outcome: z.string(),
  count: z.int32().optional(),
  mode: z.enum(["dry-run", "real"]).optional(),
  at: z.date().optional(),
  items: z.array(Item).optional(),
  matrix: z.array(z.array(z.number().nullable())).optional(),
  shape: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), radius: z.number() }),
      z.object({ kind: z.literal("square"), side: z.object({ mm: z.number() }) }),
    ])
    .optional(),
  rest: z.record(z.string(), z.unknown()).optional(),
});

export const events = defineEvents({
  citation: z.object({
    title: z.string().optional(),
    at: z.date().nullable(),
    source: Source,
    mode: z.enum(["dry-run", "real"]),
  }),
  tool_call: z.object({ name: z.string(), args: z.record(z.string(), z.unknown()), n: z.int32() }),
});

/** Ends as its input says. */
const typed = new StateGraph(State)
  .addNode("work", ({ outcome }, config) => {
    config.writer?.({ type: "progress", current: 1, total: 2, status: "half" });
    config.writer?.({ type: "tool_call", name: "search", args: { q: 1 }, n: 1 });
    config.writer?.({ type: "tool_call", name: 1 });
    if (outcome === "fails") throw new Error("It fails");
    if (outcome === "asks") interrupt("Go on?");
    return {
      count: 1,
      mode: "real" as const,
      at: new Date(0),
      items: [{ title: "one", source: { url: "https://example.com" } }],
      shape: { kind: "circle" as const, radius: 1 },
    };
  })
  .addEdge(START, "work")
  .compile();

const untyped = new StateGraph(Annotation.Root({ n: Annotation<number> }))
  .addNode("add", ({ n }) => ({ n: n + 1 }))
  .addEdge(START, "add")
  .compile();

export const workflows = { typed: defineWorkflow({ graph: typed, events }), untyped };
