import { afterEach, describe, expect, test } from "vitest";
import { post } from "../support/http.ts";
import { startCommandLine, type CommandLine } from "./command-line.ts";
import { createProject, type Files, type Project } from "./project.ts";

const AGENT = `
import { START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";
export const graph = new StateGraph(z.object({ n: z.number().default(0) }))
  .addNode("work", () => ({ n: 1 })).addEdge(START, "work").compile();
`;

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

async function start(
  files: Files,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly cli: CommandLine; readonly project: Project }> {
  const project = await createProject({
    "langgraph.json": { graphs: { agent: "./agent.ts:graph" } },
    "agent.ts": AGENT,
    ...files,
  });
  open.push(project);
  const cli = startCommandLine(args, project.folder, env);
  open.push(cli);
  return { cli, project };
}

const CONFIG = `
const endpoint: string = "/api";
export default {
  endpoint,
  port: 0,
  data: "kept/runs.sqlite",
  introspection: false,
  schema: { prefix: "Agents" },
  redact: () => "hidden",
};
`;

test("serve takes its options from the file beside the langgraph.json", async () => {
  const { cli } = await start({ "langgraph-graphql.config.ts": CONFIG }, ["serve"]);
  const url = await cli.url();
  expect(new URL(url).pathname).toBe("/api");
  await cli.says(/Runs are kept in kept\/runs\.sqlite\n/);
  const { data } = await post(url, {
    query: "mutation { agentsStartRun(input: { agent: {} }) { run { __typename input } } }",
  });
  expect(data).toEqual({
    agentsStartRun: { run: { __typename: "AgentsRun", input: "hidden" } },
  });
  const { errors } = await post(url, { query: "{ __schema { queryType { name } } }" });
  expect(errors?.[0]?.message).toContain("introspection has been disabled");
});

test("a flag goes before a variable, and that before the file", async () => {
  const files = { "langgraph-graphql.config.json": { port: 1, drainMs: 0, logLevel: "silent" } };
  const variables = { LANGGRAPH_GRAPHQL_PORT: "2", LANGGRAPH_GRAPHQL_GRAPHIQL: "false" };
  const { cli } = await start(files, ["serve", "--port", "0", "--memory"], variables);
  const [, url] = await cli.says(/HTTP, SSE +(\S+)\n/);
  expect(Number(new URL(url ?? "").port)).toBeGreaterThan(2);
  const { cli: other } = await start(files, ["serve", "--memory"], {
    ...variables,
    LANGGRAPH_GRAPHQL_PORT: "0",
  });
  await other.says(/HTTP, SSE +http:\/\/localhost:\d+\/graphql\n/);
});

test("GraphiQL's tabs are those of a folder beside the file", async () => {
  const { project } = await start({}, ["--version"]);
  await project.write({
    "there/langgraph.json": { graphs: { agent: "../agent.ts:graph" } },
    "there/langgraph-graphql.config.json": { tabs: "tabs" },
    "there/tabs/hello.graphql": "query HelloTab { __typename }",
  });
  const args = ["serve", "--memory", "--port", "0", "--config", "there/langgraph.json"];
  const cli = startCommandLine(args, project.folder);
  open.push(cli);
  const page = await fetch(await cli.url(), { headers: { accept: "text/html" } });
  expect(await page.text()).toContain("HelloTab");
});

test("dev serves again when the file changes", async () => {
  const { cli, project } = await start(
    { "langgraph-graphql.config.json": { port: 0, data: "memory", endpoint: "/one" } },
    ["dev"],
  );
  expect(await cli.url()).toContain("/one");
  const from = cli.output.length;
  await project.write({
    "langgraph-graphql.config.json": { port: 0, data: "memory", endpoint: "/two" },
  });
  expect(await cli.url(from)).toContain("/two");
});

describe("what is wrong is told with its place", () => {
  test.each<readonly [string, Files, RegExp]>([
    [
      "an unknown name",
      { "langgraph-graphql.config.json": '{\n  "port": 0,\n  "introspecton": false\n}' },
      /config\.json:3: there is no option "introspecton": did you mean introspection\?/,
    ],
    [
      "a value of the wrong kind",
      { "langgraph-graphql.config.ts": 'export default {\n  port: "80",\n};' },
      /config\.ts:2: port is not valid: /,
    ],
    [
      "an unknown limit",
      { "langgraph-graphql.config.ts": "export default {\n  limits: {\n    maxDept: 5,\n  },\n};" },
      /config\.ts:3: limits\.maxDept is no limit: did you mean maxDepth\?/,
    ],
    [
      "a limit of the wrong kind",
      { "langgraph-graphql.config.json": '{\n  "limits": { "maxDepth": "5" }\n}' },
      /config\.json:2: limits\.maxDepth must be a whole number from 1 to \d+, .*not "5"/,
    ],
    [
      "an unknown option of the schema",
      { "langgraph-graphql.config.ts": 'export default {\n  schema: { prefx: "Agents" },\n};' },
      /config\.ts:2: schema is not valid: .*"prefx"/,
    ],
    [
      "what the service refuses",
      { "langgraph-graphql.config.ts": 'export default { allowedOrigins: ["*"] };' },
      /allowedOrigins cannot be "\*"/,
    ],
    [
      "a syntax error",
      { "langgraph-graphql.config.ts": "export default {\n  port: ,\n};" },
      /syntax error: [\s\S]*config\.ts:2:/,
    ],
    [
      "no default export",
      { "langgraph-graphql.config.ts": "export const port = 1;" },
      /has no default export: export default defineConfig/,
    ],
    [
      "no JSON",
      { "langgraph-graphql.config.json": "{\n  port: 1\n}" },
      /config\.json:2 is not JSON/,
    ],
  ])("%s", async (_name, files, message) => {
    const { cli } = await start(files, ["serve", "--memory"]);
    await cli.says(message);
  });

  test("a variable that is neither true nor false", async () => {
    const { cli } = await start({}, ["serve"], { LANGGRAPH_GRAPHQL_GRAPHIQL: "off" });
    await cli.says(/LANGGRAPH_GRAPHQL_GRAPHIQL must be true or false, not "off"/);
  });
});

test("another host than localhost is refused before anything is served, and allowed by a flag", async () => {
  const args = ["serve", "--memory", "--port", "0", "--host", "0.0.0.0"];
  const { cli } = await start({}, args);
  await cli.says(/error: On 0\.0\.0\.0 whoever reaches the server .*--allow-unauthenticated/);
  const { cli: allowed } = await start({}, [...args, "--allow-unauthenticated"]);
  await allowed.says(/Nobody is authenticated: WHOEVER REACHES IT may use it/);
});
