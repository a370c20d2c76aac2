import fc from "fast-check";
import type { EventBody, EventPlace, RunEvent, RunStatus } from "../../../src/events/run-event.ts";
import type { JsonValue } from "../../../src/json.ts";

const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>;
const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }));
const number = fc.oneof(fc.nat(), fc.nat(), fc.double(), fc.constantFrom(1, 0.5, 2 ** 31));
const date = fc.constantFrom("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z", "no date");
const mode = fc.constantFrom("dry-run", "real", "another");

/** Objects with these properties, as graphs make them: some missing, some of another kind. */
function loose(properties: Readonly<Record<string, fc.Arbitrary<unknown>>>) {
  const values = Object.entries(properties).map(([name, value]) => [
    name,
    fc.oneof(
      { weight: 16, arbitrary: value },
      { weight: 1, arbitrary: json },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
  ]);
  return fc.record(Object.fromEntries(values) as typeof properties) as fc.Arbitrary<JsonValue>;
}

const source = loose({ url: text });
const state = loose({
  outcome: text,
  count: number,
  mode,
  at: date,
  items: fc.array(loose({ title: text, source: fc.option(source) }), { maxLength: 3 }),
  matrix: fc.array(fc.array(fc.option(number), { maxLength: 2 }), { maxLength: 2 }),
  shape: fc.oneof(
    loose({ kind: fc.constant("circle"), radius: number }),
    loose({ kind: fc.constant("square"), side: loose({ mm: number }) }),
  ),
  rest: json,
});
const error = fc.record({ code: text, message: text });
const problem = fc.record({ path: fc.array(text, { maxLength: 2 }), message: text });

const payloads = {
  progress: loose({ type: fc.constant("progress"), current: number, total: number, status: text }),
  complete: loose({ type: fc.constant("complete"), message: text }),
  citation: loose({
    type: fc.constant("citation"),
    title: text,
    at: fc.option(date),
    source,
    mode,
  }),
  tool_call: loose({ type: fc.constant("tool_call"), name: text, args: json, n: number }),
};

const written = fc.constantFrom("progress", "complete", "citation", "tool_call").chain((event) =>
  fc.record(
    {
      kind: fc.constant("written"),
      event: fc.constant(event),
      payload: payloads[event],
      data: payloads[event],
    },
    { requiredKeys: ["kind", "event", "payload"] },
  ),
);
const undeclared = fc.record(
  {
    kind: fc.constant("written"),
    event: fc.constantFrom(null, "no_more"),
    payload: json,
    problems: fc.array(problem, { maxLength: 2 }),
  },
  { requiredKeys: ["kind", "event", "payload"] },
);
const changes = fc.record({
  kind: fc.constant("state"),
  changes: fc.oneof(state, state, fc.array(state, { maxLength: 2 }), json),
});
const message = fc.record({
  kind: fc.constant("message"),
  messageId: text,
  content: text,
  message: json,
});
const node = fc.record(
  {
    kind: fc.constant("node"),
    phase: fc.constantFrom("started", "finished", "failed"),
    durationMs: number,
    error,
  },
  { requiredKeys: ["kind", "phase"] },
);
const question = fc.record(
  {
    id: text,
    value: json,
    responseSchema: fc.constant({ type: "string" }),
    node: text,
    namespace: fc.array(text, { maxLength: 2 }),
  },
  { requiredKeys: ["id", "value", "namespace"] },
);
const status = fc.record(
  {
    kind: fc.constant("status"),
    status: fc.constantFrom<RunStatus>(
      "queued",
      "running",
      "interrupted",
      "succeeded",
      "failed",
      "cancelled",
    ),
    output: fc.oneof(state, json),
    error,
    interrupts: fc.array(question, { maxLength: 2 }),
  },
  { requiredKeys: ["kind", "status"] },
);

const body = fc.oneof(written, written, undeclared, changes, message, node, status);

const place: fc.Arbitrary<EventPlace> = fc.record({
  seq: fc.integer({ min: 1 }),
  createdAt: fc.integer({ min: 0, max: 4e12 }),
  attempt: fc.nat(),
  node: fc.option(text),
  taskId: fc.option(text),
  step: fc.option(fc.integer({ min: -1, max: 2 ** 33 })),
  namespace: fc.array(text, { maxLength: 2 }),
  nodeAttempt: fc.option(fc.integer({ min: 1, max: 5 })),
});

/** An event of any kind; not all of them are as the schemas of `workflows.ts` say. */
export const randomEvent: fc.Arbitrary<RunEvent> = fc
  .tuple(place, body)
  .map(([at, of]) => ({ ...at, ...(of as EventBody) }));
