import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connectGraph } from "../../src/config/connect-graph.ts";
import { ConfigError } from "../../src/errors.ts";
import { createWorkflows } from "../../src/workflows/workflow.ts";
import { createProject, type Project } from "../cli/project.ts";
import { recordingLogger } from "../support/recording-logger.ts";

/** What LangGraph's Python server says of a graph whose state is a pydantic model. */
const PYTHON = {
  graph_id: "agent",
  input_schema: {
    $defs: {
      AIMessage: message("ai"),
      HumanMessage: message("human"),
      SystemMessage: message("system"),
      ToolMessage: message("tool"),
    },
    properties: {
      messages: {
        items: {
          oneOf: ["AI", "Human", "System", "Tool"].map((kind) => ({
            $ref: `#/$defs/${kind}Message`,
          })),
        },
        title: "Messages",
        type: "array",
      },
      note: { anyOf: [{ type: "string" }, { type: "null" }], default: null, title: "Note" },
    },
    required: ["messages"],
    title: "State",
    type: "object",
  },
  output_schema: { properties: { answer: { type: "string" } }, title: "Output", type: "object" },
  state_schema: {},
  config_schema: { properties: { model: { type: "string" } }, type: "object" },
  context_schema: null,
};

function message(type: string): object {
  return {
    properties: { content: { type: "string" }, type: { const: type, type: "string" } },
    required: ["content"],
    type: "object",
  };
}

/** A LangGraph server, as far as a start asks it. */
let server: Server;
let url: string;
/** Where it redirects to: to itself, under another name. */
let elsewhere: string;
let answer: (request: IncomingMessage) => readonly [status: number, body: unknown];
let requests: IncomingMessage[];
let project: Project;
beforeAll(async () => {
  project = await createProject({
    "events.ts": `import { z } from "zod";
      import { defineEvents } from "${fileURLToPath(new URL("../../src/index.ts", import.meta.url))}";
      export const events = defineEvents({ citation: z.object({ title: z.string() }) });
      export const others = {};`,
  });
  server = createServer((request, response) => {
    requests.push(request);
    const [status, body] = answer(request);
    const location = status === 307 ? { location: elsewhere } : {};
    response.writeHead(status, { "content-type": "application/json", ...location });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }).listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  url = `http://localhost:${port}`;
  elsewhere = `http://127.0.0.1:${port}/elsewhere`;
});
afterAll(async () => {
  server.close();
  await project[Symbol.asyncDispose]();
});

afterEach(() => {
  for (const name of ["TEST_KEY", "LANGSMITH_API_KEY"]) delete process.env[name];
});

async function connect(entry: object, to: typeof answer) {
  requests = [];
  answer = to;
  const logger = recordingLogger();
  const definition = await connectGraph("agent", { url, ...entry }, project.folder, logger);
  return { definition, logger };
}

const python = () => [200, PYTHON] as const;

test("a graph is typed by the schemas that its server tells, those of Python as well", async () => {
  const { definition } = await connect({ description: "Answers." }, python);
  const agent = createWorkflows({ agent: definition }).get("agent");
  expect(agent?.description).toBe("Answers.");
  expect(agent?.schemas.input).toMatchObject({
    required: ["messages"],
    properties: {
      messages: { type: "array", langgraph_type: "messages" },
      note: { anyOf: [{ type: "string" }, { type: "null" }] },
    },
  });
  expect(agent?.schemas.state).toBeNull();
  expect(agent?.schemas.context).toMatchObject({ properties: { model: { type: "string" } } });
});

test("its events are declared by a module of the project that the entry names", async () => {
  const { definition } = await connect({ events: "./events.ts" }, python);
  expect(Object.keys(definition.events?.schemas ?? {})).toEqual(["citation"]);
  await expect(connect({ events: "./events.ts:others" }, python)).rejects.toThrow(
    /^Graph "agent": the export "others" of \S+events\.ts is not what defineEvents makes$/,
  );
});

