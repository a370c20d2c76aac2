import { afterEach, describe, expect, test } from "vitest";
import { post } from "../support/http.ts";
import { startCommandLine, type CommandLine } from "./command-line.ts";
import { createProject, type Files } from "./project.ts";

const GRAPH = `
import { START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";
export const graph = new StateGraph(z.object({ n: z.number().default(0) }))
  .addNode("work", () => ({ n: 1 })).addEdge(START, "work").compile();
`;

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

async function serve(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  files: Files = {},
): Promise<CommandLine> {
  const project = await createProject({
    "langgraph.json": { graphs: { agent: "./graph.ts:graph" } },
    "graph.ts": GRAPH,
    ...files,
  });
  open.push(project);
  const cli = startCommandLine(["serve", "--memory", "--port", "0", ...args], project.folder, env);
  open.push(cli);
  return cli;
}

const DEEP = "{ workflows { nodes { name } } }";
const DIRECTIVES = "{ __typename @include(if: true) @skip(if: false) }";

/** Which limits two operations exceed. */
async function exceeded(cli: CommandLine): Promise<readonly unknown[]> {
  const url = await cli.url();
  const answers = [await post(url, { query: DEEP }), await post(url, { query: DIRECTIVES })];
  return answers.flatMap(({ errors = [] }) =>
    errors.map(({ extensions }) => extensions?.["limit"]),
  );
}

test("--limit sets a limit, and may be repeated; false switches one off", async () => {
  const file = { "langgraph-graphql.config.json": { limits: { maxDirectives: 1 } } };
  const both = await serve(["--limit", "maxDepth=2", "--limit", "maxDirectives=1"]);
  expect(await exceeded(both)).toEqual(["maxDepth", "maxDirectives"]);
  const off = await serve(["--limit", "maxDepth=2", "maxDirectives=false"], {}, file);
  expect(await exceeded(off)).toEqual(["maxDepth"]);
});

test("a limit goes before that of the file, whose others stay; the variable has commas between", async () => {
  const files = { "langgraph-graphql.config.json": { limits: { maxDepth: 2, maxDirectives: 1 } } };
  const flag = await serve(["--limit", "maxDepth=8"], {}, files);
  expect(await exceeded(flag)).toEqual(["maxDirectives"]);
  const variable = { LANGGRAPH_GRAPHQL_LIMIT: "maxDepth=8,maxDirectives=20" };
  expect(await exceeded(await serve([], variable, files))).toEqual([]);
});

describe("a limit that is none is refused, with what to write", () => {
  test.each([
    ["maxDept=5", "maxDept is no limit: did you mean maxDepth?"],
    ["maxDepth", "It must be name=value, such as maxConcurrentRuns=20."],
    [
      "maxDepth=deep",
      'maxDepth must be a whole number from 1 to 9007199254740991, or false for no limit, not "deep"',
    ],
    ["runTimeoutMs=15m", 'or false for no limit, not "15m"'],
    ["maxDepth=0", "or false for no limit, not 0"],
  ])("%s", async (limit, message) => {
    const flag = await serve(["--limit", limit]);
    await flag.says(/--help/);
    expect(flag.output).toContain("'--limit <name=value...>'");
    expect(flag.output).toContain(message);
    const variable = await serve([], { LANGGRAPH_GRAPHQL_LIMIT: limit });
    await variable.says(/--help/);
    expect(variable.output).toContain(`LANGGRAPH_GRAPHQL_LIMIT: `);
    expect(variable.output).toContain(message);
  });
});

test("--help tells every limit with its default", async () => {
  const cli = await serve(["--help"]);
  await cli.says(/  maxDepth=8\n[\s\S]*  writeTimeoutMs=30000\n/);
});
