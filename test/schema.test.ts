import { readFile, writeFile } from "node:fs/promises";
import { lexicographicSortSchema, parse, printSchema, validate, type GraphQLSchema } from "graphql";
import { afterAll, describe, expect, test } from "vitest";
import * as approval from "../src/demo/approval.ts";
import * as report from "../src/demo/report.ts";
import * as research from "../src/demo/research.ts";
import { createService } from "../src/service.ts";
import { readOperations } from "./support/operations.ts";
import { pairsOfMembers, selectEverything } from "./support/select-everything.ts";

const SCHEMA_FILE = new URL("../schema/schema.graphql", import.meta.url);

const service = createService({ workflows: { report, research, approval } });
afterAll(() => service[Symbol.asyncDispose]());
const { schema } = service;

describe("the schema of the demo workflows", () => {
  test("is the one in schema/schema.graphql", async () => {
    const printed = `${printSchema(lexicographicSortSchema(schema))}\n`;
    // `npm run schema` writes what is served; this test then tells whether that was meant.
    if (process.env["UPDATE_SCHEMA"]) await writeFile(SCHEMA_FILE, printed);
    expect(printed).toBe(await readFile(SCHEMA_FILE, "utf8"));
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
