import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { printType, type GraphQLSchema } from "graphql";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { ServiceOptions } from "../../src/service-options.ts";
import { createService } from "../../src/service.ts";
import { defineEvents, type EventSchemas } from "../../src/workflows/define-events.ts";
import { defineWorkflow } from "../../src/workflows/define-workflow.ts";
import { recordingLogger } from "../support/recording-logger.ts";

const graph = new StateGraph(Annotation.Root({}))
  .addNode("idle", () => ({}))
  .addEdge(START, "idle")
  .compile();

describe("the type of a declared event", () => {
  test("has a field for each property, as nullable, as wide and as deep as its schema", async () => {
    const schema = await schemaWith({
      a: {
        tool_call: z.object({
          name: z.string().describe("The tool."),
          at: z.date(),
          count: z.int(),
          small: z.int32(),
          score: z.number().nullable(),
          tags: z.array(z.string()).optional(),
          mode: z.enum(["dry-run", "real"]),
          args: z.record(z.string(), z.unknown()),
          from: z.object({ page: z.int32() }),
          either: z.union([z.string(), z.number()]),
          any: z.unknown(),
        }),
      },
    });
    const own = printed(schema, "ToolCallEvent");
    expect(own).toContain('"""The tool."""\n  name: String!');
    for (const field of [
      "at: DateTime!",
      "count: Float!",
      "small: Int!",
      "score: Float\n",
      "tags: [String!]\n",
      "mode: ToolCallEventMode!",
      "args: JSON!",
      "from: ToolCallEventFrom!",
      "either: JSON!",
      "any: JSON\n",
    ]) {
      expect(own).toContain(field);
    }
    expect(printed(schema, "ToolCallEventMode")).toContain("DRY_RUN");
    expect(printed(schema, "WorkflowEventType")).toContain("TOOL_CALL");
  });

  test("is one when two workflows declare it alike", async () => {
    const citation = z.object({ url: z.string() });
    const schema = await schemaWith({
      a: { citation },
      b: { citation: z.object({ url: z.string() }) },
    });
    expect(printed(schema, "WorkflowEvent").match(/CitationEvent/g)).toHaveLength(1);
  });
});

describe("at the start", () => {
  test.each<[string, Record<string, EventSchemas>, RegExp]>([
    [
      "an event that two workflows declare differently",
      {
        a: { citation: z.object({ url: z.string() }) },
        b: { citation: z.object({ id: z.string() }) },
      },
      /"a" and "b" declare CitationEvent differently.*rename one event, for example to "b_citation"/,
    ],
    [
      "an event of a built-in type's name",
      { a: { custom: z.object({}) } },
      /CustomEvent, which is taken/,
    ],
    [
      "an event of the union's name",
      { a: { workflow: z.object({}) } },
      /WorkflowEvent, which is taken/,
    ],
    [
      "a field that all events have",
      { a: { citation: z.object({ node: z.string() }) } },
      /"citation" has a field "node".*rename it, for example to "citation_node"/,
    ],
    [
      "two fields of one name",
      { a: { citation: z.object({ "page-no": z.string(), pageNo: z.string() }) } },
      /"page-no" and "pageNo" would both be "pageNo"/,
    ],
  ])("%s is refused, with the way out", async (_what, events, message) => {
    await expect(schemaWith(events)).rejects.toThrow(message);
  });

  test("fields that one operation cannot select together are told about", async () => {
    const logger = recordingLogger();
    await schemaWith({ a: { alert: z.object({ message: z.string() }) } }, { logger });
    const [warning] = logger.lines.filter(({ level }) => level === "warn");
    expect(warning?.message).toMatch(
      /AlertEvent\.message is String! and CompleteEvent\.message is String: .*alias/,
    );
  });
});

test("a prefix lets the schema be built beside others", async () => {
  const schema = await schemaWith({ a: {} }, { schema: { prefix: "Agents" } });
  const unprefixed = Object.keys(schema.getTypeMap()).filter(
    (name) => !/^(Agents|__)/.test(name) && !SHARED.includes(name),
  );
  expect(unprefixed).toEqual([]);
  expect(Object.keys(schema.getSubscriptionType()?.getFields() ?? {})).toEqual([
    "agentsRunWorkflow",
    "agentsWorkflowEvents",
  ]);
});

const SHARED = "Query Mutation Subscription ID String Int Float Boolean JSON DateTime Cursor".split(
  " ",
);

async function schemaWith(
  workflows: Readonly<Record<string, EventSchemas>>,
  options: Partial<ServiceOptions> = {},
): Promise<GraphQLSchema> {
  const definitions = Object.entries(workflows).map(
    ([name, events]) => [name, defineWorkflow({ graph, events: defineEvents(events) })] as const,
  );
  const service = createService({
    workflows: Object.fromEntries(definitions),
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
