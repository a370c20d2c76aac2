import {
  buildSchema,
  GraphQLError,
  parse,
  type ExecutionArgs,
  type GraphQLScalarType,
} from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Problem } from "../../../src/index.ts";
import { checkVariables } from "../../../src/transports/pipeline/check-variables.ts";
import { report } from "../../support/graphs.ts";
import {
  openEventSource,
  post,
  postEvents,
  readResults,
  type Operation,
} from "../../support/http.ts";
import type { Result, ResultError } from "../../support/result.ts";
import { startService, type RunningService } from "../../support/service.ts";
import { collect, connect } from "../../support/web-socket.ts";

describe("the problems of variables", () => {
  const schema = buildSchema(`
    type Query { find(input: Input!, page: Page = {}): Int }
    input Input { report: Report }
    input Report { items: [String!]!, mode: Mode, depth: Int, options: Options, at: Odd, file: Hidden }
    input Options @oneOf { fast: Boolean, slow: Int }
    input Page { first: Int! = 10 }
    enum Mode { DRAFT FINAL }
    scalar Odd
    scalar Hidden
  `);
  (schema.getType("Odd") as GraphQLScalarType).parseValue = () => {
    throw new GraphQLError("Not odd");
  };
  (schema.getType("Hidden") as GraphQLScalarType).parseValue = () => {
    throw new TypeError("ENOENT /etc/secret");
  };
  const document = parse(
    "query ($input: Input!, $page: Page) { find(input: $input, page: $page) }",
  );

  const check = (variableValues: ExecutionArgs["variableValues"]) =>
    checkVariables({ schema, document, variableValues });
  const problems = (report_: object): unknown =>
    check({ input: { report: report_ } })?.extensions["problems"];

  test.each<readonly [string, object, string, string]>([
    ["text for a list of numbers", { items: [3] }, "items.0", "non string value: 3"],
    ["a number for a list of texts", { items: 3 }, "items", "non string value: 3"],
    ["null in a list", { items: ["a", null] }, "items.1", "not to be null"],
    ["a missing field", {}, "items", "was not provided"],
    ["an unknown field", { items: [], item: 1 }, "item", 'Did you mean "items"'],
    ["a field with an odd name", { items: [], 'a "b" c': 1 }, 'a "b" c', "is not defined"],
    [
      "an unknown value of an enum",
      { items: [], mode: "DRAFTED" },
      "mode",
      'the enum value "DRAFT"',
    ],
    ["a fraction", { items: [], depth: 1.5 }, "depth", "non-integer value: 1.5"],
    ["text for an object", { items: [], options: "a" }, "options", "to be an object"],
    ["two of a @oneOf", { items: [], options: { fast: true, slow: 1 } }, "options", "Exactly one"],
    ["none of a @oneOf", { items: [], options: {} }, "options", "Exactly one"],
    ["null for a @oneOf's one", { items: [], options: { fast: null } }, "options.fast", "non-null"],
    ["what a scalar refuses", { items: [], at: 1 }, "at", "Not odd"],
    ["a defect of a scalar, in no words of its own", { items: [], file: 1 }, "file", "Not a valid"],
  ])("%s is found where it is", (_name, input, path, message) => {
    expect(problems(input)).toEqual([
      {
        path: ["input", "report", ...path.split(".")],
        message: expect.stringContaining(message) as string,
      },
    ]);
  });

  test("come all at once, of all variables, with the places of their definitions", () => {
    const error = check({ input: { report: { items: [1, "a", 2], mode: 5 } }, page: null });
    expect(pathsOf(error)).toEqual([
      "input.report.items.0",
      "input.report.items.2",
      "input.report.mode",
    ]);
    expect(error?.message).toBe(
      'Variable "$input.report.items.0" is not valid: String cannot represent a non string value: 1, and 2 more',
    );
    expect(error?.locations).toEqual([{ line: 1, column: 8 }]);
    const both = check({ page: { first: "a", last: 1 } });
    expect(pathsOf(both)).toEqual(["input", "page.first", "page.last"]);
    expect(both?.locations).toHaveLength(2);
  });

  test("are none where values, defaults and absence fit", () => {
    expect(check({ input: { report: { items: "a", mode: "FINAL" } }, unknown: 1 })).toBeUndefined();
    expect(check({ input: { report: null }, page: null })).toBeUndefined();
  });

  test("are fifty of a variable at most, however long a list of wrong items is", () => {
    const { length } = problems({ items: Array.from({ length: 1_000_000 }, () => 1) }) as unknown[];
    expect(length).toBe(50);
  });
});

