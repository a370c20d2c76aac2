import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import {
  buildSchema,
  findBreakingChanges,
  lexicographicSortSchema,
  parse,
  printSchema,
  validate,
  type GraphQLSchema,
} from "graphql";
import { afterAll, describe, expect, test } from "vitest";
import * as approval from "../src/demo/approval.ts";
import * as report from "../src/demo/report.ts";
import * as research from "../src/demo/research.ts";
import { createService } from "../src/service.ts";
import { readOperations } from "./support/operations.ts";
import { pairsOfMembers, selectEverything } from "./support/select-everything.ts";

const CONTRACT = fileURLToPath(new URL("../schema/schema.graphql", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../schema/example.graphql", import.meta.url));

/** A graph of which nothing is known before it runs: of the schema it makes nothing but its name. */
const anyGraph = new StateGraph(Annotation.Root({ n: Annotation<number> }))
  .addNode("add", ({ n }) => ({ n: n + 1 }))
  .addEdge(START, "add")
  .compile();

const folder = await mkdtemp(join(tmpdir(), "langgraph-graphql-schema-"));
const fixed = createService({ workflows: { anyGraph } });
const demo = createService({ workflows: { report, research, approval } });
afterAll(async () => {
  await fixed[Symbol.asyncDispose]();
  await demo[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("the part of the schema that all workflows share", () => {
  test("is the one in schema/schema.graphql, whose clients no change breaks", async () => {
    // `npm run schema` writes what is served, unless a client would break: see `keepContract`.
    await keepContract(CONTRACT, fixed.schema, process.env["UPDATE_SCHEMA"]);
  });

  test("is added to by typed workflows, and not changed", async () => {
    await using all = createService({ workflows: { anyGraph, report, research, approval } });
    expect(breakingChanges(print(fixed.schema), all.schema)).toEqual([]);
  });

  describe("is not written anew", () => {
    test.each([
      ["a field by another name", "isFinished: ", "isOver: ", "Run.isFinished was removed"],
      ["a field that may be null", "seq: Int!", "seq: Int", "RunEvent.seq changed type"],
      ["an event that is gone", "| NodeEvent ", "", "NodeEvent was removed from union"],
      ["a status by another name", "QUEUED\n", "WAITING\n", "QUEUED was removed from enum"],
      ["an input that is required", "timeoutMs: Int", "timeoutMs: Int!", "RunOptions.timeoutMs"],
    ])("with %s, unless told so", async (_what, before, after, complaint) => {
      const printed = print(fixed.schema);
      expect(printed).toContain(before);
      const doctored = buildSchema(printed.replaceAll(before, after));

      const file = join(folder, "schema.graphql");
      await writeFile(file, printed);
      await expect(keepContract(file, doctored, "1")).rejects.toThrow(complaint);
      expect(await readFile(file, "utf8")).toBe(printed);
      await keepContract(file, doctored, "breaking");
      expect(await readFile(file, "utf8")).toBe(print(doctored));
    });
  });
});

describe("the schema of the demo workflows", () => {
  const { schema } = demo;

  test("is the one in schema/example.graphql", async () => {
    await keepPrinted(EXAMPLE, schema, process.env["UPDATE_SCHEMA"]);
  });

  test("describes every type, and every value of an enum but the generated one", () => {
    const undescribed = Object.values(schema.getTypeMap())
      .filter(({ name }) => !name.startsWith("__") && !ROOT_OR_PAYLOAD.test(name))
      .filter(({ description }) => !description)
      .map(({ name }) => name);
    expect(undescribed).toEqual([]);
  });

  test("lets one operation select all fields of every two members of the union", () => {
    const conflicts = pairsOfMembers(schema, "WorkflowEvent").flatMap(([a, b]) => {
      const operation = `subscription { workflowEvents(runId: "1") {
        ... on ${a.name} ${selectEverything(schema, a)}
        ... on ${b.name} ${selectEverything(schema, b)}
      } }`;
      return errorsOf(schema, operation).map((message) => `${a.name} × ${b.name}: ${message}`);
    });
    expect(conflicts).toEqual([]);
  });

  test("accepts the operations in schema/operations", async () => {
    for (const { name, text } of await readOperations()) {
      expect(errorsOf(schema, text), name).toEqual([]);
    }
  });
});

const ROOT_OR_PAYLOAD = /^(Query|Mutation|Subscription|\w+Payload)$/;

function errorsOf(of: GraphQLSchema, operation: string): readonly string[] {
  return validate(of, parse(operation)).map(({ message }) => message);
}

/**
 * Holds a schema to the file that clients rely on. A change that would break them is refused, and the
 * file stays as it is, whether or not it is to be updated; `UPDATE_SCHEMA=breaking` is for meaning it.
 */
async function keepContract(file: string, schema: GraphQLSchema, update?: string): Promise<void> {
  const broken = breakingChanges(await readFile(file, "utf8"), schema);
  if (broken.length > 0 && update !== "breaking") {
    throw new Error(
      `Clients of ${file} would break: undo it, or write it with UPDATE_SCHEMA=breaking\n` +
        broken.join("\n"),
    );
  }
  await keepPrinted(file, schema, update);
}

/** Holds a schema to its printed file, which is written anew where it is to be updated. */
async function keepPrinted(file: string, schema: GraphQLSchema, update?: string): Promise<void> {
  if (update) await writeFile(file, print(schema));
  expect(print(schema)).toBe(await readFile(file, "utf8"));
}

function breakingChanges(contract: string, schema: GraphQLSchema): readonly string[] {
  return findBreakingChanges(buildSchema(contract), schema).map(({ description }) => description);
}

function print(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
