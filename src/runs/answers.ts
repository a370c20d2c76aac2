import { Validator, type OutputUnit } from "@cfworker/json-schema";
import { BadUserInputError, InterruptNotPendingError, type Problem } from "../errors.ts";
import type { Interrupt } from "../events/run-event.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { Run } from "./run.ts";

/** What somebody says to one interrupt. */
export interface InterruptAnswer {
  readonly interruptId: string;
  readonly value: JsonValue;
}

/**
 * The answers by the id of their interrupt. Those that are left out stay pending; to a static
 * breakpoint, where nothing is asked, the answer is none.
 *
 * Throws `InterruptNotPendingError` where the run does not wait for them, and `BadUserInputError`
 * where there is none, one interrupt has two, or a value is not what its node asks for.
 */
export function checkAnswers(run: Run, answers: readonly InterruptAnswer[]): JsonObject {
  if (run.status !== "interrupted") throw new InterruptNotPendingError(run.id, []);
  const pending = new Map(run.interrupts.map((interrupt) => [interrupt.id, interrupt]));
  const unknown = answers.filter(({ interruptId }) => !pending.has(interruptId));
  if (unknown.length > 0) {
    const ids = new Set(unknown.map(({ interruptId }) => interruptId));
    throw new InterruptNotPendingError(run.id, [...ids]);
  }
  if (answers.length === 0 && pending.size > 0) {
    refuse([{ path: ["answers"], message: `One of ${[...pending.keys()].join(", ")} at least` }]);
  }
  const byId = new Map<string, JsonValue>();
  const problems = answers.flatMap(({ interruptId, value }, index) => {
    const path = ["answers", String(index)];
    if (byId.has(interruptId)) {
      return [{ path: [...path, "interruptId"], message: "The same interrupt twice" }];
    }
    byId.set(interruptId, value);
    return problemsOf(value, pending.get(interruptId)).map((problem) => ({
      ...problem,
      path: [...path, "value", ...problem.path],
    }));
  });
  refuse(problems);
  return Object.fromEntries(byId);
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new BadUserInputError("The answers are not valid", problems);
}

function problemsOf(value: JsonValue, interrupt: Interrupt | undefined): readonly Problem[] {
  const schema = interrupt?.responseSchema;
  if (!schema) return [];
  const errors = validate(value, schema);
  const specific = errors.filter(({ keyword }) => !CONTAINERS.has(keyword));
  return (specific.length > 0 ? specific : errors).map((error) => ({
    path: pathOf(error.instanceLocation),
    message: error.keyword === "false" ? "Not allowed" : error.error,
  }));
}

/** Keywords whose errors only say that there are errors further down. */
const CONTAINERS: ReadonlySet<string> = new Set([
  "$ref",
  "additionalItems",
  "additionalProperties",
  "allOf",
  "items",
  "patternProperties",
  "prefixItems",
  "properties",
]);

type Mismatch = Pick<OutputUnit, "keyword" | "instanceLocation" | "error">;

function validate(value: JsonValue, schema: JsonObject): readonly Mismatch[] {
  const { $schema: dialect } = schema;
  const isDraft7 = typeof dialect === "string" && dialect.includes("draft-07");
  try {
    // A copy: the validator writes addresses into the schema, which is the store's.
    const validator = new Validator(structuredClone(schema), isDraft7 ? "7" : "2020-12", false);
    return validator.validate(value).errors;
  } catch (error) {
    // A key that is no well-formed text, or more levels than the stack has room for.
    if (error instanceof URIError || error instanceof RangeError) {
      return [{ keyword: "", instanceLocation: "#", error: "Cannot be checked" }];
    }
    // A schema that cannot be read refuses nothing: otherwise its run could never go on.
    return [];
  }
}

/** The validator gives RFC 6901 §6's pointers: URI fragments, of which it encodes what URIs forbid. */
function pathOf(pointer: string): readonly string[] {
  const segments = pointer.split("/").slice(1);
  return segments.map((segment) =>
    decodeURIComponent(segment).replaceAll("~1", "/").replaceAll("~0", "~"),
  );
}
