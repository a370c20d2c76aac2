import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addServeOptions } from "../src/cli/serve-options.ts";
import { DEFAULT_SERVICE_LIMITS } from "../src/service-options.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What users are told of installing, using and operating it, in the order in which they read it. */
const pages = ["README.md", "deploy/README.md"].map((name) => readFile(join(ROOT, name), "utf8"));
const readme = (await Promise.all(pages)).join("\n");

/** Commands that these tests do not run because whoever runs these tests has run them. */
const RUN_BY_CI = ["npm ci", "npm test", "npm run check", "npm run bench", "npm run examples"];

const running: ChildProcess[] = [];
afterAll(async () => {
  for (const child of running) child.kill();
  await Promise.all(running.map((child) => child.exitCode ?? once(child, "exit")));
});

test("every command of the README is run by a test", () => {
  const tested = [
    "npm start",
    "curl",
    "npm install",
    "npx langgraph-graphql serve",
    "npx langgraph-graphql run",
    ...RUN_BY_CI,
  ];
  const untested = commands().filter((line) => !tested.some((known) => line.startsWith(known)));
  expect(untested).toEqual([]);
});

test("every script that the README names exists", async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const named = commands().flatMap(
    (line) => /^npm (?:run )?(start|test|check|bench|examples)$/.exec(line)?.[1] ?? [],
  );
  for (const script of named) expect(scripts).toHaveProperty(script);
});

test("the table of all settings has every flag of `serve`, and every limit", () => {
  const { options } = addServeOptions(new Command(), { drain: "10s" });
  const names = [
    ...options.map(({ long }) => `\`${long ?? ""}\``),
    ...Object.keys(DEFAULT_SERVICE_LIMITS).map((name) => `| \`limits.${name}\` `),
  ];
  const rows = readme.split("\n").filter((line) => line.startsWith("|"));
  const table = rows.slice(rows.findIndex((row) => row.startsWith("| `serve` flag"))).join("\n");
  expect(names.filter((name) => !table.includes(name))).toEqual([]);
});

