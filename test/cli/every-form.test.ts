import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { post, postEvents, readResults } from "../support/http.ts";
import { eventOf, type EventFields } from "../support/result.ts";
import { startCommandLine, type CommandLine } from "./command-line.ts";
import { command } from "./run/command.ts";

const FOLDER = fileURLToPath(new URL("fixtures/every-form/", import.meta.url));

let server: CommandLine;
let url: string;
beforeAll(async () => {
  server = startCommandLine(["serve", "--port", "0", "--memory"], FOLDER);
  url = await server.url();
});
afterAll(() => server[Symbol.asyncDispose]());

const question = "How are you?";

/** What its run is given, and what one of its events then says. */
const RUNS: readonly (readonly [workflow: string, input: object, says: EventFields])[] = [
  ["compiled", { text: "sand", mood: "GLAD" }, output({ text: "sand, glad", mood: "glad" })],
  ["builder", { text: "sand", count: 2 }, output({ text: "sandsand", count: 2 })],
  ["promise", { text: "" }, output({ text: "Hello" })],
  ["factory", {}, output({ text: "factory by threads.create_run" })],
  [
    "agent",
    { messages: [{ role: "HUMAN", text: question }] },
    output({ messages: [{ content: question }, { content: "I am well" }] }),
  ],
  ["described", { text: "sand" }, { __typename: "CitationEvent", title: "sand", page: 7 }],
  [
    "byDefault",
    { messages: [{ role: "user", content: question }] },
    output({ messages: [{ content: question }, { content: "Yes" }] }),
  ],
  ["commonJs", { text: "sand" }, output({ text: "SAND" })],
  ["javascript", { text: "sand" }, output({ length: 4 })],
];

function output(expected: object): EventFields {
  return { __typename: "RunStatusEvent", runStatus: "SUCCEEDED", output: expected };
}

test.each(RUNS)("%s is served from the langgraph.json as it is", async (workflow, input, says) => {
  const events = await run(workflow, input);
  const { __typename } = says;
  expect(events.findLast((event) => event["__typename"] === __typename)).toMatchObject(says);
});

test("all of them are served, and described", async () => {
  const { graphs } = JSON.parse(await readFile(`${FOLDER}langgraph.json`, "utf8")) as {
    readonly graphs: object;
  };
  const { data } = await post(url, { query: "{ workflows { name description } }" });
  const workflows = data?.["workflows"] as unknown as readonly EventFields[];
  expect(workflows.map(({ name }) => name)).toEqual(Object.keys(graphs));
  expect(workflows).toContainEqual({ name: "described", description: "Cites what it read." });
});

test("nothing but the langgraph.json and the graphs is there", async () => {
  const files = (await readdir(FOLDER)).filter((file) => !/\.(ts|[cm]?js)$/.test(file));
  expect(files).toEqual(["langgraph.json"]);
});

test("its printed schema is the one in every-form.graphql", async () => {
  const { stdout, code } = await command(["schema"], { cwd: FOLDER }).ended;
  expect(code).toBe(0);
  await expect(stdout).toMatchFileSnapshot("every-form.graphql");
});

async function run(workflow: string, input: object): Promise<readonly EventFields[]> {
  const query = `subscription ($input: WorkflowInput!) {
    runWorkflow(input: $input) {
      __typename
      ... on CitationEvent { title page }
      ... on MessageChunk { content }
      ... on RunStatusEvent { runStatus output }
    }
  }`;
  const response = await postEvents(url, { query, variables: { input: { [workflow]: input } } });
  return (await readResults(response)).map(eventOf);
}
