import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { canStartServers, startServer } from "../backends/redis/own-server.ts";
import { isPostgresReachable, POSTGRES_URL } from "../backends/temporary-postgres.ts";
import { post, postEvents, readResults } from "../support/http.ts";
import { startRun } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { startCommandLine, type CommandLine } from "./command-line.ts";
import { createProject, type Project } from "./project.ts";

/** Other programs are started, perhaps beside many others. */
const TIMEOUT_MS = 60_000;

const hasPostgres = await isPostgresReachable();

const CONFIG = { graphs: { agent: "./agent.ts:graph" } };

/** A graph that does one thing after the other: says `word` at the beginning, and waits at `wait`. */
const agent = (word: string): string => `
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
const say = (config, message) => config.writer?.({ type: "complete", message });
export const graph = new StateGraph(Annotation.Root({ wait: Annotation<string> }))
  .addNode("first", (_state, config) => say(config, "first ${word}") ?? {})
  .addNode("second", async ({ wait }, config) => {
    say(config, "second ${word}");
    while (wait && !existsSync(wait)) await sleep(10, undefined, { signal: config.signal });
    return {};
  })
  .addNode("third", (_state, config) => say(config, "third ${word}") ?? {})
  .addEdge(START, "first")
  .addEdge("first", "second")
  .addEdge("second", "third")
  .compile();
`;

let started: (CommandLine | Project)[] = [];
afterEach(async () => {
  for (const each of started.reverse()) await each[Symbol.asyncDispose]();
  started = [];
});

async function newProject(): Promise<Project> {
  const project = await createProject({ "langgraph.json": CONFIG, "agent.ts": agent("a") });
  started.push(project);
  return project;
}

function start(folder: string, ...args: readonly string[]): CommandLine {
  const [command = "serve", ...options] = args;
  const running = startCommandLine([command, "--port", "0", ...options], folder);
  started.push(running);
  return running;
}

/** Runs the graph, and ends the server. */
async function runOnce(server: CommandLine): Promise<void> {
  const query =
    "subscription { runWorkflow(input: { agent: {} }) { ... on CompleteEvent { seq } } }";
  expect(await readResults(await postEvents(await server.url(), { query }))).toHaveLength(3);
  server.process.kill("SIGTERM");
  await once(server.process, "close");
}

async function runs(server: CommandLine): Promise<readonly unknown[]> {
  const { data } = await post(await server.url(), { query: "{ runs { nodes { status } } }" });
  return data?.["runs"]?.["nodes"] as readonly unknown[];
}

/** How a command that fails does. */
async function failure(folder: string, ...args: readonly string[]) {
  const running = start(folder, ...args);
  const [code] = (await once(running.process, "close")) as [number];
  return { code, output: running.output };
}

