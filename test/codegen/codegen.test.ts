import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { printSchema } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as approval from "../../src/demo/approval.ts";
import * as report from "../../src/demo/report.ts";
import * as research from "../../src/demo/research.ts";
import { createService } from "../../src/service.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const path = (inRoot: string): string => join(ROOT, inRoot);

const readme = await readFile(path("README.md"), "utf8");
const snippets = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text]) => text ?? "");
const programWith = (text: string): string =>
  snippets.find((snippet) => snippet.includes(text)) ?? `The README has no program with ${text}`;

/** What the README advises a front-end project to have, and our own operations beside its. */
const CODEGEN_CONFIG = programWith("CodegenConfig").replace(
  `"src/**/*.{ts,tsx}"`,
  `["src/**/*.ts", "operations/*.graphql"]`,
);

/** The README's `switch`, in a component of whatever framework. */
const [RECEIVED_IMPORT, RECEIVED_SWITCH] = programWith("received(").split("\n\n", 2);
const README_PROGRAM = `
${RECEIVED_IMPORT}
import { graphql } from "./gql";
import type { ResultOf } from "@graphql-typed-document-node/core";

const Cited = graphql(\`
  subscription Cited($input: WorkflowInput!) {
    runWorkflow(input: $input) {
      __typename
      ... on ProgressEvent { fraction }
      ... on CitationEvent { title url }
    }
  }
\`);

declare const bar: (fraction: number | null) => void;
declare const link: (title: string, url: string) => void;

export function show(data: ResultOf<typeof Cited>): void {
  ${RECEIVED_SWITCH}
}
`;

const TSCONFIG = {
  compilerOptions: {
    target: "es2022",
    lib: ["es2023", "dom"],
    module: "esnext",
    moduleResolution: "bundler",
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
    paths: { "langgraph-graphql/client": [path("src/client/index.ts")] },
  },
  include: ["src"],
};

/** A program that shows the events that `selection` names, and has a case for some. */
const showing = (selection: string, cases: string, operation = "Show"): string => `
import type { ApolloClient } from "@apollo/client";
import { received } from "langgraph-graphql/client";
import { graphql } from "./gql";

const Research = graphql(\`
  subscription ${operation}($input: WorkflowInput!, $after: Cursor) {
    runWorkflow(input: $input, after: $after) {
      __typename
      ${selection}
    }
  }
\`);

const input = { research: { topics: ["tides"] } };

export function show(client: ApolloClient): void {
  client.subscribe({ query: Research, variables: { input } }).subscribe(({ data }) => {
    if (!data) return;
    const event = received(data.runWorkflow);
    switch (event.__typename) {
      ${cases}
      default:
        event satisfies never;
    }
  });
}
`;

const CASES = `
      case "ProgressEvent":
        return console.log(event.fraction, event.status);
      case "CitationEvent":
        return console.log(event.title, event.passage.page.toFixed(), event.kind satisfies "ARTICLE" | "BOOK");`;

const SELECTION = `
      ... on ProgressEvent { fraction status }
      ... on CitationEvent { title kind passage { page } }`;

const [declared, undeclared] = await Promise.all([
  printedSchema({ report, research, approval }),
  printedSchema({ report, research: research.graph, approval }),
]);

const projects: string[] = [];
afterAll(() => Promise.all(projects.map((folder) => rm(folder, { recursive: true }))));

describe("the client preset of GraphQL Code Generator", { timeout: 120_000 }, () => {
  describe("over the demo's schema", () => {
    let errors: readonly string[];
    beforeAll(async () => {
      const project = await createProject(declared, {
        "show.ts": showing(SELECTION, CASES),
        "masked.ts": MASKED,
        "typed.ts": TYPED,
        "readme.ts": README_PROGRAM,
        "one-more.ts": showing(`${SELECTION} ... on StateUpdate { changes }`, CASES, "OneMore"),
      });
      await cp(path("schema/operations"), join(project, "operations"), { recursive: true });
      expect(await generate(project)).toBe("");
      errors = await compile(project);
    }, 120_000);

    test("makes types over which a switch with a case for each event that the operation names is exhaustive", () => {
      expect(errors.filter((error) => !error.startsWith("src/one-more.ts"))).toEqual([]);
    });

    test("makes types of the workflows' inputs and results", () => {
      expect(errors.filter((error) => error.startsWith("src/typed.ts"))).toEqual([]);
    });

    test("breaks the build where the operation names one more event, and no case does", () => {
      expect(errors).toEqual([
        expect.stringMatching(/^src\/one-more\.ts.* error TS1360: .*"StateUpdate".* type 'never'/),
      ]);
    });
  });

  test("breaks the build at the operation that names an event that is declared no more", async () => {
    const project = await createProject(undeclared, { "show.ts": showing(SELECTION, CASES) });
    expect(await generate(project)).toContain('Unknown type "CitationEvent"');
  });

  test("breaks the build at the case of an event that is declared no more, where only an interface names it", async () => {
    const selection = "... on WrittenEvent { seq } ... on CompleteEvent { message }";
    const cases = `case "ProgressEvent":
      case "CompleteEvent":
      case "CustomEvent":
      case "CitationEvent":
        return console.log(event.seq);`;
    const project = await createProject(undeclared, { "show.ts": showing(selection, cases) });
    expect(await generate(project)).toBe("");
    expect(await compile(project)).toEqual([
      expect.stringMatching(/^src\/show\.ts.* error TS2678: Type '"CitationEvent"'/),
    ]);
  });
});

