import { describe, expect, test } from "vitest";
import type { BadUserInputError } from "../../src/errors.ts";
import type { JsonObject, JsonValue } from "../../src/json.ts";
import { checkAnswers } from "../../src/runs/answers.ts";
import { newRun } from "../../src/testing/index.ts";

const DRAFT_7 = "http://json-schema.org/draft-07/schema#";

describe("an answer is held against the schema that its node gave", () => {
  const person: JsonObject = {
    type: "object",
    properties: { name: { type: "string" }, tags: { type: "array", items: { type: "string" } } },
    required: ["name"],
    additionalProperties: false,
  };

  test.each<[string, JsonObject, JsonValue]>([
    ["one that fits", person, { name: "Ann", tags: ["a"] }],
    ["a tuple of draft 7", { $schema: DRAFT_7, items: [{ type: "string" }] }, ["a", 1]],
    ["a tuple of draft 2020-12", { prefixItems: [{ type: "string" }] }, ["a", 1]],
    ["anything, where the schema cannot be read", { $ref: "#/nowhere" }, 1],
    ["nothing, where that is allowed", { type: "null" }, null],
  ])("%s is taken", (_what, schema, value) => {
    expect(check(schema, value)).toEqual({ q: value });
  });

  test.each<[string, JsonObject, JsonValue, readonly (readonly string[])[]]>([
    ["the whole", { type: "string" }, 1, [[]]],
    ["a missing key", person, {}, [[]]],
    ["each place", person, { name: 1, tags: ["a", 2] }, [["name"], ["tags", "1"]]],
    ["a key that is not allowed", person, { name: "Ann", "a/b~c%": 1 }, [["a/b~c%"]]],
    ["a tuple of draft 7", { $schema: DRAFT_7, items: [{ type: "string" }] }, [1], [["0"]]],
    ["a tuple of draft 2020-12", { prefixItems: [{ type: "string" }] }, [1], [["0"]]],
    ["a key that is no text", person, { "\ud800": 1 }, [[]]],
    ["nothing, where something is needed", { type: "string" }, null, [[]]],
  ])("what is wrong is told of %s", (_what, schema, value, paths) => {
    const error = refusal(() => check(schema, value));
    expect(error.problems.map(({ path }) => path)).toEqual(
      paths.map((path) => ["answers", "0", "value", ...path]),
    );
  });
});

function check(responseSchema: JsonObject, value: JsonValue): JsonObject {
  const interrupts = [{ id: "q", value: "?", responseSchema, namespace: [] }];
  const run = { ...newRun(), status: "interrupted", interrupts } as const;
  return checkAnswers(run, [{ interruptId: "q", value }]);
}

function refusal(act: () => unknown): BadUserInputError {
  try {
    act();
  } catch (error) {
    return error as BadUserInputError;
  }
  throw new Error("It was taken");
}