describe("runs are kept", { timeout: TIMEOUT_MS }, () => {
  test("beside the langgraph.json, in a folder that git ignores, wherever that is served from", async () => {
    const project = await newProject();
    await runOnce(start(project.folder));
    const folder = join(project.folder, ".langgraph-graphql");
    expect(await readdir(folder)).toContain("data.sqlite");
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe("*\n");
    const elsewhere = await createProject({});
    started.push(elsewhere);
    const again = start(elsewhere.folder, "serve", "-c", join(project.folder, "langgraph.json"));
    await again.says(new RegExp(`Runs are kept in ${folder}/data.sqlite\n`));
    expect(await runs(again)).toEqual([{ status: "SUCCEEDED" }]);
  });

  test("in the file that --data names; a folder that is there is left as it is", async () => {
    const project = await newProject();
    await runOnce(start(project.folder, "serve", "--data", "runs.sqlite"));
    expect(await readdir(project.folder)).toContain("runs.sqlite");
    expect(await readdir(project.folder)).not.toContain(".gitignore");
    const again = start(project.folder, "serve", "--data", "runs.sqlite");
    await again.says(/Runs are kept in runs\.sqlite\n/);
    expect(await runs(again)).toEqual([{ status: "SUCCEEDED" }]);
  });

  test.skipIf(!canStartServers)("in Redis, where --data says so", async () => {
    await using server = await startServer("--requirepass", "secret");
    const project = await newProject();
    const before = await readdir(project.folder);
    const data = server.url.replace("//", "//default:secret@");
    await runOnce(start(project.folder, "serve", "--data", data));
    expect(await readdir(project.folder)).toEqual(before);
    const again = start(project.folder, "serve", "--data", data);
    await again.says(new RegExp(`Runs are kept in ${server.url}\n`));
    expect(again.output).toContain("Graphs without a checkpointer of their own get none");
    expect(again.output).not.toContain("secret");
    expect(await runs(again)).toEqual([{ status: "SUCCEEDED" }]);
  });

  test.skipIf(!hasPostgres)(
    "in the Postgres database whose address --data is, for several processes at a time",
    async () => {
      const project = await newProject();
      const address = new URL(POSTGRES_URL);
      const admin = new pg.Client(POSTGRES_URL);
      await admin.connect();
      const name = `test_${randomUUID().replaceAll("-", "")}`;
      await admin.query(`CREATE DATABASE ${name}`);
      try {
        address.pathname = name;
        address.password = "hush";
        const serve = () => start(project.folder, "serve", "--data", String(address));
        const [one, other] = [serve(), serve()];
        await one.says(new RegExp(`Runs are kept in postgres://${address.host}/${name}\\n`));
        await other.url();
        await runOnce(one);
        expect(await runs(other)).toEqual([{ status: "SUCCEEDED" }]);
        expect(one.output + other.output).not.toContain("hush");
        expect(await readdir(project.folder)).not.toContain(".langgraph-graphql");
        await other[Symbol.asyncDispose]();
      } finally {
        await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
        await admin.end();
      }
    },
  );

  test("nowhere with --memory", async () => {
    const project = await newProject();
    const before = await readdir(project.folder);
    const server = start(project.folder, "serve", "--memory");
    await server.says(/Runs are kept in memory: they end with this process\.\n/);
    await runOnce(server);
    expect(server.output).toContain(
      "Stopping: runs are cancelled; once more Ctrl-C to stop at once.",
    );
    expect(await readdir(project.folder)).toEqual(before);
  });

  test("where a flag says, whatever a variable does; both said in one way are refused", async () => {
    const project = await newProject();
    const serveWith = (args: readonly string[], env: Readonly<Record<string, string>>) => {
      const command = startCommandLine(["serve", "--port", "0", ...args], project.folder, env);
      started.push(command);
      return command;
    };
    const inMemory = { LANGGRAPH_GRAPHQL_MEMORY: "true" };
    const inFile = { LANGGRAPH_GRAPHQL_DATA: "a.sqlite" };
    await serveWith(["--data", "b.sqlite"], inMemory).says(/Runs are kept in b\.sqlite\n/);
    await serveWith(["--memory"], inFile).says(/Runs are kept in memory/);
    const refused = /^error: --memory cannot be used with --data: /m;
    await serveWith([], { ...inMemory, ...inFile }).says(refused);
    await serveWith(["--memory", "--data", "b.sqlite"], {}).says(refused);
  });

  test("nowhere by run and schema", async () => {
    const project = await newProject();
    const before = await readdir(project.folder);
    for (const args of [["run", "agent"], ["schema"]]) {
      const command = startCommandLine(args, project.folder);
      expect(await once(command.process, "close")).toEqual([0, null]);
    }
    expect(await readdir(project.folder)).toEqual(before);
  });

  test("as long as --retention says", async () => {
    const project = await newProject();
    const server = start(project.folder, "serve", "--retention", "1s");
    await startRun(await server.url(), "agent", {});
    await until(async () => (await runs(server)).length === 0);
  });
});

