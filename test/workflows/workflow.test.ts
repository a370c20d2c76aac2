import { AIMessage } from "@langchain/core/messages";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { createAgent } from "langchain";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { createWorkflows } from "../../src/workflows/workflow.ts";
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
});
