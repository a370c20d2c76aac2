import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { z as zod3 } from "zod/v3";
import { LANGGRAPH_VERSIONS } from "../runs/ingest/langgraph-versions.ts";
import { graphOfSchemas } from "../support/graph-of-schemas.ts";
import { post } from "../support/http.ts";
import { startService, type RunningService } from "../support/service.ts";
import { collect, connect } from "../support/web-socket.ts";

let service: RunningService | undefined;
afterEach(() => service?.[Symbol.asyncDispose]());

const context = z.object({ since: z.date() });

describe.each(LANGGRAPH_VERSIONS)("with LangGraph $version", ({ core }) => {
  test.each<[string, object]>([
    ["Zod 4", z.object({ due: z.date(), amount: z.bigint() })],
    ["Zod 3", zod3.object({ due: zod3.date(), amount: zod3.bigint() })],
    ["StateSchema", new core.StateSchema({ due: z.date(), amount: z.bigint() })],
  ])("a node gets the dates and bigints that its schema wants: %s", async (_name, state) => {
    const seen: object[] = [];
    const graph = graphOfSchemas(core, state, { context }, (values, config) => {
      seen.push({ values, context: config.context });
      return {};
    });
    service = await startService({ workflows: { bill: graph } });
    const client = connect(service.wsUrl);
    const results = await collect(client, {
      query: `subscription ($input: WorkflowInput!, $options: RunOptions) {
        runWorkflow(input: $input, options: $options) {
          ... on RunStatusEvent { runStatus error { message } }
        }
      }`,
      variables: {
        input: { bill: { due: "2026-01-02T03:04:05Z", amount: "12345678901234567890" } },
        options: { context: { bill: { since: "2020-01-01T00:00:00Z" } } },
      },
    });
    await client.dispose();

    expect(results.at(-1)?.data).toEqual({ runWorkflow: { runStatus: "SUCCEEDED", error: null } });
    expect(seen).toEqual([
      {
        values: { due: new Date("2026-01-02T03:04:05Z"), amount: 12_345_678_901_234_567_890n },
        context: { since: new Date("2020-01-01T00:00:00Z") },
      },
    ]);
  });

  test("a context that the graph requires and is not given is refused before a run starts", async () => {
    const graph = graphOfSchemas(core, z.object({ due: z.date() }), { context });
    service = await startService({ workflows: { bill: graph } });
    const query = "mutation { startRun(input: { bill: {} }) { isNew } }";
    expect(await post(service.url, { query })).toMatchObject({
      errors: [
        {
          extensions: {
            code: "BAD_USER_INPUT",
            problems: [{ path: ["options", "context", "bill", "since"] }],
          },
        },
      ],
    });
    const { data } = await post(service.url, { query: "{ runs { nodes { id } } }" });
    expect(data).toEqual({ runs: { nodes: [] } });
  });

  test("what the workflow's author fixes in a context is not asked of clients", async () => {
    const seen: unknown[] = [];
    const graph = graphOfSchemas(
      core,
      z.object({ due: z.date() }),
      { context: context.extend({ user: z.string() }) },
      (_values, config) => {
        seen.push(config.context);
        return {};
      },
    );
    const bill = { graph, config: { context: { user: "the author" } } };
    service = await startService({ workflows: { bill } });
    const client = connect(service.wsUrl);
    const results = await collect(client, {
      query: `subscription {
        runWorkflow(
          input: { bill: {} }
          options: { context: { bill: { since: "2020-01-01T00:00:00Z" } } }
        ) { ... on RunStatusEvent { runStatus } }
      }`,
    });
    await client.dispose();
    expect(results.at(-1)?.data).toEqual({ runWorkflow: { runStatus: "SUCCEEDED" } });
    expect(seen).toEqual([{ user: "the author", since: new Date("2020-01-01T00:00:00Z") }]);
  });

  test("a context that is no object is refused where its type is JSON", async () => {
    const graph = graphOfSchemas(core, z.object({ due: z.date() }), {
      context: z.looseObject({}),
    });
    service = await startService({ workflows: { bill: graph } });
    const query = `mutation ($context: JSON!) {
      startRun(input: { bill: {} }, options: { context: { bill: $context } }) { isNew }
    }`;
    for (const given of ["abc", ["a"]]) {
      const response = await post(service.url, { query, variables: { context: given } });
      expect(response).toMatchObject({
        errors: [
          {
            extensions: {
              code: "BAD_USER_INPUT",
              problems: [{ path: ["options", "context", "bill"] }],
            },
          },
        ],
      });
    }
  });
});
