import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError } from "../../src/errors.ts";
import { createProject, type Files, type Project } from "../cli/project.ts";

/** A graph of one node, as every test's modules build it. */
const BUILDER = `import { Annotation, START, StateGraph } from "@langchain/langgraph";
const builder = new StateGraph(Annotation.Root({ text: Annotation() }))
  .addNode("idle", () => ({}))
  .addEdge(START, "idle");
`;

const projects: Project[] = [];
afterAll(() => Promise.all(projects.map((each) => each[Symbol.asyncDispose]())));

/** Writes a project; what is imported once stays, so each has a folder of its own. */
async function project(files: Files): Promise<string> {
  const created = await createProject(files);
  projects.push(created);
  return join(created.folder, "langgraph.json");
}

describe("a graph is loaded from", () => {
  test.each<[string, string, string, string]>([
    ["a compiled graph", "agent.ts", "graph", `${BUILDER} export const graph = builder.compile();`],
    [
      "a graph that is not compiled",
      "agent.ts",
      "graph",
      `${BUILDER} export const graph = builder;`,
    ],
    ["a promise", "agent.ts", "graph", `${BUILDER} export const graph = Promise.resolve(builder);`],
    ["a default export", "agent.ts", "", `${BUILDER} export default builder.compile();`],
    [
      "an ES module in JavaScript",
      "agent.mjs",
      "graph",
      `${BUILDER} export const graph = builder;`,
    ],
    [
      "CommonJS",
      "agent.cjs",
      "graph",
      `const { Annotation, START, StateGraph } = require("@langchain/langgraph");
      const makers = { graph: new StateGraph(Annotation.Root({ text: Annotation() }))
        .addNode("idle", () => ({})).addEdge(START, "idle") };
      module.exports = makers;`,
    ],
    [
      "an agent of LangChain",
      "agent.ts",
      "graph",
      `import { createAgent } from "langchain";
      import { FakeListChatModel } from "@langchain/core/utils/testing";
      export const graph = createAgent({ model: new FakeListChatModel({ responses: [""] }), tools: [] });`,
    ],
  ])("%s", async (_what, file, exportName, source) => {
    const path = exportName === "" ? `./${file}` : `./${file}:${exportName}`;
    const { workflows } = await loadConfig(
      await project({ "langgraph.json": { graphs: { agent: path } }, [file]: source }),
    );
    expect(workflows["agent"]?.graph).toHaveProperty("stream");
  });

  test("TypeScript in a project that does not say which modules it has", async () => {
    const file = await project({
      "package.json": {},
      "langgraph.json": { graphs: { agent: "./agent.ts:graph" } },
      "agent.ts": `${BUILDER} export const graph: object = builder;`,
    });
    expect(Object.keys((await loadConfig(file)).workflows)).toEqual(["agent"]);
  });

  test("an entry with a description, beside keys that other programs read", async () => {
    const { workflows } = await loadConfig(
      await project({
        "langgraph.json": {
          node_version: "20",
          dockerfile_lines: [],
          graphs: { agent: { path: "./agent.ts:graph", description: "Idles." } },
        },
        "agent.ts": `${BUILDER} export const graph = builder;`,
      }),
    );
    expect(workflows["agent"]?.description).toBe("Idles.");
  });
});

test("only of CommonJS does a default export have the other exports", async () => {
  const file = await project({
    "langgraph.json": { graphs: { agent: "./agent.ts:graph" } },
    "agent.ts": `${BUILDER} const makers = { graph: builder }; export default makers;`,
  });
  await expect(loadConfig(file)).rejects.toThrow(/"graph" of .* the file exports default$/);
});

test("a module's events export types what its graphs write", async () => {
  const events = fileURLToPath(new URL("../../src/workflows/define-events.ts", import.meta.url));
  const { workflows } = await loadConfig(
    await project({
      "langgraph.json": { graphs: { agent: "./agent.ts:graph" } },
      "agent.ts": `${BUILDER}
        import { z } from "zod";
        import { defineEvents } from ${JSON.stringify(events)};
        export const events = defineEvents({ note: z.object({ text: z.string() }) });
        export const graph = builder;`,
    }),
  );
  expect(Object.keys(workflows["agent"]?.events?.schemas ?? {})).toEqual(["note"]);
});

