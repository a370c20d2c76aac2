import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { post, postEvents, readResults } from "../support/http.ts";
import { until } from "../support/until.ts";
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

test("what is kept of a conversation comes back as the project's own classes", async () => {
  await using project = await createProjectWithCopies(
    {
      "langgraph.json": FILES["langgraph.json"],
      "agent.js": `
        import { AIMessage } from "@langchain/core/messages";
        import { interrupt, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
        export const graph = new StateGraph(MessagesAnnotation)
          .addNode("speak", () => ({ messages: [new AIMessage("spoken")] }))
          .addNode("ask", ({ messages }, config) => {
            interrupt("Go on?");
            const [spoken] = messages;
            // \`instanceof\` goes by a mark that all copies share.
            const message = spoken.constructor === AIMessage ? spoken.content : "of another class";
            config.writer?.({ type: "complete", message });
            return {};
          })
          .addEdge(START, "speak")
          .addEdge("speak", "ask")
          .compile();`,
    },
    COPIES,
  );
  await using first = startCommandLine(["serve", "--port", "0"], project.folder);
  const { data } = await post(await first.url(), {
    query: "mutation { startRun(input: { agent: { messages: [] } }) { run { id } } }",
  });
  const { id } = data?.["startRun"]?.["run"] as { readonly id: string };
  const ask = async <T>(url: string, fields: string): Promise<T> => {
    const result = await post(url, { query: `{ run(id: "${id}") { ${fields} } }` });
    return result.data?.["run"] as T;
  };
  const waiting = async (url: string) =>
    ask<{ readonly interrupts: readonly { readonly id: string }[] }>(url, "interrupts { id }");
  await until(async () => (await waiting(await first.url())).interrupts.length === 1);
  first.process.kill("SIGKILL");
  await once(first.process, "close");

  await using second = startCommandLine(["serve", "--port", "0"], project.folder);
  const url = await second.url();
  const [interrupt] = (await waiting(url)).interrupts;
  await post(url, {
    query: `mutation {
      resumeRun(runId: "${id}", answers: [{ interruptId: "${interrupt?.id}", value: true }]) { run { id } }
    }`,
  });
  const query = `subscription {
    workflowEvents(runId: "${id}") { ... on CompleteEvent { message } }
  }`;
  const [result] = await readResults(await postEvents(url, { query }));
  expect(result?.data?.["workflowEvents"]).toEqual({ message: "spoken" });
});

test("a project without LangGraph is told to install it", async () => {
  await using project = await createBareProject(FILES);
  await using serve = startCommandLine(["serve", "--port", "0"], project.folder);
  await serve.says(/error: \S+ has no @langchain\/langgraph: npm install @langchain\/langgraph/);
});
