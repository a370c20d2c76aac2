import { execFile } from "node:child_process";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { canStartServers, startServer } from "../backends/redis/own-server.ts";
import { isPostgresReachable, POSTGRES_URL } from "../backends/temporary-postgres.ts";
import { createBareProject, createProject, type Files, type Project } from "./project.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const AGENT = (state: string) => `
import { START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";
export const graph = new StateGraph(z.object({ n: ${state} }))
  .addNode("work", () => ({})).addEdge(START, "work").compile();
`;

interface Examined {
  readonly code: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

let project: Project | undefined;
afterEach(() => project?.[Symbol.asyncDispose]());

const GRAPHS = { graphs: { agent: "./agent.ts:graph" } };

async function examine(
  files: Files,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Examined> {
  project = await createProject({
    "langgraph.json": GRAPHS,
    "agent.ts": AGENT("z.number()"),
    ...files,
  });
  return doctor(project.folder, args, env);
}

function doctor(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<Examined>((resolve) => {
    const options = { cwd, env: { ...process.env, ...env } };
    execFile(process.execPath, [MAIN, "doctor", ...args], options, (error, stdout, stderr) => {
      const lines = stdout.trimEnd().split("\n");
      resolve({ code: Number(error?.code ?? 0), lines, stderr });
    });
  });
}

test("a project that can be served gets a mark a line, and exit code 0", async () => {
  const { code, lines } = await examine({}, ["--port", "0"]);
  expect(lines.filter((line) => !line.startsWith("✔"))).toEqual([]);
  expect(lines.map((line) => line.split(":")[0]?.slice(2))).toEqual([
    "Node",
    "packages",
    "configuration",
    "workflows",
    "types",
    "access",
    "data",
    "port",
  ]);
  expect(code).toBe(0);
});

test("every problem is told at once, each with what to do, and exit code 1", async () => {
  const other = createServer().listen(0, "0.0.0.0");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const { code, lines } = await examine(
    {
      "langgraph.json": { graphs: { ...GRAPHS.graphs, broken: "./gone.ts:graph" } },
      "langgraph-graphql.config.json": { prot: 1 },
    },
    ["--host", "0.0.0.0", "--port", `${port}`],
  );
  other.close();
  const problems = lines.filter((line) => line.startsWith("✘"));
  expect(problems).toEqual([
    expect.stringMatching(/^✘ workflow broken: .*gone\.ts does not exist/),
    expect.stringMatching(/^✘ configuration: .*there is no option "prot": did you mean port\?/),
    expect.stringMatching(/^✘ access: .*--allow-unauthenticated/),
    expect.stringMatching(/^✘ port: .*EADDRINUSE.*choose another/),
  ]);
  expect(code).toBe(1);
});

test("what is worth a look is no problem: untyped data, memory, an open door", async () => {
  const { code, lines } = await examine({ "agent.ts": AGENT("z.any()") }, [
    "--memory",
    "--port",
    "0",
    "--host",
    "0.0.0.0",
    "--allow-unauthenticated",
  ]);
  const looks = lines.filter((line) => line.startsWith("!")).map((line) => line.split(":")[0]);
  expect(looks).toEqual(["! types", "! access", "! production", "! data"]);
  expect(lines.join("\n")).toContain("AgentState.n");
  expect(code).toBe(0);
});

test("--json gives an object a line", async () => {
  const { lines } = await examine({}, ["--json", "--memory", "--graphiql"], {
    NODE_ENV: "production",
    LANGGRAPH_GRAPHQL_PORT: "0",
  });
  const findings = lines.map((line) => JSON.parse(line) as { verdict: string; subject: string });
  expect(findings).toContainEqual({
    verdict: "warning",
    subject: "graphiql",
    message: "it knows no schema without introspection: turn both on, or none",
  });
});

test("a project without LangGraph is told to install it", async () => {
  project = await createBareProject({ "langgraph.json": GRAPHS, "agent.ts": "export {}" });
  const { code, lines } = await doctor(project.folder, []);
  expect(lines.at(-1)).toMatch(/^✘ packages: .*npm install @langchain\/langgraph/);
  expect(code).toBe(1);
});

/** What it says of the data at an address, or two. */
async function examineData(...args: readonly string[]) {
  const { code, lines, stderr } = await examine({}, ["--port", "0", "--data", ...args]);
  return { code, stderr, data: lines.filter((line) => line.slice(2).startsWith("data: ")) };
}

const hasPostgres = await isPostgresReachable();

describe.skipIf(!hasPostgres)("data in Postgres", () => {
  test("are opened, and it is told what is there, without the password", async () => {
    const admin = new pg.Client(POSTGRES_URL);
    await admin.connect();
    const name = `test_${randomUUID().replaceAll("-", "")}`;
    await admin.query(`CREATE DATABASE ${name}`);
    try {
      const address = new URL(POSTGRES_URL);
      address.pathname = name;
      address.password = "hush";
      const { code, stderr, data } = await examineData(String(address));
      const place = `postgres://${address.host}/${name}`;
      expect(data).toEqual([expect.stringMatching(/^✔ data: .*, \d+ MiB, 0 unfinished runs$/)]);
      expect(data[0]).toContain(place);
      expect(data[0]).not.toContain("hush");
      expect(stderr).toBe("");
      expect(code).toBe(0);
    } finally {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    }
  });

  test("that are not there are a problem, and what to do about it", async () => {
    const address = new URL(POSTGRES_URL);
    address.pathname = "nowhere";
    const { code, data } = await examineData(String(address));
    const message = `Database nowhere at ${address.host} does not exist: CREATE DATABASE it, or name another one`;
    expect(data).toEqual([`✘ data: ${message}`]);
    expect(code).toBe(1);
  });
});

test.each([
  ["postgres://user@127.0.0.1:1/app", [], "refuses connections: start Postgres"],
  ["postgres://user:se:cr#et@:bad/app", [], "--data must be an address such as postgres://"],
  ["redis://127.0.0.1:1", [], "Nothing answers at 127.0.0.1:1: start Redis there"],
  [
    "redis://127.0.0.1:1",
    ["--checkpoints", "db.sqlite"],
    "--checkpoints must be an address such as postgres://",
  ],
])("%s %j is a problem of the data, and what to do about it", async (url, more, message) => {
  const { code, data } = await examineData(url, ...more);
  expect(data).toEqual([expect.stringMatching(/^✘ data: /)]);
  expect(data[0]).toContain(message);
  expect(data[0]).not.toContain("et@");
  expect(code).toBe(1);
});

test.skipIf(!canStartServers)(
  "data in Redis are opened; what would be lost is worth a look, and told once",
  async () => {
    await using server = await startServer("--requirepass", "secret");
    const address = server.url.replace("//", "//default:secret@");
    const { code, stderr, data } = await examineData(address);
    expect(data).toEqual([
      `✔ data: ${server.url}, 0 MiB, 0 unfinished runs`,
      expect.stringMatching(/^! data: .*appendonly/),
      expect.stringMatching(/^! data: Graphs without a checkpointer of their own get none/),
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    await project?.[Symbol.asyncDispose]();
    const refused = await examineData(server.url);
    expect(refused.data).toEqual([expect.stringMatching(/^✘ data: Redis at .* password/)]);
    expect(refused.code).toBe(1);
  },
);
