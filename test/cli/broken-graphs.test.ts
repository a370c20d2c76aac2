import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCommandLine } from "./command-line.ts";
import { createProject, type Project } from "./project.ts";

/** Modules that fail to load, and what is said of each: the reason, the place, the line itself. */
const BROKEN: readonly (readonly [what: string, file: string, source: string, said: RegExp])[] = [
  [
    "throws",
    "throws.ts",
    'interface Unused {\n  x: 1;\n}\nfunction key(): string {\n  throw new Error("no key");\n}\nexport const graph = key();',
    /throws\.ts fails to load: no key\n +at \S+throws\.ts:5:9\n +5 \| {3}throw new Error\("no key"\);\n +\| {9}\^$/,
  ],
  [
    "has a syntax error in TypeScript",
    "syntax.ts",
    "const a: number = 1;\nexport const graph = { a,, };",
    /syntax\.ts fails to load: syntax error: .+\n +at \S+syntax\.ts:2:26\n +2 \| export const graph = .+\n +\| {26}\^$/,
  ],
  [
    "has a syntax error in JavaScript",
    "syntax.mjs",
    "const a = 1;\nexport const graph = { a,, };",
    /syntax\.mjs fails to load: syntax error: .+\n +at \S+syntax\.mjs:2:26\n/,
  ],
  [
    "has a syntax error in CommonJS",
    "syntax.cjs",
    "const a = 1;\nmodule.exports = { a,, };",
    /syntax\.cjs fails to load: syntax error: .+\n +at \S+syntax\.cjs:2:22\n/,
  ],
  [
    "imports one with a syntax error",
    "importer.ts",
    'import { graph } from "./syntax.ts";\nexport { graph };',
    /importer\.ts fails to load: syntax error: .+\n +at \S+syntax\.ts:2:26\n/,
  ],
  [
    "imports a package that is not installed",
    "package.ts",
    '// first\nimport { x } from "not-installed";\nexport const graph = x;',
    /it imports the package "not-installed", which is not installed: npm install not-installed\n +at \S+package\.ts:2:19\n/,
  ],
  [
    "requires a package that is not installed",
    "package.cjs",
    'const { x } = require("not-installed");\nmodule.exports = { graph: x };',
    /it imports the package "not-installed", .+\n +at \S+package\.cjs:1:23\n/,
  ],
  [
    "imports a file that is not there",
    "file.ts",
    'import { x } from "./missing.js";\nexport const graph = x;',
    /it imports \S+missing\.js, which does not exist\n +at \S+file\.ts:1:19\n/,
  ],
  [
    "imports a name that another module does not export",
    "name.ts",
    'import { nothing } from "./other.ts";\nexport const graph = nothing;',
    /does not provide an export named 'nothing'\n +at \S+name\.ts:1:10\n/,
  ],
  [
    "exports a function that wants more of its configuration",
    "factory.ts",
    "export const graph = (config: any) =>\n  config.configurable.model.name;",
    /is a function that throws when it is called, as at every start, with an empty configuration: .+\n +at \S+factory\.ts:2:\d+\n/,
  ],
];

let project: Project;
let said: string;

// `dev` reports each of them, and waits.
beforeAll(async () => {
  project = await createProject({
    "other.ts": "export const something = 1;",
    ...Object.fromEntries(BROKEN.map(([, file, source]) => [file, source])),
    "langgraph.json": {
      graphs: Object.fromEntries(BROKEN.map(([, file]) => [file, `./${file}:graph`])),
    },
  });
  await using dev = startCommandLine(["dev", "--port", "0"], project.folder);
  await dev.says(/Waiting for a change/);
  said = dev.output;
});
afterAll(() => project[Symbol.asyncDispose]());

test.each(BROKEN)(
  "of a module that %s, dev tells why and where",
  (_what, file, _source, reason) => {
    const report = said.split("\n\n").find((part) => part.includes(`Graph "${file}": `));
    expect(report?.trimEnd()).toMatch(reason);
    expect(report).not.toMatch(/dist\/c|node:internal|node_modules/);
  },
);

test("when none of the graphs loads, dev says so and waits", () => {
  expect(said).toMatch(/error: None of the graphs loads\nWaiting for a change …\n$/);
});

test("serve ends with the first", async () => {
  await using serve = startCommandLine(["serve"], project.folder);
  const [code] = (await once(serve.process, "close")) as [number];
  expect(code).toBe(1);
  expect(serve.output.trimEnd()).toMatch(BROKEN[0]?.[3] ?? /^$/);
});