describe("to its server goes", () => {
  test("the graph's own name there, or the one that it has here", async () => {
    await connect({ graph: "poet/2" }, python);
    expect(requests[0]?.url).toBe("/assistants/poet%2F2/schemas");
    await connect({}, python);
    expect(requests[0]?.url).toBe("/assistants/agent/schemas");
  });

  test("the key and the headers of the entry, from the environment where it says so", async () => {
    process.env["TEST_KEY"] = "secret";
    const headers = { authorization: "Bearer ${TEST_KEY}" };
    await connect({ apiKey: "$TEST_KEY", headers }, python);
    expect(requests[0]?.headers).toMatchObject({
      "x-api-key": "secret",
      authorization: "Bearer secret",
    });
  });

  test("no key that the entry does not name", async () => {
    process.env["LANGSMITH_API_KEY"] = "not for everybody";
    const { definition } = await connect({}, python);
    const { getGraphAsync } = definition.graph as unknown as { getGraphAsync(): Promise<unknown> };
    answer = () => [200, { nodes: [], edges: [] }];
    await getGraphAsync.call(definition.graph);
    expect(requests.map((request) => request.headers["x-api-key"])).toEqual([undefined, undefined]);
  });
});

test("a key goes to no server that the graph's redirects to", async () => {
  await expect(connect({ apiKey: "secret" }, () => [307, ""])).rejects.toThrow(
    /^Graph "agent": \S+ cannot be reached \(it redirects to http:\/\/127\S+\/elsewhere\): .*correct the url$/,
  );
  expect(requests).toHaveLength(1);

  const { definition } = await connect({ apiKey: "secret" }, python);
  requests = [];
  answer = () => [307, ""];
  await expect(definition.graph.stream({}, {}).then(readAll)).rejects.toThrow(
    /it redirects to http:\/\/127\S+\/elsewhere/,
  );
  expect(requests.map((request) => [request.url, request.headers["x-api-key"]])).toEqual([
    ["/runs/stream", "secret"],
  ]);
});

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of stream);
}

test("a graph whose schemas its server cannot read is served untyped, with a warning", async () => {
  const { definition, logger } = await connect({}, () => [500, "Internal Server Error"]);
  expect(definition.schemas).toBeUndefined();
  expect(logger.lines).toMatchObject([
    { level: "warn", message: expect.stringMatching(/cannot tell the graph's schemas/) as unknown },
  ]);
});

const NO_SERVER = /does not answer as a LangGraph server does, but ".+": correct the url$/;

describe("what is wrong is said:", () => {
  test.each<[string, typeof answer, RegExp]>([
    ["no key", () => [401, "No"], /does not let us in \(401\): give its "apiKey" or "headers"/],
    [
      "no such graph",
      ({ method }) =>
        method === "POST"
          ? [200, [{ graph_id: "poet" }, { graph_id: "poet" }]]
          : [404, "Not found"],
      /^Graph "agent": http:\S+ has no graph "agent"; it has poet$/,
    ],
    ["a site", () => [200, "<html>"], /^Graph "agent": \S+ does not answer .* "<html>": correct/],
    ["a service of another kind", () => [200, { status: "ok" }], NO_SERVER],
    ["no schemas", () => [200, null], NO_SERVER],
    ["a schema that is none", () => [200, { ...PYTHON, input_schema: "any" }], NO_SERVER],
    [
      "a list that is none",
      ({ method }) => (method === "POST" ? [200, { assistants: [] }] : [404, ""]),
      NO_SERVER,
    ],
    ["anything else", () => [400, "Odd"], /answers 400: Odd$/],
  ])("%s", async (_what, to, reason) => {
    const connecting = connect({}, to);
    await expect(connecting).rejects.toThrow(reason);
    await expect(connecting).rejects.toBeInstanceOf(ConfigError);
  });
});