describe("`npm start` in a clone", () => {
  let url: string;
  beforeAll(async () => {
    url = await start(
      "npm",
      ["start", "--silent", "--", "--port", "0", "--memory"],
      ROOT,
      /GraphiQL +(\S+)/,
    );
  });

  test("answers the curl of the first example with five events, each with an id, and completes", async () => {
    const frames = (await curl(0, url)).split("\n\n").filter((frame) => frame.includes("data: {"));
    const types = frames.map((frame) => /"__typename":"(\w+)"/.exec(frame)?.[1]);
    const progress = "ProgressEvent";
    expect(types).toEqual([progress, progress, progress, "CompleteEvent", "StateUpdate"]);
    expect(frames.every((frame) => frame.startsWith("id: "))).toBe(true);
  });

  test("answers the curl without GraphQL with frames of mode and data", async () => {
    const frames = [...(await curl(1, url)).matchAll(/^data: (\{.+)$/gm)].map(
      ([, data]) => JSON.parse(data ?? "") as unknown,
    );
    expect(frames.at(0)).toEqual({
      mode: "custom",
      data: { type: "progress", current: 1, total: 3, status: "Processing a" },
    });
    expect(frames.at(-1)).toEqual({
      mode: "updates",
      data: { work: { results: ["A", "B", "C"] } },
    });
    expect(frames).toHaveLength(5);
  });

  test("serves the client of the example", async () => {
    const stdout = await runClient(snippetWith("client.iterate"), url);
    expect(stdout).toContain("Processing b");
    expect(stdout).toMatch(/fraction: 1\b/);
  });

  test("serves the client that resumes", async () => {
    // Node 20 has no WebSocket of its own, as browsers do.
    const program = snippetWith("resumable(")
      .replace("createClient({", "createClient({ webSocketImpl: WebSocket,")
      .replace(/^/, 'import { WebSocket } from "ws";\n');
    const stdout = await runClient(program, url);
    expect(stdout).toContain("SUCCEEDED");
    expect(stdout).toMatch(/done\s*$/);
  });
});

describe("the package, installed as the README says", { timeout: 240_000 }, () => {
  let project: string;
  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), "langgraph-graphql-"));
    // Built already: without scripts, so that tests which use `dist` are not disturbed.
    const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", project];
    const { stdout } = await run("npm", pack, { cwd: ROOT });
    await writeFile(join(project, "package.json"), '{ "type": "module" }');
    const [, ...packages] = commandStartingWith("npm install")
      .replace("npm install", "")
      .split(" ");
    const installed = packages.map((name) =>
      name === "langgraph-graphql" ? join(project, stdout.trim()) : name,
    );
    // The native part of SQLite is taken from here, where it has been compiled already.
    const options = ["--prefer-offline", "--no-audit", "--ignore-scripts"];
    await run("npm", ["install", ...options, ...installed], { cwd: project });
    const native = "node_modules/better-sqlite3/build";
    await cp(join(ROOT, native), join(project, native), { recursive: true });
  }, 240_000);
  afterAll(() => rm(project, { recursive: true, force: true }));

  test("runs the program at the top of the README", async () => {
    await writeFile(
      join(project, "serve.ts"),
      snippetWith("defineEvents({").replace("port: 4000", "port: 0"),
    );
    const url = await start("npx", ["tsx", "serve.ts"], project, /Serving (\S+)/);
    const query = `subscription { runWorkflow(input: { reading: { topic: "sand" } }) {
      ... on CitationEvent { title } ... on ProgressEvent { status } } }`;
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ query }),
    });
    const text = await response.text();
    expect(text).toContain('{"status":"Reading about sand"}');
    expect(text).toContain('{"title":"sand"}');
  });

  test("has types that a strict compiler takes, its declarations included", async () => {
    await writeFile(join(project, "typed.ts"), snippetWith("defineEvents({"));
    await writeFile(
      join(project, "typed-backend.ts"),
      `import type { ServiceOptions } from "langgraph-graphql";
      declare const workflows: ServiceOptions["workflows"];
      ${snippetWith("await sqlite(")}`,
    );
    await writeFile(join(project, "typed-postgres.ts"), snippetWith("await postgres("));
    await writeFile(join(project, "typed-redis.ts"), snippetWith("await redis("));
    await writeFile(join(project, "typed-config.ts"), snippetWith("defineConfig("));
    await writeFile(
      join(project, "typed-auth.ts"),
      `import type { ServiceOptions } from "langgraph-graphql";
      declare const workflows: ServiceOptions["workflows"];
      ${snippetWith("authenticate: anyOf(")}`,
    );
    await writeFile(join(project, "typed-client.ts"), snippetWith("resumable("));
    await writeFile(
      join(project, "typed-tokens.ts"),
      `declare function freshToken(): Promise<string>;
      ${snippetWith("freshToken()")}`,
    );
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const typeRoots = join(ROOT, "node_modules/@types");
    const options = "--noEmit --strict --module nodenext --target es2023 --types node".split(" ");
    const files = [
      "typed.ts",
      "typed-backend.ts",
      "typed-postgres.ts",
      "typed-redis.ts",
      "typed-config.ts",
      "typed-auth.ts",
      "typed-client.ts",
      "typed-tokens.ts",
    ];
    await run("node", [tsc, ...options, "--typeRoots", typeRoots, ...files], { cwd: project });
  });

  test("runs a workflow from the terminal as the README shows", async () => {
    await cp(join(ROOT, "src/demo"), join(project, "src/demo"), { recursive: true });
    const command = commandStartingWith("npx langgraph-graphql run");
    const { stdout, stderr } = await run("bash", ["-c", command], { cwd: project });
    expect(JSON.parse(stdout)).toEqual({ results: ["A", "B"] });
    expect(stderr).toContain("Processing b");
  });

  test("has the command line that the README shows", async () => {
    await cp(join(ROOT, "src/demo"), join(project, "src/demo"), { recursive: true });
    const [command = "", ...args] = commandStartingWith("npx langgraph-graphql serve")
      .replace("--port 4000", "--port 0")
      .split(" ");
    const url = await start(command, args, project, /GraphiQL +(\S+)/);
    const response = await fetch(url, { headers: { accept: "text/html" } });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("langgraph-graphql");
  });
});

function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, text]) => text ?? "",
  );
}

/** The README's commands, a command that goes over several lines as one. */
function commands(): readonly string[] {
  return blocks("sh")
    .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
    .filter((line) => line !== "");
}

function commandStartingWith(beginning: string): string {
  const command = commands().find((line) => line.startsWith(beginning));
  if (command === undefined) throw new Error(`The README has no command ${beginning}`);
  return command;
}

/** The first program that has this text in it. */
function snippetWith(text: string): string {
  const found = blocks("ts").find((block) => block.includes(text));
  if (found === undefined) throw new Error(`The README has no program with ${text}`);
  return found;
}

/** What a program of the README prints as a client of `url`, run in the checkout. */
async function runClient(program: string, url: string): Promise<string> {
  const file = join(ROOT, "test", `readme-client-${process.pid}.ts`);
  await writeFile(file, program.replace("ws://localhost:4000/graphql", url.replace("http", "ws")));
  try {
    return (await run("npx", ["tsx", file], { cwd: ROOT })).stdout;
  } finally {
    await rm(file);
  }
}

/** Runs the README's nth curl in a shell, as it is pasted, against a server on another port. */
async function curl(index: number, url: string): Promise<string> {
  const command = commands().filter((line) => line.startsWith("curl"))[index] ?? "";
  const { origin } = new URL(url);
  const pasted = command.replace("http://localhost:4000", origin).replace("curl", "curl -s");
  return (await run("bash", ["-c", pasted])).stdout;
}

/** Starts a program and resolves with what `pattern` finds in its output. */
async function start(
  command: string,
  args: readonly string[],
  cwd: string,
  pattern: RegExp,
): Promise<string> {
  // A group of its own: `npm` and `npx` do not pass every signal on.
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"], detached: true });
  child.kill = () => process.kill(-(child.pid ?? 0), "SIGTERM");
  running.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) {
      child.stdout.resume();
      return found;
    }
  }
  throw new Error(`${command} ${args.join(" ")} ended without saying where it serves`);
}
