import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callerFor, placesOf } from "../../src/access/caller.ts";
import { ownerOf, viewerOf, type Viewer } from "../../src/access/viewer.ts";

/** Texts in which an encoding that is none would go wrong. */
const text = fc
  .oneof(
    fc.string({
      minLength: 1,
      maxLength: 12,
      unit: fc.constantFrom("a", "b", ":", "[", "]", '"', ",", "\\"),
    }),
    fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }),
  )
  .filter((value) => /^[^\p{Cc}\p{Cs}]{1,255}$/u.test(value));

const viewer: fc.Arbitrary<Viewer> = fc.record(
  { id: text, tenant: text },
  { requiredKeys: ["id"] },
);

describe("the owner that a viewer is kept as", () => {
  test("tells the viewer", () => {
    fc.assert(
      fc.property(viewer, (one) => {
        expect(viewerOf(ownerOf(one))).toEqual(one);
      }),
    );
  });

  test("is another for every other viewer", () => {
    fc.assert(
      fc.property(viewer, viewer, (one, other) => {
        const isSame = one.id === other.id && one.tenant === other.tenant;
        expect(ownerOf(one) === ownerOf(other)).toBe(isSame);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<[Viewer, Viewer]>([
    [{ id: "a:b" }, { id: "b", tenant: "a" }],
    [{ id: '["a","b"]' }, { id: "b", tenant: "a" }],
    [{ id: '["a"]' }, { id: "a" }],
    [
      { id: "c", tenant: "a,b" },
      { id: "b,c", tenant: "a" },
    ],
    [{ id: "null" }, { id: "null", tenant: "null" }],
  ])("of %j is not that of %j", (one, other) => {
    expect(ownerOf(one)).not.toBe(ownerOf(other));
    expect([one, other].map((each) => viewerOf(ownerOf(each)))).toEqual([one, other]);
  });

  test("is the id itself where there are no tenants", () => {
    expect(ownerOf({ id: "ada@example.com" })).toBe("ada@example.com");
  });

  test.each([
    ["no id", { id: "" }],
    ["an id that is no text", { id: 7 }],
    ["an id that is missing", {}],
    ["an endless id", { id: "a".repeat(256) }],
    ["a control character", { id: "a\u0000" }],
    ["half a surrogate pair", { id: "\ud800" }],
    ["an empty tenant", { id: "a", tenant: "" }],
    ["a tenant that is none", { id: "a", tenant: null }],
  ])(
    "is refused for %s, so that a mistake makes nobody the owner of everything",
    (_what, wrong) => {
      expect(() => ownerOf(wrong as Viewer)).toThrow(TypeError);
    },
  );
});

test("those who watch by a token take no place of the viewer who made it", () => {
  const ann = callerFor({ id: "ann" });
  expect(placesOf(ann)).toBe("ann");
  expect(placesOf({ ...ann, watches: "run-1" })).not.toBe("ann");
  expect(placesOf({ ...ann, watches: "run-1" })).not.toBe(placesOf({ ...ann, watches: "run-2" }));
  expect(placesOf({ owner: null, viewer: null, watches: "run-1" })).toBeNull();
});
