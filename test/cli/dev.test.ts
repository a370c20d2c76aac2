import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { post, postEvents, readResults } from "../support/http.ts";
import { until } from "../support/until.ts";
import { startCommandLine, type CommandLine } from "./command-line.ts";
import { createProject, type Files, type Project } from "./project.ts";

const INDEX = new URL("../../dist/index.js", import.meta.url).href;

const CONFIG = { graphs: { agent: "./src/agent.ts:graph" } };

/** A graph whose node writes `said`, an expression. */
const agent = (said: string): string => `
import { Annotation, START, StateGraph } from "@langchain/langgraph";
export const graph = new StateGraph(Annotation.Root({ text: Annotation<string> }))
  .addNode("speak", (_state, config) => {
    config.writer?.({ type: "complete", message: ${said} });
    return {};
  })
  .addEdge(START, "speak")
  .compile();
`;

/** A graph that declares an event of one field. */
const declaring = (type: string, field: string): string =>
  `${agent('"a"')}
  import { z } from "zod";
  import { defineEvents } from "${INDEX}";
  export const events = defineEvents({ ${type}: z.object({ ${field}: z.string() }) });`;

let started: (CommandLine | Project)[] = [];
afterEach(async () => {
  for (const each of started.reverse()) await each[Symbol.asyncDispose]();
  started = [];
});

async function startDev(files: Files): Promise<{ dev: CommandLine; project: Project }> {
  const project = await createProject(files);
  const dev = startCommandLine(["dev", "--port", "0"], project.folder);
  started.push(project, dev);
  return { dev, project };
}

async function saidBy(url: string, workflow = "agent"): Promise<unknown> {
  const query = `subscription { runWorkflow(input: { ${workflow}: {} }) { ... on CompleteEvent { message } } }`;
  const [result] = await readResults(await postEvents(url, { query }));
  return result?.data?.["runWorkflow"]?.["message"];
}

test("a change of a source file is served at once, where the last was", async () => {
  const { dev, project } = await startDev({
    "langgraph.json": CONFIG,
    "src/agent.ts": agent('"a"'),
  });
  const url = await dev.url();
  expect(await saidBy(url)).toBe("a");
  const from = dev.output.length;
  await project.write({ "src/agent.ts": agent('"b"') });
  expect(await dev.url(from)).toBe(url);
  expect(dev.output.slice(from)).toContain("Restarting: src/agent.ts changed");
  expect(await saidBy(url)).toBe("b");
});

test("a change of the env file is served, too", async () => {
  const { dev, project } = await startDev({
    "langgraph.json": { ...CONFIG, env: ".env" },
    ".env": "WORD=a",
    "src/agent.ts": agent("process.env.WORD"),
  });
  expect(await saidBy(await dev.url())).toBe("a");
  const from = dev.output.length;
  await project.write({ ".env": "WORD=b" });
  expect(await saidBy(await dev.url(from))).toBe("b");
});

test("a graph that fails to load is reported, and the others are served", async () => {
  const { dev, project } = await startDev({
    "langgraph.json": { graphs: { ...CONFIG.graphs, broken: "./src/broken.ts:graph" } },
    "src/agent.ts": agent('"a"'),
    "src/broken.ts": "throw new Error('not yet');",
  });
  expect(await saidBy(await dev.url())).toBe("a");
  expect(dev.output).toMatch(/Graph "broken": \S+broken\.ts fails to load: not yet\n/);
  const from = dev.output.length;
  await project.write({ "src/broken.ts": agent('"mended"') });
  expect(await saidBy(await dev.url(from), "broken")).toBe("mended");
});

test("graphs that cannot be served, alone or together, are reported, and the others are served", async () => {
  const files = ["first", "second", "agent", "taken"];
  const { dev } = await startDev({
    "langgraph.json": {
      graphs: Object.fromEntries(files.map((name) => [name, `./src/${name}.ts:graph`])),
    },
    "src/first.ts": declaring("note", "title"),
    "src/second.ts": declaring("note", "subject"),
    "src/agent.ts": agent('"a"'),
    "src/taken.ts": declaring("mine", "runId"),
  });
  const url = await dev.url();
  expect(await saidBy(url)).toBe("a");
  expect(await saidBy(url, "first")).toBe("a");
  expect(dev.output).toContain("serves first, agent\n");
  expect(dev.output.match(/^error: .*$/gm)).toEqual([
    expect.stringMatching(
      /^error: Graph "second" cannot be served: Workflows "first" and "second" declare NoteEvent differently/,
    ),
    expect.stringMatching(
      /^error: Graph "taken" cannot be served: .*"runId", which every event has/,
    ),
  ]);
});