const pathsOf = (error: ResultError | undefined): readonly string[] =>
  (error?.extensions?.["problems"] as readonly Problem[]).map(({ path }) => path.join("."));

describe("over every transport", () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await startService({ workflows: { report } });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  const VARIABLES = { input: { other: 1 }, only: ["PROGRES"] };
  const SUBSCRIPTION = {
    query: `subscription ($input: WorkflowInput!, $only: [WorkflowEventType!]) {
      runWorkflow(input: $input, only: $only) { __typename }
    }`,
    variables: VARIABLES,
  };
  const QUERY = {
    query:
      "query ($after: String, $first: Int!) { runs(after: $after, first: $first) { hasMore } }",
    variables: { first: "a", after: 7 },
  };
  const INVALID = {
    query: 'subscription { workflowEvents(runId: "a", only: [NOTHING]) { __typename } }',
  };

  /** How to have an operation refused: the errors, and the status where there is one. */
  const TRANSPORTS: Readonly<
    Record<string, (operation: Operation) => Promise<{ status: number; errors: Result["errors"] }>>
  > = {
    "HTTP, as application/json": (operation) => postFor("application/json", operation),
    "HTTP, as application/graphql-response+json": (operation) =>
      postFor("application/graphql-response+json", operation),
    "Apollo's multipart protocol": (operation) =>
      postFor("multipart/mixed;subscriptionSpec=1.0,application/graphql-response+json", operation),
    async "server-sent events"(operation) {
      const response = await postEvents(service.url, operation);
      return { status: response.status, errors: (await readResults(response))[0]?.errors };
    },
    async "a browser's EventSource"(operation) {
      const response = await openEventSource(service.url, operation);
      return { status: response.status, errors: ((await response.json()) as Result).errors };
    },
    async WebSocket(operation) {
      const client = connect(service.wsUrl);
      const errors: unknown = await collect(client, operation).catch((error: unknown) => error);
      await client.dispose();
      return { status: 0, errors: errors as Result["errors"] };
    },
  };
  const STATUS = [200, 400, 400, 200, 400, 0];

  async function postFor(accept: string, operation: Operation) {
    const response = await fetch(service.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify(operation),
    });
    return { status: response.status, errors: ((await response.json()) as Result).errors };
  }

  test.each(Object.keys(TRANSPORTS).map((name, i) => [name, STATUS[i]] as const))(
    "%s: wrong variables are BAD_USER_INPUT with all problems, before a run starts",
    async (name, expected) => {
      const { status, errors } = (await TRANSPORTS[name]?.(SUBSCRIPTION)) ?? {};
      expect(status).toBe(expected);
      expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
      expect(errors?.[0]?.extensions).not.toHaveProperty("http");
      expect(pathsOf(errors?.[0])).toEqual(["input.other", "input", "only.0"]);
      const query = await TRANSPORTS[name]?.(QUERY);
      expect(pathsOf(query?.errors?.[0])).toEqual(["after", "first"]);
      const { data } = await post(service.url, { query: "{ runs { nodes { id } } }" });
      expect(data).toEqual({ runs: { nodes: [] } });
    },
  );

  test.each(Object.keys(TRANSPORTS).map((name, i) => [name, STATUS[i]] as const))(
    "%s: a wrong literal is GRAPHQL_VALIDATION_FAILED, with its place in the document",
    async (name, expected) => {
      const { status, errors } = (await TRANSPORTS[name]?.(INVALID)) ?? {};
      expect(status).toBe(expected);
      expect(errors).toMatchObject([
        {
          locations: [{ line: 1, column: 50 }],
          extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
        },
      ]);
    },
  );
});
