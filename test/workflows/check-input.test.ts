import { Annotation, entrypoint, START, StateGraph } from "@langchain/langgraph";
import { type as arktype } from "arktype";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { z as zod3 } from "zod/v3";
import { BadUserInputError } from "../../src/errors.ts";
import type { JsonValue } from "../../src/json.ts";
import { checkContext, checkInput } from "../../src/workflows/check-input.ts";
import type { WorkflowDefinition } from "../../src/workflows/define-workflow.ts";
import type { Graph } from "../../src/workflows/graph.ts";
import { createWorkflows, type Workflow } from "../../src/workflows/workflow.ts";
import { LANGGRAPH_VERSIONS } from "../runs/ingest/langgraph-versions.ts";
import { graphOfSchemas, type GraphOptions } from "../support/graph-of-schemas.ts";

const annotated = new StateGraph(Annotation.Root({ n: Annotation<number> }))
  .addNode("idle", () => ({}))
  .addEdge(START, "idle")
  .compile();

describe.each(LANGGRAPH_VERSIONS)("with LangGraph $version,", ({ core }) => {
  const { ReducedValue, StateSchema } = core;

  const graphOf = (state: object, options: GraphOptions = {}): Graph =>
    graphOfSchemas(core, state, options);

  const fields = {
    topics: z.array(z.object({ name: z.string() })),
    count: z.number(),
    due: z.date(),
  };
  const fields3 = {
    topics: zod3.array(zod3.object({ name: zod3.string() })),
    count: zod3.number(),
    due: zod3.date(),
  };

  describe.each<[string, Graph]>([
    ["Zod 4", graphOf(z.object(fields))],
    ["Zod 3", graphOf(zod3.object(fields3))],
    ["StateSchema", graphOf(new StateSchema(fields))],
  ])("a graph of %s", (_name, graph) => {
    test("refuses an input with all that is wrong, and where", async () => {
      const input = { topics: [{ name: "a" }, { name: 5 }], count: "many", due: "tomorrow" };
      expect(await problemsOf({ graph }, input)).toEqual([
        { path: ["topics", "1", "name"], message: expect.stringMatching(/string/i) as string },
        { path: ["count"], message: expect.stringMatching(/number/i) as string },
        { path: ["due"], message: expect.stringMatching(/date/i) as string },
      ]);
    });

    test("takes any part of its state, and dates as JSON has them", async () => {
      expect(await problemsOf({ graph }, {})).toEqual([]);
      expect(await problemsOf({ graph }, { due: "2026-01-01T00:00:00Z" })).toEqual([]);
    });

    test.each([5, "text", [1], null])("refuses %j: a state is an object", async (input) => {
      expect(await problemsOf({ graph }, input)).toEqual([
        { path: [], message: "It must be an object" },
      ]);
    });
  });

  test.each<[string, object]>([
    ["Zod 4", z.object({ topics: fields.topics })],
    ["Zod 3", zod3.object({ topics: fields3.topics })],
  ])("a declared input of %s must have what it requires", async (_name, input) => {
    const graph = graphOf(z.object(fields), { input });
    expect(await problemsOf({ graph }, {})).toMatchObject([{ path: ["topics"] }]);
  });

  test("a declared StateSchema is what checks, and requires nothing", async () => {
    const graph = graphOf(new StateSchema(fields), {
      input: new StateSchema({ topics: z.array(z.string()) }),
    });
    expect(await problemsOf({ graph }, {})).toEqual([]);
    expect(await problemsOf({ graph }, { topics: [1] })).toMatchObject([{ path: ["topics", "0"] }]);
  });

  test("a reducer's field is checked as what the reducer takes, or what replaces it", async () => {
    const log = new ReducedValue(z.array(z.string()).default([]), {
      inputSchema: z.string(),
      reducer: (all: string[], one: string) => [...all, one],
    });
    const graph = graphOf(new StateSchema({ log }));
    expect(await problemsOf({ graph }, { log: "one" })).toEqual([]);
    expect(await problemsOf({ graph }, { log: ["one"] })).toMatchObject([{ path: ["log"] }]);
    expect(await problemsOf({ graph }, { log: { __overwrite__: ["one"] } })).toEqual([]);
    expect(await problemsOf({ graph }, { log: { __overwrite__: "one" } })).toMatchObject([
      { path: ["log"] },
    ]);
  });

  test("a context is checked as a whole, with what the author adds to it", async () => {
    const context = z.object({ user: z.string(), since: z.date().optional() });
    const graph = graphOf(z.object({ n: z.number() }), { context });
    expect(await contextProblemsOf({ graph }, null)).toMatchObject([{ path: ["user"] }]);
    expect(await contextProblemsOf({ graph }, { user: 5, since: 5 })).toMatchObject([
      { path: ["user"] },
      { path: ["since"] },
    ]);
    expect(await contextProblemsOf({ graph }, { user: "Ada", since: "2026-01-01" })).toEqual([]);
    const config = { context: { user: "the author" } };
    expect(await contextProblemsOf({ graph, config }, null)).toEqual([]);
  });

  test.each(["abc", ["a"], 5, false])("refuses %j as a context: it is an object", async (json) => {
    for (const options of [{}, { context: z.object({ user: z.string().optional() }) }]) {
      const graph = graphOf(z.object({ n: z.number() }), options);
      expect(await contextProblemsOf({ graph }, json)).toEqual([
        { path: [], message: "It must be an object" },
      ]);
    }
  });

  test("what a check throws that is no problem of the input is not passed on", async () => {
    const leaking = z.string().refine(() => {
      throw new Error("connect ECONNREFUSED password=hunter2");
    });
    for (const state of [z.object({ id: leaking }), new StateSchema({ id: leaking })]) {
      const checking = problemsOf({ graph: graphOf(state) }, { id: "a" });
      await expect(checking).rejects.not.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });
});

describe("schemas given to defineWorkflow", () => {
  test.each<[string, object]>([
    ["Zod 4", z.object({ n: z.number(), due: z.date() })],
    ["Zod 3", zod3.object({ n: zod3.number(), due: zod3.date() })],
    ["ArkType", arktype({ n: "number", due: "Date" })],
  ])("check inputs and contexts: %s", async (_name, schema) => {
    const definition = { graph: annotated, schemas: { input: schema, context: schema } };
    const good = { n: 1, due: "2026-01-01T00:00:00Z" };
    const bad = { n: "one", due: "2026-01-01T00:00:00Z" };
    expect(await problemsOf(definition, good)).toEqual([]);
    expect(await problemsOf(definition, bad)).toMatchObject([{ path: ["n"] }]);
    expect(await contextProblemsOf(definition, good)).toEqual([]);
    expect(await contextProblemsOf(definition, bad)).toMatchObject([{ path: ["n"] }]);
  });

  test("check beside the graph's own", async () => {
    const graph = new StateGraph(z.object({ n: z.number() }))
      .addNode("idle", () => ({}))
      .addEdge(START, "idle")
      .compile();
    const schemas = { input: z.object({ n: z.any(), who: z.string() }) };
    expect(await problemsOf({ graph, schemas }, { n: "one" })).toMatchObject([
      { path: ["n"] },
      { path: ["who"] },
    ]);
  });

  test("check nothing themselves when they are JSON Schema", async () => {
    const schemas = { input: { type: "object", properties: { n: { type: "number" } } } };
    expect(await problemsOf({ graph: annotated, schemas }, { n: "one" })).toEqual([]);
  });

  test("may be asynchronous", async () => {
    const input = z.object({ n: z.number().refine(async (n) => Promise.resolve(n > 0)) });
    const definition = { graph: annotated, schemas: { input } };
    expect(await problemsOf(definition, { n: 0 })).toMatchObject([{ path: ["n"] }]);
    expect(await problemsOf(definition, { n: 1 })).toEqual([]);
  });
});

test("a workflow of the functional API takes any input", async () => {
  const graph = entrypoint("flow", async (n: number) => n + 1);
  expect(await problemsOf({ graph }, 1)).toEqual([]);
});

function problemsOf(definition: WorkflowDefinition, input: JsonValue): Promise<unknown> {
  return refusalOf("input", checkInput(workflowOf(definition), input));
}

function contextProblemsOf(definition: WorkflowDefinition, context: JsonValue): Promise<unknown> {
  return refusalOf("context", checkContext(workflowOf(definition), context));
}

function workflowOf(definition: WorkflowDefinition): Workflow {
  const workflow = createWorkflows({ work: definition }).get("work");
  if (!workflow) throw new Error("No workflow");
  return workflow;
}

/** The problems of a `BadUserInputError`, within `part`; none when it is not thrown. Rejects with anything else. */
async function refusalOf(part: string, check: Promise<void>): Promise<unknown> {
  try {
    await check;
    return [];
  } catch (error) {
    if (!(error instanceof BadUserInputError)) throw error;
    return error.problems.map(({ path: [first, ...path], message }) => {
      expect(first).toBe(part);
      return { path, message };
    });
  }
}
