import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createService } from "../../src/index.ts";
import { serve } from "../../src/server/index.ts";
import { report } from "../support/graphs.ts";
import { post, type Operation } from "../support/http.ts";
import { startService, type RunningService } from "../support/service.ts";
import { BY_TRANSPORT } from "../support/transports.ts";

let hidden: RunningService;
let open: RunningService;
beforeAll(async () => {
  hidden = await startService({ workflows: { report }, introspection: false });
  open = await startService({ workflows: { report }, introspection: true });
});
afterAll(async () => {
  await hidden[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});
afterEach(() => vi.unstubAllEnvs());

const RUN = "subscription ($input: WorkflowInput!) { runWorkflow(input: $input) { __typename } }";

/** What makes graphql-js tell a name that the client did not write. */
const GUESSED: Readonly<Record<string, readonly [Operation, guess: string]>> = {
  "a field": [{ query: "{ workflow { nam } }" }, 'Did you mean "name"?'],
  "a type": [{ query: "query ($input: WorkflowInpu) { __typename }" }, '"WorkflowInput"'],
  "a fragment to write": [
    { query: 'subscription { workflowEvents(runId: "a") { current } }' },
    "Did you mean to use an inline fragment on",
  ],
  "a value of an enum": [
    { query: 'subscription { workflowEvents(runId: "a", only: [PROGRES]) { __typename } }' },
    'Did you mean the enum value "PROGRESS"?',
  ],
  "a field of a variable": [
    { query: RUN, variables: { input: { reports: {} } } },
    'Did you mean "report"?',
  ],
};

describe.each(Object.entries(BY_TRANSPORT))("by %s", (_name, ask) => {
  test.each(["{ __schema { types { name } } }", '{ __type(name: "Run") { name } }'])(
    "a service without introspection refuses %s",
    async (query) => {
      const { errors } = await ask(hidden.url, { query });
      expect(errors?.[0]?.message).toContain("GraphQL introspection has been disabled");
      expect(JSON.stringify(errors)).not.toContain("Did you mean");
    },
  );

  test.each(Object.keys(GUESSED))(
    "a service without introspection suggests no name of %s",
    async (name) => {
      const [operation, guess] = GUESSED[name] ?? [{ query: "" }, ""];
      const told = JSON.stringify((await ask(hidden.url, operation)).errors);
      expect(told).toContain("message");
      expect(told).not.toContain("Did you mean");
      // Only where it is open: otherwise there would be nothing to hide.
      const openly = JSON.stringify((await ask(open.url, operation)).errors);
      expect(openly).toContain(JSON.stringify(guess).slice(1, -1));
    },
  );
});

test("__typename works without introspection", async () => {
  const { data } = await post(hidden.url, { query: "{ __typename workflows { __typename } }" });
  expect(data).toEqual({ __typename: "Query", workflows: [{ __typename: "Workflow" }] });
});

test.each([
  ["production", undefined, undefined, { tells: false, page: false }],
  ["production", true, true, { tells: true, page: true }],
  ["test", undefined, undefined, { tells: true, page: true }],
  ["test", false, false, { tells: false, page: false }],
] as const)(
  "where NODE_ENV is %s, introspection is %s and graphiql is %s, the schema and the page are as asked",
  async (env, introspection, graphiql, { tells, page }) => {
    vi.stubEnv("NODE_ENV", env);
    await using service = createService({ workflows: { report }, introspection });
    await using server = await serve({ service, port: 0, graphiql });
    const { errors } = await post(server.url, { query: "{ __schema { queryType { name } } }" });
    expect(errors === undefined).toBe(tells);
    const answer = await fetch(server.url, { headers: { accept: "text/html" } });
    const isPage = answer.headers.get("content-type")?.startsWith("text/html") === true;
    expect(isPage && (await answer.text()).includes("<title>")).toBe(page);
  },
);
