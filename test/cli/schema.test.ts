import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSchema, lexicographicSortSchema, printSchema } from "graphql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { command, type EndedCommand } from "./run/command.ts";

const FOLDER = fileURLToPath(new URL("fixtures/schema/", import.meta.url));

const schema = (...args: readonly string[]): Promise<EndedCommand> =>
  command(["schema", ...args], { cwd: FOLDER }).ended;

describe("schema", { timeout: 60_000 }, () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "schema-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("prints the schema, sorted, and nothing else on stdout", async () => {
    const { code, stdout, stderr } = await schema();
    const printed = buildSchema(stdout);
    expect(stdout).toBe(`${printSchema(lexicographicSortSchema(printed))}\n`);
    expect(Object.keys(printed.getTypeMap())).toEqual(
      expect.arrayContaining(["WorkflowInput", "NoteEvent", "PageEvent"]),
    );
    expect(stderr).toBe("printed by the module\n");
    expect(code).toBe(0);
  });

  test("--prefix is put before the names", async () => {
    const { stdout } = await schema("--prefix", "Agents");
    expect(stdout).toContain("union AgentsWorkflowEvent");
    expect(stdout).toContain("agentsRunWorkflow(");
  });

  test("--out writes it, and says whether that changed anything", async () => {
    const file = join(folder, "schema.graphql");
    const first = await schema("--out", file);
    expect(first.stderr).toContain(`${file}: written\n`);
    expect(first.stdout).toBe("");
    const { mtimeMs } = await stat(file);
    expect((await schema("--out", file)).stderr).toContain(`${file}: unchanged\n`);
    expect((await stat(file)).mtimeMs).toBe(mtimeMs);
    await writeFile(file, "type Query { old: Int }");
    expect((await schema("--out", file)).stderr).toContain(`${file}: changed\n`);
    expect(await readFile(file, "utf8")).toContain("union WorkflowEvent");
  });

  test("--possible-types is what Apollo Client wants to know of unions and interfaces", async () => {
    const { stdout } = await schema("--possible-types");
    const types = JSON.parse(stdout) as Record<string, readonly string[]>;
    expect(types["WrittenEvent"]).toEqual([
      "CompleteEvent",
      "CustomEvent",
      "NoteEvent",
      "PageEvent",
      "ProgressEvent",
    ]);
    expect(Object.keys(types)).toEqual(expect.arrayContaining(["RunEvent", "WorkflowEvent"]));
    expect(types["WorkflowEvent"]).toEqual(types["RunEvent"]);
  });

  test("--strict lists what is not typed and what conflicts, with what to write, and writes nothing", async () => {
    const file = join(folder, "schema.graphql");
    const { code, stderr } = await schema("--strict", "--out", file);
    expect(stderr).toContain("error: The schema is not strict in 5 places");
    expect(stderr).toMatch(/^ {2}WorkflowInput\.legacy is JSON: give the graph a schema/m);
    expect(stderr).toMatch(/^ {2}PageEvent\.meta is JSON: say what it holds/m);
    expect(stderr).toMatch(/^ {2}NoteEvent\.text is String! and PageEvent\.text is .*alias/m);
    expect(code).toBe(1);
    await expect(stat(file)).rejects.toThrow("ENOENT");
  });

  test("--strict is content with workflows that are typed", async () => {
    const { code, stdout } = await schema("--strict", "--config", "typed.json");
    expect(stdout).toContain("union WorkflowEvent");
    expect(code).toBe(0);
  });

  test("--allow-json lets places be JSON that --strict would refuse, and which it names", async () => {
    const first = await schema("--strict");
    const [, places = ""] = /allow it: --allow-json (.+)$/m.exec(first.stderr) ?? [];
    expect(places).toContain("PageEvent.meta");
    const { stderr } = await schema("--strict", "--allow-json", ...places.split(" "));
    expect(stderr).toContain("not strict in 1 place;");
    expect(stderr).not.toMatch(/ is JSON: |--allow-json/);
  });

  test("--allow-json of a place that is not JSON is an error", async () => {
    const { code, stderr } = await schema("--strict", "--allow-json", "PageEvent.text");
    expect(stderr).toContain("error: --allow-json PageEvent.text: nothing of that name is JSON");
    expect(code).toBe(1);
    const loose = await schema("--allow-json", "PageEvent.meta");
    expect(loose.stderr).toContain("pass --strict with it");
    expect(loose.code).toBe(1);
  });

  test("says in one line what is wrong", async () => {
    const missing = await schema("--config", "no.json");
    expect(missing.stderr).toMatch(/^error: .*no\.json cannot be read: .*\n$/);
    expect(missing.code).toBe(1);
    const { code, stderr } = await schema("--out", join(folder, "no", "schema.graphql"));
    expect(stderr).toMatch(
      /^error: .*schema\.graphql cannot be written: the folder .*no does not exist/m,
    );
    expect(code).toBe(1);
  });
});
