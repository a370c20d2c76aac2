import { expect, test } from "vitest";
import { pathOf, resolveRef } from "../../src/workflows/json-schema.ts";

const TEXT = { type: "string" };

test.each([
  ["the root", "#", []],
  ["a definition", "#/$defs/Address", ["$defs", "Address"]],
  ["a name that a pointer must escape", "#/$defs/a~1b%20c~0", ["$defs", "a/b c~"]],
  ["a name that has an escape in it", "#/$defs/~01", ["$defs", "~1"]],
  ["what is encoded twice, which is decoded once", "#/$defs/50%2525", ["$defs", "50%25"]],
  ["what only looks encoded", "#/$defs/50%/%FF/%41", ["$defs", "50%", "%FF", "A"]],
])("a reference names its way: %s", (_name, ref, path) => {
  expect(pathOf(ref)).toEqual(path);
});

test("a reference is followed to the end of a chain of them", () => {
  const root = { $defs: { a: { $ref: "#/$defs/b" }, b: TEXT } };
  expect(resolveRef({ $ref: "#/$defs/a" }, root)).toBe(TEXT);
});

test.each([
  ["that goes in a circle", "#/$defs/loop"],
  ["to what is not there", "#/$defs/none"],
  ["to what every object has", "#/constructor"],
  ["to what every object inherits", "#/$defs/__proto__"],
  ["to what is no schema", "#/$defs/text/type"],
])("a reference %s allows anything", (_name, $ref) => {
  const root = { $defs: { loop: { $ref: "#/$defs/loop" }, text: TEXT } };
  expect(resolveRef({ $ref }, root)).toEqual({});
});
