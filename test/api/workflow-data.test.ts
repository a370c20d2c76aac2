import { START, StateGraph } from "@langchain/langgraph";
import { printType, type GraphQLSchema } from "graphql";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineWorkflow } from "../../src/workflows/define-workflow.ts";
import type { ServiceOptions } from "../../src/service-options.ts";
import { createService } from "../../src/service.ts";
import { recordingLogger } from "../support/recording-logger.ts";

const Address = z.object({ street: z.string() }).meta({ id: "Address" });

describe("the types of workflows", () => {
  test("are fields of WorkflowInput, WorkflowState and WorkflowResult", async () => {
    const schema = await schemaWith({ "tool-call": { state: z.object({ a: z.string() }) } });
    expect(printed(schema, "WorkflowInput")).toContain("toolCall: ToolCallInput");
    expect(printed(schema, "WorkflowState")).toContain("toolCall: ToolCallState");
    expect(printed(schema, "WorkflowResult")).toContain("toolCall: ToolCallOutput");
  });

  test("are in the state nullable, since a step changes only some keys", async () => {
    const schema = await schemaWith({ a: { state: z.object({ key: z.string() }) } });
    expect(printed(schema, "AState")).toContain("key: String\n");
  });

  test("are in the output non-null where a key is sure to be there", async () => {
    const state = z.object({
      maybe: z.string(),
      given: z.string(),
      preset: z.string().default(""),
    });
    const schema = await schemaWith({
      undeclared: { state, input: state.pick({ given: true }) },
      declared: { state, output: z.object(state.shape) },
    });
    const fields = (name: string) => printed(schema, name).match(/\w+: String!?/g);
    expect(fields("UndeclaredOutput")).toEqual([
      "given: String!",
      "maybe: String",
      "preset: String",
    ]);
    expect(fields("DeclaredOutput")).toEqual([
      "given: String!",
      "maybe: String!",
      "preset: String!",
    ]);
  });

  test("make room for data that is called as a part of a workflow is", async () => {
    const inner = z.object({ key: z.string() });
    const state = z.object({ input: inner, output: inner, context: inner });
    const schema = await schemaWith({ a: { state, context: inner }, "a-state": { state } });
    expect(printed(schema, "AState")).toContain("input: AState_Input\n");
    expect(printed(schema, "AInput")).toContain("input: AInputInput\n");
    expect(printed(schema, "WorkflowInput")).toContain("aState: AStateInput");
  });

  test("share what has the same id and is alike", async () => {
    const schema = await schemaWith({
      a: { state: z.object({ home: Address }) },
      b: { state: z.object({ work: Address }) },
    });
    expect(printed(schema, "AState")).toContain("home: Address\n");
    expect(printed(schema, "BState")).toContain("work: Address\n");
  });

  test("are under a prefix as well", async () => {
    const schema = await schemaWith(
      { a: { state: z.object({ home: Address }) } },
      { schema: { prefix: "Agents" } },
    );
    expect(printed(schema, "AgentsAState")).toContain("home: AgentsAddress\n");
    expect(printed(schema, "AgentsAInput")).toContain("home: AgentsAddressInput\n");
  });
});

test("only workflows with a context are in WorkflowContext, which is not there without any", async () => {
  const state = z.object({ key: z.string() });
  const context = z.object({ locale: z.string() });
  const some = await schemaWith({ a: { state, context }, b: { state } });
  expect(printed(some, "WorkflowContext")).toMatch(/@oneOf \{\n[^]*a: AContext\n\}/);
  expect(printed(some, "RunOptions")).toContain("context: WorkflowContext");
  const none = await schemaWith({ b: { state } });
  expect(none.getType("WorkflowContext")).toBeUndefined();
});

describe("at the start", () => {
  const state = z.object({ key: z.string() });
  test.each<[string, Definitions, RegExp]>([
    [
      "a workflow whose types would have names of the service's own",
      { workflow: { state } },
      /Workflow "workflow" would be the GraphQL type WorkflowState, which is taken by the service itself: rename it/,
    ],
    [
      "two workflows of one name",
      { "tool-call": { state }, toolCall: { state } },
      /"tool-call" and "toolCall" would both be "toolCall" in GraphQL: rename one of them/,
    ],
    [
      "one id for two schemas",
      {
        a: { state: z.object({ home: Address }) },
        b: { state: z.object({ home: z.object({ zip: z.string() }).meta({ id: "Address" }) }) },
      },
      /Workflow "b": the schema with the id "Address" would be the GraphQL type Address, which is taken by Workflow "a".*: give it another id/,
    ],
    [
      "two keys of one name",
      { a: { state: z.object({ "page-no": z.string(), pageNo: z.string() }) } },
      /workflow "a": the fields "page-no" and "pageNo" would both be "pageNo" in GraphQL: rename one of them/,
    ],
  ])("%s is refused, with the way out", async (_what, workflows, message) => {
    await expect(schemaWith(workflows)).rejects.toThrow(message);
  });
});

interface Parts {
  readonly state: z.ZodObject;
  readonly input?: z.ZodObject;
  readonly output?: z.ZodObject;
  readonly context?: z.ZodObject;
}

type Definitions = Readonly<Record<string, Parts>>;

async function schemaWith(
  definitions: Definitions,
  options: Partial<ServiceOptions> = {},
): Promise<GraphQLSchema> {
  const workflows = Object.entries(definitions).map(([name, parts]) => {
    const graph = new StateGraph(parts)
      .addNode("idle", () => ({}))
      .addEdge(START, "idle")
      .compile();
    return [name, defineWorkflow({ graph })] as const;
  });
  const service = createService({
    workflows: Object.fromEntries(workflows),
    logger: recordingLogger(),
    ...options,
  });
  await service[Symbol.asyncDispose]();
  return service.schema;
}

function printed(schema: GraphQLSchema, name: string): string {
  const type = schema.getType(name);
  if (!type) throw new Error(`There is no type ${name}`);
  return printType(type);
}
