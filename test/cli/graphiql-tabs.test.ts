import { MessagesValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { parse, validate } from "graphql";
import { expect, test } from "vitest";
import { z } from "zod";
import { defaultTabs } from "../../src/cli/graphiql-tabs.ts";
import { createService } from "../../src/service.ts";
import { recordingLogger } from "../support/recording-logger.ts";

const Expression: z.ZodType = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("add"),
    left: z.lazy(() => Expression),
    right: z.lazy(() => Expression),
  }),
  z.object({ op: z.literal("number"), value: z.number() }),
]);

const Input = z.object({
  expression: Expression,
  text: z.string(),
  many: z.array(z.string()),
  tone: z.enum(["in-verse", "plain"]),
  when: z.date(),
  either: z.union([z.string(), z.object({ count: z.int() })]),
  inner: z.object({ flag: z.boolean(), score: z.number(), more: z.string().optional() }),
  anything: z.record(z.string(), z.unknown()),
  left: z.string().default("out"),
});

test("GraphiQL opens with a valid operation for each workflow, whatever its input", async () => {
  const typed = new StateGraph({ state: Input, input: Input })
    .addNode("idle", () => ({}))
    .addEdge(START, "idle")
    .compile();
  const chat = new StateGraph(new StateSchema({ messages: MessagesValue }))
    .addNode("idle", () => ({}))
    .addEdge(START, "idle")
    .compile();
  const service = createService({ workflows: { typed, chat }, logger: recordingLogger() });
  await service[Symbol.asyncDispose]();
  const tabs = defaultTabs(service.schema);
  expect(tabs).toHaveLength(2);
  for (const { query } of tabs) expect(validate(service.schema, parse(query)), query).toEqual([]);
  expect(tabs[0]?.query).toContain('{ chat: { messages: [{ text: "Hi" }] } }');
  expect(tabs[1]?.query).toContain("inner: { flag: true, score: 0 }");
});
