import { expect, test } from "vitest";
import { accumulate } from "../../src/graphiql/accumulate.ts";
import type { ArrivedResult } from "../../src/graphiql/accumulate.ts";
import { showsEvents } from "../../src/graphiql/shows-events.ts";

/** As GraphiQL writes it into the response pane. */
const shown = (results: readonly ArrivedResult[], limit?: number): string =>
  JSON.stringify(accumulate({}, results, limit), null, 2);

const event = { data: { workflowEvents: { seq: 1 } } };
const refusal = { data: null, errors: [{ message: "refused" }], extensions: { problems: [] } };

test("a refusal shows no events", () => {
  expect(showsEvents(shown([refusal]))).toBe(false);
});

test("events are events, whatever errors come with them", () => {
  expect(showsEvents(shown([event]))).toBe(true);
  expect(showsEvents(shown([refusal, event]))).toBe(true);
  expect(showsEvents(shown([event, event, refusal], 1))).toBe(true);
});