test("a function export is called once for the schemas, and then with the configuration of each run", async () => {
  const { workflows } = await loadConfig(
    await project({
      "langgraph.json": { graphs: { agent: "./agent.ts:graph" } },
      "agent.ts": `${BUILDER}
        export async function graph(config, runtime) {
          return Object.assign(builder.compile(), { madeWith: { config, runtime } });
        }`,
    }),
  );
  const agent = workflows["agent"];
  expect(agent?.graph).toHaveProperty("madeWith", {
    config: { configurable: {} },
    runtime: { accessContext: "assistants.read", executionRuntime: null },
  });
  const config = { configurable: { thread_id: "t" }, context: { tone: "dry" } };
  expect(await agent?.makeGraph?.(config)).toHaveProperty("madeWith", {
    config,
    runtime: {
      accessContext: "threads.create_run",
      executionRuntime: { context: { tone: "dry" } },
    },
  });
});

describe("the environment", () => {
  afterEach(() => {
    for (const name of ["TEST_FROM_ENV", "TEST_ALREADY_SET"]) delete process.env[name];
  });

  const module = `${BUILDER}
    export const graph = Object.assign(builder.compile(), {
      saw: [process.env.TEST_FROM_ENV, process.env.TEST_ALREADY_SET],
    });`;

  test.each<[string, Files]>([
    [
      "a file",
      { "langgraph.json": { env: ".env" }, ".env": 'TEST_FROM_ENV="a b"\nTEST_ALREADY_SET=file' },
    ],
    [
      "an object",
      { "langgraph.json": { env: { TEST_FROM_ENV: "a b", TEST_ALREADY_SET: "object" } } },
    ],
  ])("is that of %s before modules load, except for what is set already", async (_what, files) => {
    process.env["TEST_ALREADY_SET"] = "real";
    const config = { ...(files["langgraph.json"] as object), graphs: { a: "./agent.ts:graph" } };
    const { workflows } = await loadConfig(
      await project({ ...files, "langgraph.json": config, "agent.ts": module }),
    );
    expect(workflows["a"]?.graph).toHaveProperty("saw", ["a b", "real"]);
  });

  test("may come from elsewhere: a file that is not there is no error", async () => {
    const config = { env: ".env", graphs: { a: "./agent.ts:graph" } };
    const file = await project({ "langgraph.json": config, "agent.ts": module });
    await expect(loadConfig(file)).resolves.toHaveProperty("workflows.a");
  });

  test("must have the variables that a list names", async () => {
    const config = { env: ["PATH", "TEST_FROM_ENV"], graphs: {} };
    await expect(loadConfig(await project({ "langgraph.json": config }))).rejects.toThrow(
      /has no TEST_FROM_ENV, which/,
    );
  });
});

