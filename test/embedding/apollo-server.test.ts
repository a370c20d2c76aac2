import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { useServer } from "graphql-ws/use/ws";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { createService, type Service } from "../../src/index.ts";
import { graphOf, report } from "../support/graphs.ts";
import { post } from "../support/http.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { eventOf } from "../support/result.ts";
import { collect, connect } from "../support/web-socket.ts";
import { listen, type Listening } from "./listen.ts";

let service: Service;
let apollo: ApolloServer;
let url: string;
let sockets: Listening;
let wsUrl: string;

// As Apollo's documentation has it: queries and mutations by Apollo Server, subscriptions by graphql-ws.
beforeAll(async () => {
  service = createService({
    workflows: {
      report,
      broken: graphOf(() => {
        throw new Error("No such customer");
      }),
    },
    logger: recordingLogger(),
  });
  const { schema } = service;
  apollo = new ApolloServer({ schema, includeStacktraceInErrorResponses: false });
  ({ url } = await startStandaloneServer(apollo, { listen: { port: 0, host: "localhost" } }));
  const handshake = new WebSocketServer({ noServer: true });
  useServer({ schema }, handshake);
  sockets = await listen(
    (_request, response) => response.writeHead(426).end(),
    (request, socket, head) =>
      handshake.handleUpgrade(request, socket, head, (accepted) =>
        handshake.emit("connection", accepted, request),
      ),
  );
  wsUrl = `${sockets.origin.replace("http", "ws")}/graphql`;
});
afterAll(async () => {
  await apollo.stop();
  await sockets[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

test("queries and mutations work", async () => {
  const { data, errors } = await post(url, {
    query: `mutation ($input: WorkflowInput!) {
      startRun(input: $input) { isNew run { workflow { name } } }
    }`,
    variables: { input: { report: { items: ["a"] } } },
  });
  expect(errors).toBeUndefined();
  expect(data).toEqual({ startRun: { isNew: true, run: { workflow: { name: "report" } } } });
});

test.each([
  ['{ run(id: "nothing") { id } }', "NOT_FOUND", undefined],
  ["{ runs(first: 0) { hasMore } }", "BAD_USER_INPUT", [{ path: ["first"] }]],
  ['{ runs(after: "nothing") { hasMore } }', "BAD_USER_INPUT", [{ path: ["after"] }]],
])("the error of %s keeps its code, %s", async (query, code, problems) => {
  const { errors } = await post(url, { query });
  expect(errors).toMatchObject([{ extensions: { code, ...(problems && { problems }) } }]);
});

test("subscriptions work beside it, and a cursor that is selected resumes", async () => {
  const client = connect(wsUrl);
  const query = `subscription ($after: Cursor, $runId: ID) {
    runWorkflow(input: { report: { items: ["a", "b"] } }, after: $after, runId: $runId) {
      ... on ProgressEvent { status cursor }
    }
  }`;
  const [first, ...rest] = (await collect(client, query)).map(eventOf);
  expect([first, ...rest].map((event) => event?.["status"])).toEqual([
    "Processing a",
    "Processing b",
  ]);
  const again = await collect(client, { query, variables: { after: first?.["cursor"] } });
  expect(again.map(eventOf)).toEqual(rest);
  await client.dispose();
});

test("a failed run is not silent there either", async () => {
  const client = connect(wsUrl);
  const query =
    "subscription { runWorkflow(input: { broken: {} }) { ... on ProgressEvent { seq } } }";
  const results = await collect(client, query);
  expect(results.at(-1)?.errors).toMatchObject([
    { message: "No such customer", extensions: { code: "RUN_FAILED" } },
  ]);
  await client.dispose();
});
