import { FakeListChatModel } from "@langchain/core/utils/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { END, START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";
import { defineEvents } from "../../src/index.ts";
import { postEvents, readResults } from "../support/http.ts";
import { eventOf, seqOf } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, startRun } from "../support/stepped.ts";

const events = defineEvents({ citation: z.object({ url: z.string(), title: z.string() }) });
const model = new FakeListChatModel({ responses: ["ok"] });

/** Says something of every type. */
const graph = new StateGraph(z.object({ answer: z.string().default("") }))
  .addNode("work", async (_state, config) => {
    const emit = events.emitter(config);
    emit.progress({ current: 1, total: 2 });
    emit.citation({ url: "https://example.com", title: "Example" });
    config.writer?.({ type: "unheard-of" });
    const answer = await model.invoke("Say ok", config);
    emit.complete({ message: "done" });
    return { answer: answer.text };
  })
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();

/** The types of that run's events, in order, messages of several pieces counted once. */
const ALL = [
  "RunStatusEvent",
  "NodeEvent",
  "ProgressEvent",
  "CitationEvent",
  "CustomEvent",
  "MessageChunk",
  "CompleteEvent",
  "NodeEvent",
  "StateUpdate",
  "RunStatusEvent",
];
const WRITTEN = ["ProgressEvent", "CitationEvent", "CustomEvent", "CompleteEvent"];

let service: RunningService;
let runId: string;

beforeAll(async () => {
  service = await startService({ workflows: { all: { graph, events } } });
  runId = await startRun(service.url, "all", {});
  await readResults(await postEvents(service.url, following(runId)));
});
afterAll(() => service[Symbol.asyncDispose]());

interface Selection {
  readonly select: string;
  readonly args?: string;
  readonly fragments?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly declare?: string;
}

/** The types that an operation receives, in order; the same one after the other counts once. */
async function receivedTypes(selection: Selection): Promise<readonly string[]> {
  const { select, args = "", fragments = "", variables = {}, declare = "" } = selection;
  const query = `subscription ($runId: ID!${declare}) {
    workflowEvents(runId: $runId${args}) { kind: __typename ${select} }
  } ${fragments}`;
  const response = await postEvents(service.url, { query, variables: { runId, ...variables } });
  const results = await readResults(response);
  const types = results.map((result) => String(eventOf(result)["kind"]));
  return types.filter((type, i) => type !== types[i - 1]);
}

test.each<readonly [string, Selection, readonly string[]]>([
  ["an operation that names none receives all", { select: "" }, ALL],
  [
    "a fragment with only __typename names its type",
    { select: "... on ProgressEvent { __typename }" },
    ["ProgressEvent"],
  ],
  [
    "several fragments name several types, in the order of the run",
    { select: "... on StateUpdate { node } ... on ProgressEvent { current }" },
    ["ProgressEvent", "StateUpdate"],
  ],
  [
    "a declared event is named like any other",
    { select: "... on CitationEvent { url title }" },
    ["CitationEvent"],
  ],
  [
    "a field of an interface names all its types",
    { select: "... on WrittenEvent { payload }" },
    WRITTEN,
  ],
  ["a field of RunEvent names every type", { select: "... on RunEvent { seq }" }, ALL],
  [
    "__typename in an interface fragment names none",
    { select: "... on RunEvent { __typename } ... on StateUpdate { node }" },
    ["StateUpdate"],
  ],
  [
    "an alias changes nothing: of __typename it names none, of a field it names",
    { select: "... on RunEvent { what: __typename } ... on WrittenEvent { that: type }" },
    WRITTEN,
  ],
  [
    "a fragment inside a fragment names what both allow",
    { select: "... on RunEvent { ... on WrittenEvent { ... on CompleteEvent { message } } }" },
    ["CompleteEvent"],
  ],
  [
    "a named fragment names what it stands for",
    {
      select: "...Shown",
      fragments:
        "fragment Shown on WorkflowEvent { ... on CompleteEvent { message } ...More } fragment More on StateUpdate { changes }",
    },
    ["CompleteEvent", "StateUpdate"],
  ],
  [
    "a fragment without a type condition changes nothing",
    { select: "... { ... on CompleteEvent { message } }" },
    ["CompleteEvent"],
  ],
  [
    "a fragment on the union with nothing in it but __typename names none",
    { select: "... on WorkflowEvent { __typename }" },
    ALL,
  ],
  [
    "what @skip skips is not named",
    { select: "... on ProgressEvent @skip(if: true) { current } ... on CompleteEvent { message }" },
    ["CompleteEvent"],
  ],
  [
    "what @include does not include is not named",
    {
      select:
        "... on ProgressEvent @include(if: $show) { current } ... on CompleteEvent { message }",
      declare: ", $show: Boolean!",
      variables: { show: false },
    },
    ["CompleteEvent"],
  ],
  [
    "what @include includes is named",
    {
      select:
        "... on ProgressEvent @include(if: $show) { current } ... on CompleteEvent { message }",
      declare: ", $show: Boolean!",
      variables: { show: true },
    },
    ["ProgressEvent", "CompleteEvent"],
  ],
  [
    "an operation whose every name is skipped receives nothing, and not all",
    { select: "... on ProgressEvent @skip(if: true) { current }" },
    [],
  ],
  [
    "`only` decides alone: what is named beside it does not come",
    { select: "... on ProgressEvent { current }", args: ", only: [STATE_UPDATE, CITATION]" },
    ["CitationEvent", "StateUpdate"],
  ],
  ["an empty `only` receives nothing", { select: "", args: ", only: []" }, []],
  [
    "`only: null` is as good as none",
    { select: "... on CompleteEvent { message }", args: ", only: null" },
    ["CompleteEvent"],
  ],
])("%s", async (_name, selection, expected) => {
  expect(await receivedTypes(selection)).toEqual(expected);
});

test("runWorkflow follows the same rule", async () => {
  const query = `subscription {
    runWorkflow(input: { all: {} }) { __typename ... on CompleteEvent { message } }
  }`;
  const results = await readResults(await postEvents(service.url, { query }));
  expect(results.map(eventOf)).toEqual([{ __typename: "CompleteEvent", message: "done" }]);
});

test("a filtered operation has the seqs of the run, with gaps where nothing was named", async () => {
  const every = await readResults(await postEvents(service.url, following(runId)));
  const select = "__typename ... on WrittenEvent { payload }";
  const written = await readResults(await postEvents(service.url, following(runId, { select })));
  const expected = every.filter((result) =>
    WRITTEN.includes(String(eventOf(result)["__typename"])),
  );
  expect(written.map(seqOf)).toEqual(expected.map(seqOf));
});
