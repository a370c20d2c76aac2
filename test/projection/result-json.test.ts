import fc from "fast-check";
import { GraphQLError, type ExecutionResult } from "graphql";
import { expect, test } from "vitest";
import { formatCursor } from "../../src/events/cursor.ts";
import type { CursorExtensions } from "../../src/projection/frame.ts";
import { resultJson } from "../../src/projection/result-json.ts";

const json = fc.jsonValue();
const data = fc.option(fc.dictionary(fc.string(), json));
const errors = fc
  .array(fc.record({ message: fc.string(), path: fc.array(fc.string()) }), { minLength: 1 })
  .map((all) => all.map(({ message, path }) => new GraphQLError(message, { path })));
const result = fc.oneof(
  fc.record({ data }),
  fc.record({ errors, data }),
) as fc.Arbitrary<ExecutionResult>;

/** As a run's own id may be. */
const runId = fc.stringMatching(/^[\w-]{1,128}$/);
const place: fc.Arbitrary<CursorExtensions> = fc
  .tuple(runId, fc.nat(), fc.nat())
  .map(([id, seq, epoch]) => ({ runId: id, seq, cursor: formatCursor(id, seq, epoch) }));

test("a result is written as JSON.stringify writes it, with its place in extensions", () => {
  fc.assert(
    fc.property(result, place, (of, at) => {
      expect(resultJson(of, at)).toBe(JSON.stringify({ ...of, extensions: at }));
    }),
  );
});

test("a result that is at no place has no extensions", () => {
  fc.assert(
    fc.property(result, (of) => {
      expect(resultJson(of, undefined)).toBe(JSON.stringify(of));
    }),
  );
});
