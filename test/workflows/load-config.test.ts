import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { loadConfig } from "../../src/workflows/load-config.ts";

const FIXTURES = fileURLToPath(new URL("fixtures/", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "langgraph-json-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a langgraph.json", () => {
  test("names compiled graphs in TypeScript and JavaScript, by export or as the default", async () => {
    const workflows = await load({
      graphs: {
        named: `${FIXTURES}compiled.ts:graph`,
        byDefault: `${FIXTURES}compiled.ts`,
        plain: { path: `${FIXTURES}plain.js:graph`, description: "Does nothing." },
      },
      node_version: "20",
    });
    expect(Object.keys(workflows)).toEqual(["named", "byDefault", "plain"]);
    expect(workflows["plain"]?.description).toBe("Does nothing.");
  });

  test("has the events that a module exports typed", async () => {
    const { named } = await load({ graphs: { named: `${FIXTURES}compiled.ts:graph` } });
    expect(Object.keys(named?.events?.schemas ?? {})).toEqual(["note"]);
  });
});

describe("what is wrong is said in one sentence:", () => {
  test.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /langgraph\.json is not JSON/],
    ["no graphs", {}, /not valid at graphs/],
    [
      "a file that is not there",
      { graphs: { a: "./missing.ts:graph" } },
      /Graph "a": .*missing\.ts fails to load/,
    ],
    [
      "a module that throws",
      { graphs: { a: `${FIXTURES}broken.ts:graph` } },
      /Graph "a": .*broken\.ts fails to load: no key in the environment/,
    ],
    [
      "an export that is not there",
      { graphs: { a: `${FIXTURES}compiled.ts:agent` } },
      /the export "agent" of .*compiled\.ts is not a compiled graph; it exports/,
    ],
    [
      "an export that is no graph",
      { graphs: { a: `${FIXTURES}compiled.ts:notAGraph` } },
      /the export "notAGraph" of .* is not a compiled graph/,
    ],
  ])("%s", async (_what, config, message) => {
    const loading = load(config);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toBeInstanceOf(ConfigError);
  });

  test("no file", async () => {
    await expect(loadConfig(join(folder, "nothing.json"))).rejects.toThrow(
      /cannot be read.*--config/,
    );
  });
});

async function load(config: unknown): ReturnType<typeof loadConfig> {
  const file = join(folder, "langgraph.json");
  await writeFile(file, typeof config === "string" ? config : JSON.stringify(config));
  return loadConfig(file);
}
