import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSchema, parse, validate } from "graphql";
import { describe, expect, test } from "vitest";

// That each example works is `npm run examples`, which needs what they install.

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EXAMPLES = join(ROOT, "client-examples");

const entries = await readdir(EXAMPLES, { withFileTypes: true });
const examples = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);

describe.each(examples)("the example %s", (example) => {
  const read = (name: string): Promise<string> => readFile(join(EXAMPLES, example, name), "utf8");

  test("is started with one command, and checks itself with another", async () => {
    const { name, scripts, private: isPrivate } = JSON.parse(await read("package.json")) as Package;
    expect(name).toBe(`example-${example}`);
    expect(isPrivate).toBe(true);
    expect(scripts).toMatchObject({
      start: expect.any(String) as string,
      check: expect.any(String) as string,
    });
  });

  test("says what it shows, and gives one command that installs and runs it", async () => {
    const [, ...blocks] = (await read("README.md")).split("```sh\n");
    const commands = blocks.map((block) => block.split("\n```")[0]);
    const { dependencies, scripts } = JSON.parse(await read("package.json")) as Package;
    // Where there is nothing to install, npm is not needed either.
    const start = dependencies ? "npm install && npm start" : scripts["start"];
    expect(commands.filter((command) => command === start)).toHaveLength(1);
  });

  test("links this package, if it uses it, and locks no versions", async () => {
    const { dependencies } = JSON.parse(await read("package.json")) as Package;
    expect(["file:../..", undefined]).toContain(dependencies?.["langgraph-graphql"]);
    // Without dependencies nothing is installed, and nothing locked.
    if (dependencies) expect(await read(".npmrc")).toContain("package-lock=false\n");
  });

  test("stands in the tables of the READMEs", async () => {
    expect(await readFile(join(EXAMPLES, "README.md"), "utf8")).toContain(`| [${example}](`);
    expect(await readFile(join(ROOT, "README.md"), "utf8")).toContain(
      `| [${example}](client-examples/${example}/README.md)`,
    );
  });
});

test("what the tables of the READMEs name is there", async () => {
  const rows = [EXAMPLES, ROOT].map(async (folder) => {
    const text = await readFile(join(folder, "README.md"), "utf8");
    return [...text.matchAll(/^\| \[[\w-]+\]\(([^)]+)\)/gm)].map(([, to]) =>
      join(folder, to ?? ""),
    );
  });
  expect((await Promise.all(rows)).flat().filter((path) => !existsSync(path))).toEqual([]);
});

test("the pages of React have the same components, each its own copy", async () => {
  const [apollo, urql] = await Promise.all(
    ["react-apollo", "react-urql"].map((example) => textsOf(join(EXAMPLES, example, "src/ui"))),
  );
  expect(apollo).toEqual(urql);
});

test("the operations that examples share are valid for the demo's schema", async () => {
  const schema = buildSchema(await readFile(join(ROOT, "schema/example.graphql"), "utf8"));
  const operations = await textsOf(join(ROOT, "schema/operations/clients"));
  for (const [name, text] of Object.entries(operations)) {
    expect(validate(schema, parse(text)), name).toEqual([]);
  }
});

/** The files of a folder: their texts by their names. */
async function textsOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const),
    ),
  );
}

interface Package {
  readonly name: string;
  readonly private: boolean;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}
