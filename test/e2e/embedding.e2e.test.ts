import { graphql, parse, subscribe, type ExecutionResult } from "graphql";
import { createYoga } from "graphql-yoga";
import { afterAll, expect, test } from "vitest";
import { createService } from "../../src/index.ts";
import { graphOf } from "../support/graphs.ts";
import { readResults } from "../support/http.ts";
import { recordingLogger } from "../support/recording-logger.ts";

const service = createService({
  workflows: {
    work: graphOf(({ state, write }) => {
      write({ type: "progress", current: 1 });
      if (state.count > 0) throw new Error("No such customer");
    }),
  },
  logger: recordingLogger(),
});
afterAll(() => service[Symbol.asyncDispose]());

const FAILING =
  "subscription { runWorkflow(input: { work: { count: 1 } }) { ... on ProgressEvent { current } } }";

test("in another Yoga the schema's errors keep their codes, and a failed run is not silent", async () => {
  const yoga = createYoga({ schema: service.schema, logging: false });
  const missing = await yoga.fetch(asking("application/json", '{ run(id: "x") { id } }'));
  expect(await missing.json()).toMatchObject({ errors: [{ extensions: { code: "NOT_FOUND" } }] });
  const results = await readResults(await yoga.fetch(asking("text/event-stream", FAILING)));
  expect(results.at(-1)).toMatchObject({
    errors: [{ message: "No such customer", extensions: { code: "RUN_FAILED" } }],
  });
});

test("graphql-js alone executes the schema, too", async () => {
  const { errors } = await graphql({ schema: service.schema, source: '{ run(id: "x") { id } }' });
  expect(errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  const results: ExecutionResult[] = [];
  const stream = await subscribe({ schema: service.schema, document: parse(FAILING) });
  for await (const result of stream as AsyncIterable<ExecutionResult>) results.push(result);
  expect(results).toMatchObject([
    { data: { runWorkflow: { current: 1 } } },
    { errors: [{ extensions: { code: "RUN_FAILED" } }] },
  ]);
});

test("`fetch` answers a web framework's requests", async () => {
  const found = await service.fetch(asking("application/json", "{ workflows { name } }"));
  expect(await found.json()).toEqual({ data: { workflows: [{ name: "work" }] } });
  const following = 'subscription { workflowEvents(runId: "x") { __typename } }';
  const refused = await service.fetch(asking("text/event-stream", following));
  // 200, so that fetch-based clients read the error; EventSource, a GET, gets a status.
  expect(refused.status).toBe(200);
  expect(await readResults(refused)).toMatchObject([
    { errors: [{ extensions: { code: "NOT_FOUND" } }] },
  ]);
});

function asking(accept: string, query: string): Request {
  return new Request("http://host/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept },
    body: JSON.stringify({ query }),
  });
}