/** Fragments, masked as the preset does by default, and scalars. */
const MASKED = `
import type { ResultOf } from "@graphql-typed-document-node/core";
import { received, type Received } from "langgraph-graphql/client";
import { graphql, useFragment } from "./gql";

const Bar = graphql(\`fragment Bar on ProgressEvent { fraction }\`);
const Any = graphql(\`fragment Any on WorkflowEvent { __typename ... on CitationEvent { url } }\`);
const Follow = graphql(\`
  subscription Follow($runId: ID!, $after: Cursor) {
    workflowEvents(runId: $runId, after: $after) {
      __typename
      ...Bar
      ... on RunStatusEvent { cursor createdAt output runStatus }
    }
  }
\`);
const Masked = graphql(\`subscription Masked { workflowEvents(runId: "1") { ...Any } }\`);

export function follow({ workflowEvents }: ResultOf<typeof Follow>): string {
  const event = received(workflowEvents);
  switch (event.__typename) {
    case "ProgressEvent":
      return String(useFragment(Bar, event).fraction);
    case "RunStatusEvent":
      const cursor: string = event.cursor;
      const createdAt: string = event.createdAt;
      // @ts-expect-error whatever the graph's output is, it is not known to be this
      const output: object = event.output;
      // @ts-expect-error one of the statuses
      event.runStatus satisfies "DONE";
      return cursor + createdAt + output;
    default:
      return event satisfies never;
  }
}

export function masked(data: ResultOf<typeof Masked>): Received<ResultOf<typeof Any>> {
  const event = received(useFragment(Any, data.workflowEvents));
  event.__typename satisfies "CitationEvent";
  return event;
}
`;

const TYPED = `
import type { ResultOf } from "@graphql-typed-document-node/core";
import { graphql } from "./gql";
import type { WorkflowInput } from "./gql/graphql";

export const inputs: readonly WorkflowInput[] = [
  { research: { topics: ["tides"], depth: "STUDY" } },
  // @ts-expect-error no such depth
  { research: { topics: ["tides"], depth: "GUESS" } },
  // @ts-expect-error items are required
  { report: {} },
  // @ts-expect-error one workflow at a time
  { research: { topics: ["tides"] }, report: { items: ["a"] } },
];

const Sources = graphql(\`
  query Sources($id: ID!) {
    run(id: $id) { result { research { sources { title kind } } } }
  }
\`);

export function books({ run }: ResultOf<typeof Sources>): readonly string[] {
  const sources = run?.result?.research?.sources ?? [];
  // @ts-expect-error no such kind
  if (sources.some(({ kind }) => kind === "FILM")) return [];
  return sources.filter(({ kind }) => kind === "BOOK").map(({ title }) => title);
}
`;

async function printedSchema(
  workflows: Parameters<typeof createService>[0]["workflows"],
): Promise<string> {
  await using service = createService({ workflows });
  return printSchema(service.schema);
}

/** A project of its own, with the packages of this one. */
async function createProject(
  schema: string,
  programs: Readonly<Record<string, string>>,
): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), "langgraph-graphql-codegen-"));
  projects.push(project);
  await mkdir(join(project, "src"));
  await symlink(path("node_modules"), join(project, "node_modules"));
  const files = {
    "package.json": JSON.stringify({ type: "module" }),
    "tsconfig.json": JSON.stringify(TSCONFIG),
    "codegen.ts": CODEGEN_CONFIG,
    "schema.graphql": schema,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text);
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(project, "src", name), text);
  }
  return project;
}

/** Resolves with what went wrong; with nothing when all went well. */
function generate(project: string): Promise<string> {
  return problems("graphql-codegen", ["--config", "codegen.ts"], project);
}

/** Resolves with the compiler's errors. */
async function compile(project: string): Promise<readonly string[]> {
  const errors = await problems("tsc", ["--pretty", "false"], project);
  return errors.split("\n").filter((line) => line !== "");
}

async function problems(bin: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    // Under `test`, as Vitest sets it, the code generator does not say what is wrong.
    const env = { ...process.env, NODE_ENV: "development" };
    await run("node", [path(`node_modules/.bin/${bin}`), ...args], { cwd, env });
    return "";
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}
