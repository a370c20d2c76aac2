import { AIMessage } from "@langchain/core/messages";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { START, StateGraph, StateSchema } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../src/errors.ts";
import { checkInput, createWorkflows } from "../../src/workflows/workflow.ts";
import { graphOf } from "../support/graphs.ts";

const work = graphOf(() => undefined);

describe("a workflow", () => {
  test("can be a bare compiled graph", () => {
    expect(createWorkflows({ work }).get("work")).toMatchObject({ graph: work, description: null });
  });

  test("can be what LangChain's createAgent makes", () => {
    const model = new FakeStreamingChatModel({ responses: [new AIMessage("hello")] });
    const agent = createAgent({ model, tools: [] });
    expect(createWorkflows({ agent }).get("agent")?.graph).toBe(agent.graph);
  });

  test("has progress and complete without declaring them", () => {
    expect([...(createWorkflows({ work }).get("work")?.events.keys() ?? [])]).toEqual([
      "progress",
      "complete",
    ]);
  });

  test("has another version when its graph has other nodes", () => {
    const versionOf = (graph: Parameters<typeof createWorkflows>[0][string]): string | undefined =>
      createWorkflows({ graph }).get("graph")?.version;
    const { builder } = graphOf(() => undefined);
    const other = builder
      .addNode("other", () => ({}))
      .addEdge("work", "other")
      .compile();
    expect(versionOf(work)).toBe(versionOf(graphOf(() => undefined)));
    expect(versionOf(work)).not.toBe(versionOf(other));
  });

  test("without a compiled graph is refused, with what to pass", () => {
    const definition = { graph: work.builder } as never;
    expect(() => createWorkflows({ work: definition })).toThrow(ConfigError);
    expect(() => createWorkflows({ work: definition })).toThrow(
      /what builder\.compile\(\) returns/,
    );
    expect(() => createWorkflows({ work: work.builder as never })).toThrow(ConfigError);
    expect(() => createWorkflows({})).toThrow(/no workflows/);
  });

  test("refuses an input as its graph would, and says where it is wrong", async () => {
    const workflow = createWorkflows({ work }).get("work");
    if (!workflow) throw new Error("No workflow");
    await expect(checkInput(workflow, { count: "many" })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      problems: [{ path: ["count"], message: expect.stringContaining("number") as string }],
    });
    await expect(checkInput(workflow, { count: 1 })).resolves.toBeUndefined();
  });

  test.each([5, "text", [1], null])(
    "refuses %j as an input: a state is an object",
    async (input) => {
      const workflow = createWorkflows({ work }).get("work");
      if (!workflow) throw new Error("No workflow");
      await expect(checkInput(workflow, input)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    },
  );

  test("says where the input of a StateSchema is wrong", async () => {
    const schema = new StateSchema({ topics: z.array(z.string()) });
    const graph = new StateGraph(schema)
      .addNode("idle", () => ({}))
      .addEdge(START, "idle")
      .compile();
    const workflow = createWorkflows({ graph }).get("graph");
    if (!workflow) throw new Error("No workflow");
    await expect(checkInput(workflow, { topics: ["a", 5] })).rejects.toMatchObject({
      problems: [{ path: ["topics", "1"] }],
    });
  });

  test("does not pass on what a check throws that is no problem of the input", async () => {
    const leaking = z.object({
      id: z.string().refine(() => {
        throw new Error("connect ECONNREFUSED password=hunter2");
      }),
    });
    const graph = new StateGraph(leaking)
      .addNode("idle", () => ({}))
      .addEdge(START, "idle")
      .compile();
    const workflow = createWorkflows({ graph }).get("graph");
    if (!workflow) throw new Error("No workflow");
    const error: unknown = await checkInput(workflow, { id: "a" }).catch((e: unknown) => e);
    expect(error).not.toMatchObject({ code: "BAD_USER_INPUT" });
    expect(error).toBeInstanceOf(Error);
  });
});