describe("what is wrong is said where it is:", () => {
  test.each<[string, string | object, RegExp]>([
    ["no JSON", '{\n  "graphs": {\n    "a": "./a.ts:b",\n  }\n}', /langgraph\.json:4 is not JSON/],
    ["no JSON value", '{\n  "graphs": {\n    "a": ./a.ts\n  }\n}', /langgraph\.json:3 is not JSON/],
    ["half of a file", '{\n  "graphs":', /langgraph\.json:2 is not JSON/],
    ["no graphs", {}, /not valid at graphs/],
    ["an entry of no kind", { graphs: { a: { file: "x" } } }, /not valid at graphs\.a: It must be/],
    [
      "a file that is not there",
      { graphs: { a: "./no.ts:x" } },
      /^Graph "a": .*no\.ts does not exist$/,
    ],
    [
      "Python",
      { graphs: { a: "./agent.py:graph" } },
      /agent\.py is Python: .* \{ "url": "http:\/\/localhost:2024", "graph": "a" \}$/,
    ],
    [
      "a variable that is not set",
      { graphs: { a: { url: "$NO_URL" } } },
      /needs the variable NO_URL/,
    ],
    ["no URL", { graphs: { a: { url: "localhost" } } }, /"localhost" is not a URL/],
    [
      "a server that is not there",
      { graphs: { a: { url: "http://localhost:9" } } },
      /^Graph "a": http:\/\/localhost:9 cannot be reached \(.+\): start the LangGraph server there/,
    ],
  ])("%s", async (_what, config, message) => {
    await fails({ "langgraph.json": config }, message);
  });

  test.each<[string, string, string, RegExp]>([
    [
      "an export that is not there",
      "agent.ts",
      "export const agent = 1; export const other = 2;",
      /the export "graph" of .*agent\.ts is not there: the file exports agent, other$/,
    ],
    [
      "an export that is no graph",
      "agent.ts",
      "export class Agent {} export const graph = new Agent();",
      /the export "graph" of .*agent\.ts is a Agent and not a graph: export/,
    ],
    [
      "a promise that rejects",
      "agent.ts",
      'export const graph = Promise.reject(new Error("too late"));',
      /the export "graph" of .* fails: too late\n +at \S+agent\.ts:1:37\n/,
    ],
    [
      "a graph that does not compile",
      "agent.ts",
      `${BUILDER} builder.addEdge("idle", "nowhere"); export const graph = builder;`,
      /the export "graph" of .* fails: .*nowhere/,
    ],
    [
      "a function that wants more of its configuration",
      "agent.ts",
      "export const graph = (config) => config.configurable.model.name;",
      /is a function that throws when it is called, as at every start, with an empty configuration: .*undefined.*\n +at \S+agent\.ts:1:/,
    ],
    [
      "a function that makes no graph",
      "agent.ts",
      "export const graph = (state) => ({ notes: [] });",
      /is a function; what it returns is an object of notes and not a graph/,
    ],
  ])("%s", async (_what, file, source, message) => {
    const config = { graphs: { a: `./${file}:graph` } };
    await fails({ "langgraph.json": config, [file]: source }, message);
  });

  test("no file", async () => {
    const loading = loadConfig(join("nowhere", "nothing.json"));
    await expect(loading).rejects.toThrow(/nothing\.json cannot be read: .*--config/);
  });

  async function fails(files: Files, message: RegExp): Promise<void> {
    const loading = loadConfig(await project(files));
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toBeInstanceOf(ConfigError);
    await expect(loading).rejects.not.toThrow(/src\/config|node:internal|node_modules/);
  }
});

test("with keepGoing, the others load when one fails", async () => {
  const { workflows, failures } = await loadConfig(
    await project({
      "langgraph.json": { graphs: { bad: "./bad.ts:graph", good: "./good.ts:graph" } },
      "bad.ts": "throw new Error('not today');",
      "good.ts": `${BUILDER} export const graph = builder;`,
    }),
    { keepGoing: true },
  );
  expect(Object.keys(workflows)).toEqual(["good"]);
  expect(failures.map(({ workflow, error }) => [workflow, error.message.split("\n")[0]])).toEqual([
    ["bad", expect.stringMatching(/^Graph "bad": .*bad\.ts fails to load: not today$/)],
  ]);
});

test("a graph that never gets ready is given up, and the others load", async () => {
  const { workflows, failures } = await loadConfig(
    await project({
      "langgraph.json": {
        graphs: { never: "./never.ts:graph", waits: "./waits.ts:graph", good: "./good.ts:graph" },
      },
      "never.ts": "export const graph = new Promise(() => {});",
      "waits.ts": "await new Promise(() => {}); export const graph = 1;",
      "good.ts": `${BUILDER} export const graph = builder;`,
    }),
    { keepGoing: true, timeoutMs: 3_000 },
  );
  expect(Object.keys(workflows)).toEqual(["good"]);
  expect(failures.map(({ error }) => error.message)).toEqual([
    expect.stringMatching(
      /^Graph "never": \.\/never\.ts:graph has not loaded after 3 s: have what/,
    ),
    expect.stringMatching(
      /^Graph "waits": \.\/waits\.ts:graph has not loaded after 3 s: have what/,
    ),
  ]);
});

test("remote graphs are connected to all at once, and keep the order of the file", async () => {
  const waiting: (() => void)[] = [];
  const server = createServer((_request, response) => {
    waiting.push(() => response.end(JSON.stringify({ graph_id: "agent" })));
    if (waiting.length === 2) for (const answer of waiting.reverse()) answer();
  }).listen(0, "localhost");
  await once(server, "listening");
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const { workflows } = await loadConfig(
    await project({
      "langgraph.json": { graphs: { b: { url }, local: "./agent.ts:graph", a: { url } } },
      "agent.ts": `${BUILDER} export const graph = builder;`,
    }),
  );
  expect(Object.keys(workflows)).toEqual(["b", "local", "a"]);
  server.close();
});