describe(
  "a file that cannot be used is told in one line, with the way out",
  {
    timeout: TIMEOUT_MS,
  },
  () => {
    test("when another process has it, whichever command is second", async () => {
      const project = await newProject();
      await start(project.folder).url();
      for (const command of ["serve", "dev"]) {
        const { code, output } = await failure(project.folder, command);
        expect(output).toMatch(
          /^error: \S+data\.sqlite is in use: stop the other process that serves from it, or choose another file\n$/,
        );
        expect(code).toBe(1);
      }
    });

    test("when it is no database", async () => {
      const project = await newProject();
      await writeFile(join(project.folder, "notes.txt"), "No database at all. ".repeat(500));
      const { code, output } = await failure(project.folder, "serve", "--data", "notes.txt");
      expect(output).toMatch(/^error: \S+notes\.txt is damaged, or no SQLite database: .*\n$/);
      expect(code).toBe(1);
    });

    test("when nothing answers at an address, or checkpoints are to be kept beside a file", async () => {
      const project = await newProject();
      const nobody = await failure(project.folder, "serve", "--data", "redis://127.0.0.1:1");
      expect(nobody.output).toBe(
        "error: Nothing answers at 127.0.0.1:1: start Redis there, or correct the url\n",
      );
      const both = await failure(project.folder, "serve", "--checkpoints", "postgres://db/test");
      expect(both.output).toBe(
        "error: --checkpoints goes with --data redis://…: all others keep checkpoints themselves\n",
      );
    });

    test("when it is the address of something else", async () => {
      const project = await newProject();
      const { code, output } = await failure(project.folder, "serve", "--data", "mysql://db/app");
      expect(output).toBe(
        "error: Runs cannot be kept in mysql://…: give a file, postgres://… or redis://… as --data\n",
      );
      expect(code).toBe(1);
      expect(await readdir(project.folder)).not.toContain("mysql:");
    });

    test("when its folder cannot be", async () => {
      const project = await newProject();
      const { code, output } = await failure(
        project.folder,
        "serve",
        "--data",
        "agent.ts/runs.sqlite",
      );
      expect(output).toMatch(
        /^error: \S+agent\.ts cannot be created \(EEXIST\): pass the file to keep runs in with --data, or --memory to keep nothing\n$/,
      );
      expect(code).toBe(1);
    });
  },
);

test("a port that is in use costs unfinished runs nothing", { timeout: TIMEOUT_MS }, async () => {
  const project = await newProject();
  const server = start(project.folder);
  const url = await server.url();
  const wait = join(project.folder, "go-on");
  const runId = await startRun(url, "agent", { wait });
  server.process.kill("SIGKILL");
  await once(server.process, "close");
  const other = start(project.folder, "serve", "--memory");
  const { port } = new URL(await other.url());
  const refused = startCommandLine(["serve", "--port", port, "--drain", "0"], project.folder);
  expect(await once(refused.process, "close")).toEqual([1, null]);
  expect(refused.output).toMatch(/^error: Port \d+ is in use/m);
  const again = start(project.folder);
  await writeFile(wait, "");
  const query = `{ run(id: "${runId}") { status } }`;
  await until(async () => {
    const { data } = await post(await again.url(), { query });
    return data?.["run"]?.["status"] === "SUCCEEDED";
  });
});

describe("dev", { timeout: TIMEOUT_MS }, () => {
  test("goes on with a run after a change, with the node as it is by then", async () => {
    const project = await newProject();
    const dev = start(project.folder, "dev");
    const url = await dev.url();
    const wait = join(project.folder, "go-on");
    const runId = await startRun(url, "agent", { wait });
    const said = async (): Promise<readonly unknown[]> => {
      const query = `{ run(id: "${runId}") { events { nodes { ... on CompleteEvent { message } } } } }`;
      const { data } = await post(url, { query });
      const { nodes } = data?.["run"]?.["events"] as { nodes: readonly { message?: string }[] };
      return nodes.flatMap(({ message }) => (message === undefined ? [] : [message]));
    };
    await until(async () => (await said()).includes("second a"));
    const from = dev.output.length;
    await project.write({ "agent.ts": agent("b") });
    await dev.says(/1 that had not ended goes on\n/, from);
    await writeFile(wait, "");
    await until(async () => (await said()).includes("third b"));
    // What had come to its end is not done again.
    expect(await said()).toEqual(["first a", "second a", "second b", "third b"]);
  });

  test("has let go of the file when Ctrl-C has ended it", async () => {
    const project = await newProject();
    const dev = start(project.folder, "dev", "--drain", "0");
    await startRun(await dev.url(), "agent", { wait: join(project.folder, "never") });
    dev.process.kill("SIGINT");
    expect(await once(dev.process, "close")).toEqual([0, null]);
    expect(dev.output).toContain("Stopping: runs that have not ended go on at the next start;");
    await start(project.folder).says(/1 that had not ended goes on\n/);
  });

  test("stops at once when Ctrl-C is pressed once more, and has let go of the file then, too", async () => {
    const project = await newProject();
    const dev = start(project.folder, "dev", "--drain", "1h");
    await startRun(await dev.url(), "agent", { wait: join(project.folder, "never") });
    dev.process.kill("SIGINT");
    await dev.says(/Stopping: /);
    dev.process.kill("SIGINT");
    // What it has started keeps its output open: that has ended as well.
    expect(await once(dev.process, "close")).toEqual([null, "SIGINT"]);
    await start(project.folder).says(/1 that had not ended goes on\n/);
  });
});
