import { describe, expect, test } from "vitest";
import {
  createNames,
  distinctNames,
  toEnumValue,
  toEventTypeName,
  toFieldName,
} from "../../src/api/names.ts";

test.each([
  ["citation", "CitationEvent"],
  ["tool_call", "ToolCallEvent"],
  ["page-event", "PageEvent"],
  ["toolCall", "ToolCallEvent"],
  ["über.cool", "BerCoolEvent"],
])("the event %s is the type %s", (type, typeName) => {
  expect(toEventTypeName(type)).toBe(typeName);
});

test.each([
  ["report", "report"],
  ["legacy_agent", "legacy_agent"],
  ["my-agent", "myAgent"],
  ["2nd agent", "_2ndAgent"],
  ["__internal", "internal"],
])("the workflow %s is the field %s", (name, field) => {
  expect(toFieldName(name)).toBe(field);
});

test.each([
  ["StateUpdate", "STATE_UPDATE"],
  ["in-progress", "IN_PROGRESS"],
  ["2x", "_2X"],
  ["true", "_TRUE"],
])("%s is the enum value %s", (name, value) => {
  expect(toEnumValue(name)).toBe(value);
});

test("a name without a letter or digit is refused", () => {
  expect(toEventTypeName("名")).toBe("U540DEvent");
  expect(() => toEventTypeName("")).toThrow(/empty name/);
});

describe("a prefix", () => {
  test("goes before types and root fields", () => {
    const names = createNames("Agents");
    expect(names.type("Run")).toBe("AgentsRun");
    expect(names.rootField("runWorkflow")).toBe("agentsRunWorkflow");
  });

  test("must be the beginning of a type name", () => {
    expect(() => createNames("my-")).toThrow(/schema\.prefix/);
  });
});

test("two names that would be one in GraphQL are refused, with the way out", () => {
  expect(() =>
    distinctNames(["my-agent", "myAgent"], toFieldName, "The workflows", "rename one"),
  ).toThrow(
    'The workflows "my-agent" and "myAgent" would both be "myAgent" in GraphQL: rename one',
  );
});
