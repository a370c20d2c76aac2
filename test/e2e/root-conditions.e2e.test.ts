import { afterAll, beforeAll, expect, test } from "vitest";
import { createGates } from "../support/gate.ts";
import { openEventSource } from "../support/http.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { startService, type RunningService } from "../support/service.ts";
import { steppedGraph } from "../support/stepped.ts";

let service: RunningService;

beforeAll(async () => {
  service = await startService({ workflows: { steps: steppedGraph(createGates()) } });
});
afterAll(() => service[Symbol.asyncDispose]());

/** graphql-js throws when it validates the first, and when it executes the others. */
const DOCUMENTS = {
  "a fragment of the root":
    'subscription ($a: Boolean!) { ...F @include(if: $a) } fragment F on Subscription { workflowEvents(runId: "x") { __typename } }',
  "its field, by a variable":
    'subscription ($a: Boolean!) { workflowEvents(runId: "x") @include(if: $a) { __typename } }',
  "its field, in a fragment":
    'subscription { ... on Subscription { workflowEvents(runId: "x") @skip(if: true) { __typename } } }',
};

const CODED = expect.objectContaining({
  extensions: expect.objectContaining({ code: "GRAPHQL_VALIDATION_FAILED" }) as unknown,
}) as unknown;

for (const [what, query] of Object.entries(DOCUMENTS)) {
  const operation = { query, variables: query.includes("$a") ? { a: false } : {} };

  test.each([
    ["application/graphql-response+json", 400],
    ["application/json", 200],
  ])(
    `a subscription with a condition on ${what} is not valid, over HTTP as %s`,
    async (accept, status) => {
      const response = await fetch(service.url, {
        method: "POST",
        headers: { "content-type": "application/json", accept },
        body: JSON.stringify(operation),
      });
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ errors: [CODED] });
    },
  );

  test(`nor is one with a condition on ${what} for an EventSource`, async () => {
    const response = await openEventSource(service.url, operation);
    expect([response.status, await response.json()]).toEqual([400, { errors: [CODED] }]);
  });

  test(`nor on a WebSocket, which stays open: a condition on ${what}`, async () => {
    const raw = await openRawSocket(service.wsUrl);
    raw.send({ type: "subscribe", id: "1", payload: operation });
    expect((await raw.message("1", "error")).payload).toEqual([CODED]);
    raw.send({ type: "subscribe", id: "2", payload: { query: "{ __typename }" } });
    await raw.message("2", "complete");
    raw.socket.terminate();
  });
}
