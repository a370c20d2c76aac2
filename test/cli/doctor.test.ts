import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { createBareProject, createProject, type Files, type Project } from "./project.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const AGENT = (state: string) => `
import { START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";
export const graph = new StateGraph(z.object({ n: ${state} }))
  .addNode("work", () => ({})).addEdge(START, "work").compile();
`;

let project: Project | undefined;
afterEach(() => project?.[Symbol.asyncDispose]());

const GRAPHS = { graphs: { agent: "./agent.ts:graph" } };

async function examine(
  files: Files,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  project = await createProject({
    "langgraph.json": GRAPHS,
    "agent.ts": AGENT("z.number()"),
    ...files,
  });
  return doctor(project.folder, args, env);
}

function doctor(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number; lines: readonly string[] }>((resolve) => {
    const options = { cwd, env: { ...process.env, ...env } };
    execFile(process.execPath, [MAIN, "doctor", ...args], options, (error, stdout) => {
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split("\n") });
    });
  });
}

test("a project that can be served gets a mark a line, and exit code 0", async () => {
  const { code, lines } = await examine({}, ["--port", "0"]);
  expect(lines.filter((line) => !line.startsWith("✔"))).toEqual([]);
  expect(lines.map((line) => line.split(":")[0]?.slice(2))).toEqual([
    "Node",
    "packages",
    "configuration",
    "workflows",
    "types",
    "access",
    "data",
    "port",
  ]);
  expect(code).toBe(0);
});

test("every problem is told at once, each with what to do, and exit code 1", async () => {
  const other = createServer().listen(0, "0.0.0.0");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const { code, lines } = await examine(
    {
      "langgraph.json": { graphs: { ...GRAPHS.graphs, broken: "./gone.ts:graph" } },
      "langgraph-graphql.config.json": { prot: 1 },
    },
    ["--host", "0.0.0.0", "--port", `${port}`],
  );
  other.close();
  const problems = lines.filter((line) => line.startsWith("✘"));
  expect(problems).toEqual([
    expect.stringMatching(/^✘ workflow broken: .*gone\.ts does not exist/),
    expect.stringMatching(/^✘ configuration: .*there is no option "prot": did you mean port\?/),
    expect.stringMatching(/^✘ access: .*--allow-unauthenticated/),
    expect.stringMatching(/^✘ port: .*EADDRINUSE.*choose another/),
  ]);
  expect(code).toBe(1);
});

test("what is worth a look is no problem: untyped data, memory, an open door", async () => {
  const { code, lines } = await examine({ "agent.ts": AGENT("z.any()") }, [
    "--memory",
    "--port",
    "0",
    "--host",
    "0.0.0.0",
    "--allow-unauthenticated",
  ]);
  const looks = lines.filter((line) => line.startsWith("!")).map((line) => line.split(":")[0]);
  expect(looks).toEqual(["! types", "! access", "! production", "! data"]);
  expect(lines.join("\n")).toContain("AgentState.n");
  expect(code).toBe(0);
});

test("--json gives an object a line", async () => {
  const { lines } = await examine({}, ["--json", "--memory", "--graphiql"], {
    NODE_ENV: "production",
    LANGGRAPH_GRAPHQL_PORT: "0",
  });
  const findings = lines.map((line) => JSON.parse(line) as { verdict: string; subject: string });
  expect(findings).toContainEqual({
    verdict: "warning",
    subject: "graphiql",
    message: "it knows no schema without introspection: turn both on, or none",
  });
});

test("a project without LangGraph is told to install it", async () => {
  project = await createBareProject({ "langgraph.json": GRAPHS, "agent.ts": "export {}" });
  const { code, lines } = await doctor(project.folder, []);
  expect(lines.at(-1)).toMatch(/^✘ packages: .*npm install @langchain\/langgraph/);
  expect(code).toBe(1);
});
