import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { postEvents, readResults } from "../support/http.ts";
import { startCommandLine } from "./command-line.ts";
import { createBareProject, createProjectWithCopies } from "./project.ts";

const FILES = {
  "langgraph.json": { graphs: { agent: "./agent.js:graph" } },
  "agent.js": `
    import { Annotation, START, StateGraph } from "@langchain/langgraph";
    export const graph = new StateGraph(Annotation.Root({ text: Annotation() }))
      .addNode("speak", (_state, config) => {
        config.writer?.({ type: "complete", message: "spoken" });
        return {};
      })
      .addEdge(START, "speak")
      .compile();`,
};

/** Another version than ours, in a folder that is not ours. */
const COPIES = {
  "@langchain/langgraph": "langgraph-lowest",
  "@langchain/langgraph-checkpoint": "@langchain/langgraph-checkpoint",
  "@langchain/core": "@langchain/core",
};

test("a project's own LangGraph is the only one in the process", async () => {
  await using project = await createProjectWithCopies(FILES, COPIES);
  // Node writes there which modules it loaded.
  const loaded = join(project.folder, "loaded");
  await using serve = startCommandLine(["serve", "--port", "0"], project.folder, {
    NODE_V8_COVERAGE: loaded,
  });
  const query =
    "subscription { runWorkflow(input: { agent: {} }) { ... on CompleteEvent { node message } } }";
  const results = await readResults(await postEvents(await serve.url(), { query }));
  expect(results[0]?.data?.["runWorkflow"]).toEqual({ node: "speak", message: "spoken" });
  serve.process.kill();
  await once(serve.process, "close");

  const copies = new Set<string>();
  for (const name of await readdir(loaded)) {
    const { result } = JSON.parse(await readFile(join(loaded, name), "utf8")) as {
      readonly result: readonly { readonly url: string }[];
    };
    for (const { url } of result) {
      const [copy] =
        /^file:.*\/(@langchain\/(langgraph|langgraph-checkpoint|core)|langgraph-lowest)(?=\/)/.exec(
          url,
        ) ?? [];
      if (copy !== undefined) copies.add(copy);
    }
  }
  const modules = `file://${project.folder}/node_modules`;
  expect([...copies].sort()).toEqual(
    Object.keys(COPIES)
      .map((name) => `${modules}/${name}`)
      .sort(),
  );
});

test("a project without LangGraph is told to install it", async () => {
  await using project = await createBareProject(FILES);
  await using serve = startCommandLine(["serve", "--port", "0"], project.folder);
  await serve.says(/error: \S+ has no @langchain\/langgraph: npm install @langchain\/langgraph/);
});
