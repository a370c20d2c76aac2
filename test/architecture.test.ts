import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));

/** Files that stand beside the folders and know none of them: anybody may import them. */
const LEAVES = [
  "json",
  "errors",
  "across-copies",
  "limits",
  "nearest",
  "logger",
  "telemetry",
  "tracing",
  "production",
  "within",
  "while-unavailable",
];

/** Who may import whom; data flows from left to right in the diagram of src/README.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  access: [],
  auth: ["access"],
  workflows: [],
  events: [],
  runs: ["access", "workflows", "events", "backend"],
  backend: ["events", "runs"],
  api: ["access", "workflows", "events", "runs"],
  projection: ["access", "api", "events"],
  transports: ["access", "api", "events", "projection"],
  backends: ["backend", "events", "runs"],
  metrics: [],
  readiness: [],
  "service-options": ["access", "workflows", "runs", "api", "transports", "backend"],
  service: [
    "service-options",
    "access",
    "workflows",
    "runs",
    "api",
    "transports",
    "backend",
    "backends",
    "metrics",
    "readiness",
  ],
  server: ["service", "transports"],
  config: ["workflows"],
  "define-config": ["service-options", "server"],
  cli: [
    "define-config",
    "workflows",
    "api",
    "config",
    "backend",
    "backends",
    "service-options",
    "service",
    "server",
  ],
  testing: ["backend", "events", "runs"],
  client: [],
};

/** Of the engine, backends and contract suites know the ports only. */
const PORTS = ["runs/run.ts", "runs/run-store.ts", "runs/thread.ts", "runs/thread-locks.ts"];

test("a folder imports only the folders that it may know", async () => {
  const wrong = (await imports()).filter(({ from, to }) => {
    const [source, target] = [partOf(from), partOf(to)];
    return source !== target && !LEAVES.includes(target) && !MAY_IMPORT[source]?.includes(target);
  });
  expect(wrong).toEqual([]);
});

test("backends and contract suites know the ports, and nothing else of the engine", async () => {
  const wrong = (await imports()).filter(
    ({ from, to }) =>
      ["backends", "testing"].includes(partOf(from)) &&
      partOf(to) === "runs" &&
      !PORTS.includes(to),
  );
  expect(wrong).toEqual([]);
});

test("LangGraph's internal stream key stands in one file", async () => {
  const files = await sourceFiles();
  const users = await Promise.all(
    files.map(async (file) =>
      (await readFile(join(SRC, file), "utf8")).includes("__pregel_stream"),
    ),
  );
  expect(files.filter((_file, i) => users[i])).toEqual(["runs/ingest/sink.ts"]);
});

interface Import {
  readonly from: string;
  readonly to: string;
}

async function imports(): Promise<readonly Import[]> {
  const found: Import[] = [];
  for (const from of await sourceFiles()) {
    const text = await readFile(join(SRC, from), "utf8");
    for (const [, path] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      found.push({ from, to: relative(SRC, resolve(SRC, dirname(from), path ?? "")) });
    }
  }
  return found;
}

/** The server's own sources: the demo and the GraphiQL page are programs beside it. */
async function sourceFiles(): Promise<readonly string[]> {
  const all = await readdir(SRC, { recursive: true });
  return all.filter((file) => file.endsWith(".ts") && !/^(demo|graphiql|index\.ts)/.test(file));
}

/** The folder, or the file beside the folders, that a path is in. */
function partOf(path: string): string {
  return path.split("/")[0]?.replace(/\.ts$/, "") ?? path;
}
