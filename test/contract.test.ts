import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as errors from "../src/errors.ts";

const contract = await readFile(new URL("../schema/README.md", import.meta.url), "utf8");

test("each guarantee in schema/README.md names a test that exists", async () => {
  const tests = await allTests();
  const [, table = ""] = /^## Guarantees\n(.*?)^## /ms.exec(contract) ?? [];
  const named = [...table.matchAll(/^\|.*\| (.+?) +\|$/gm)]
    .map(([, name]) => name ?? "")
    .filter((name) => name !== "held by" && !/^-+$/.test(name));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !tests.includes(JSON.stringify(name)))).toEqual([]);
});

test("schema/README.md lists every code that a client can get", () => {
  const classes = Object.values(errors).filter(
    (value) => value.prototype instanceof errors.ServiceError,
  );
  const codes = classes.map((each) => codeOf(each));
  expect(codes.length).toBeGreaterThan(5);
  const [, table = ""] = /^## Errors\n(.*?)^`Run/ms.exec(contract) ?? [];
  expect(codes.filter((code) => !table.includes(`\n| \`${code}\` `))).toEqual([]);
});

/** An error class has its code as a field, so one must be made to read it. */
function codeOf(constructor: { readonly prototype: object }): string {
  const make = constructor as unknown as new (
    details: object,
    list: readonly string[],
  ) => errors.ServiceError;
  return new make({}, []).code;
}

async function allTests(): Promise<string> {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const files = (await readdir(folder, { recursive: true })).filter((file) =>
    file.endsWith(".test.ts"),
  );
  const texts = await Promise.all(files.map((file) => readFile(`${folder}${file}`, "utf8")));
  return texts.join("\n");
}