test("when no graph can be served, it says so and waits", async () => {
  const { dev, project } = await startDev({
    "langgraph.json": CONFIG,
    "src/agent.ts": declaring("mine", "runId"),
  });
  await dev.says(
    /error: Graph "agent" cannot be served: .*\n\nerror: None of the graphs can be served\nWaiting for a change …\n/,
  );
  await project.write({ "src/agent.ts": agent('"a"') });
  expect(await saidBy(await dev.url())).toBe("a");
});

test("a broken langgraph.json is reported, and waited for", async () => {
  const { dev, project } = await startDev({
    "langgraph.json": '{ "graphs": ',
    "src/agent.ts": agent('"a"'),
  });
  await dev.says(/langgraph\.json:1 is not JSON.*\nWaiting for a change …\n/);
  await project.write({ "langgraph.json": CONFIG });
  expect(await saidBy(await dev.url())).toBe("a");
});

test("graphs outside of the folder are watched as well", async () => {
  const other = await createProject({ "agent.ts": agent('"a"') });
  started.push(other);
  const { dev } = await startDev({
    "langgraph.json": { graphs: { agent: `${other.folder}/agent.ts:graph` } },
  });
  expect(await saidBy(await dev.url())).toBe("a");
  const from = dev.output.length;
  await other.write({ "agent.ts": agent('"b"') });
  expect(await saidBy(await dev.url(from))).toBe("b");
});

test("what a node throws is logged with its line in TypeScript", async () => {
  const { dev } = await startDev({
    "langgraph.json": CONFIG,
    "src/agent.ts": agent("(() => {\n  throw new Error('no words');\n})()"),
  });
  expect(await saidBy(await dev.url())).toBeUndefined();
  await dev.says(/no words.*src\/agent\.ts:6:9/s);
});

test("what has no type of its own is told once", async () => {
  const { dev } = await startDev({
    "langgraph.json": CONFIG,
    "src/agent.ts": agent('"a"').replace('"complete"', '"unheard"'),
  });
  const url = await dev.url();
  await saidBy(url);
  await saidBy(url);
  await dev.says(/"type":"unheard".*declare it with defineEvents/);
  expect(dev.output.match(/declare it with defineEvents/g)).toHaveLength(1);
});

describe("it leaves nothing behind", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("after %s, and exits with 0", async (signal) => {
    const { dev } = await startDev({ "langgraph.json": CONFIG, "src/agent.ts": agent('"a"') });
    const url = await dev.url();
    dev.process.kill(signal);
    expect(await once(dev.process, "exit")).toEqual([0, null]);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("after its own death", async () => {
    const { dev } = await startDev({ "langgraph.json": CONFIG, "src/agent.ts": agent('"a"') });
    const url = await dev.url();
    expect(await post(url, { query: "{ workflows { name } }" })).toHaveProperty("data");
    dev.process.kill("SIGKILL");
    await until(() =>
      fetch(url).then(
        () => false,
        () => true,
      ),
    );
  });

  test("of a node that does not listen", async () => {
    const { dev, project } = await startDev({
      "langgraph.json": CONFIG,
      "src/agent.ts": agent("(() => { for (;;); })()"),
    });
    const url = await dev.url();
    const abort = new AbortController();
    const asking = fetch(url, {
      method: "POST",
      signal: abort.signal,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query: "mutation { startRun(input: { agent: {} }) { run { id } } }",
      }),
    });
    const from = dev.output.length;
    await project.write({ "src/agent.ts": agent('"b"') });
    expect(await saidBy(await dev.url(from))).toBe("b");
    abort.abort();
    await asking.catch(() => undefined);
  });
});

test("what changes while a server ends is in the next, and starts no other", async () => {
  const { dev, project } = await startDev({
    "langgraph.json": CONFIG,
    "src/agent.ts": agent(
      '(config.signal.onabort = () => { console.log("ending"); for (;;); }, "a")',
    ).replace("return {};", "return new Promise(() => {});"),
  });
  const url = await dev.url();
  const query = "mutation { startRun(input: { agent: {} }) { run { id } } }";
  await post(url, { query });
  const from = dev.output.length;
  await project.write({ "src/agent.ts": agent('"b"') });
  await dev.says(/ending/, from);
  await project.write({ "src/agent.ts": agent('"c"') });
  expect(await saidBy(await dev.url(from))).toBe("c");
  expect(dev.output.slice(from).match(/Restarting/g)).toHaveLength(1);
});

test("a port that is in use ends it: no change of the graphs can help", async () => {
  const other = createServer().listen(0, "localhost");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const project = await createProject({ "langgraph.json": CONFIG, "src/agent.ts": agent('"a"') });
  const dev = startCommandLine(["dev", "--port", `${port}`], project.folder);
  started.push(project, dev);
  await dev.says(/error: Port \d+ is in use/);
  expect(await once(dev.process, "exit")).toEqual([1, null]);
  other.close();
});
