/**
 * Runs the examples against a real server: each is installed, and checks itself.
 *
 *     npm run examples                 all of them
 *     npm run examples -- node-resume  some
 *
 * An example is a folder whose `package.json` has a script `check`, which finds the API at the
 * environment's `API_URL` and tells in its last line what it saw. It exits with 0; with 77 where this
 * machine lacks what it needs, a browser say; with anything else if the example does not work.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EXAMPLES = fileURLToPath(new URL(".", import.meta.url));

const SERVE =
  "dist/cli/main.js serve --config src/demo/langgraph.json --port 0 --memory --no-graphiql --log-level warn";

// Without scripts: an example links this package, which would be built again for each of them.
const INSTALL = "install --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel error";

/** So long may an installation take, and so long a check. */
const STEP_TIMEOUT_MS = 300_000;

/** So long may a program take to end when it is told to. */
const END_GRACE_MS = 5_000;

/** What a check exits with that cannot be run here; Automake's tests have it from of old. */
const SKIPPED = 77;

type Result = "passed" | "failed" | "skipped" | "stopped";

const MARKS: Readonly<Record<Result, string>> = {
  passed: "✔",
  failed: "✘",
  skipped: "–",
  stopped: "■",
};

interface Row {
  readonly example: string;
  readonly result: Result;
  readonly seconds: number;
  /** All that its processes wrote. */
  readonly output: string;
}

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());

const examples = await choose(process.argv.slice(2));
const server = start("node", SERVE.split(" "), ROOT);
const width = Math.max(...examples.map((example) => example.length));
const rows: Row[] = [];
try {
  const apiUrl = await addressOf(server);
  console.log(`${examples.length} examples, against ${apiUrl}\n`);
  for (const example of examples) {
    if (stop.signal.aborted) break;
    const row = await check(example, apiUrl);
    rows.push(row);
    tell(row);
  }
} finally {
  await end(server);
}

for (const { example, output } of withResult("failed")) console.log(`\n${example}:\n${output}`);
const [passed, failed, skipped] = (["passed", "failed", "skipped"] as const).map(
  (result) => withResult(result).length,
);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = stop.signal.aborted ? 130 : failed === 0 ? 0 : 1;

/** The folders that are named, or all. */
async function choose(named: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(EXAMPLES, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== "node_modules");
  const all = folders.map(({ name }) => name).sort();
  const unknown = named.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no example ${unknown.join(", ")}: choose of ${all.join(", ")}`);
    process.exit(2);
  }
  return named.length > 0 ? named : all;
}

async function check(example: string, apiUrl: string): Promise<Row> {
  const cwd = `${EXAMPLES}${example}`;
  const startedAt = performance.now();
  const row = (result: Result, output: string): Row => ({
    example,
    result: stop.signal.aborted ? "stopped" : result,
    seconds: (performance.now() - startedAt) / 1000,
    output,
  });
  // A folder without a package has nothing to install.
  const { dependencies, devDependencies } = JSON.parse(
    await readFile(`${cwd}/package.json`, "utf8"),
  ) as { readonly dependencies?: object; readonly devDependencies?: object };
  if (dependencies ?? devDependencies) {
    say(example, "installing");
    const installed = await run("npm", INSTALL.split(" "), cwd);
    if (installed.code !== 0) return row("failed", installed.output);
  }
  say(example, "checking");
  const checked = await run("npm", ["run", "--silent", "check"], cwd, { API_URL: apiUrl });
  if (checked.code === SKIPPED) return row("skipped", checked.output);
  return row(checked.code === 0 ? "passed" : "failed", checked.output);
}

/** Runs a program to its end; an exit code of `null` is that of one that was stopped. */
async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = start(command, args, cwd, env);
  let output = "";
  const take = (text: string): void => void (output += text);
  child.stdout?.setEncoding("utf8").on("data", take);
  child.stderr?.setEncoding("utf8").on("data", take);
  const stopped = AbortSignal.any([stop.signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]);
  stopped.addEventListener("abort", () => void end(child));
  const [code] = (await once(child, "close")) as [number | null];
  if (code === null && !stop.signal.aborted) output += `\nStopped after ${STEP_TIMEOUT_MS} ms`;
  return { code, output: output.trim() };
}

/** A group of its own: npm does not pass every signal on, and Ctrl-C is ours to handle. */
function start(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
}

/** Asks a program and all that it has started to end; those that have not by then are ended. */
async function end(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "close");
  process.kill(-pid, "SIGTERM");
  const kill = setTimeout(() => process.kill(-pid, "SIGKILL"), END_GRACE_MS);
  await ended;
  clearTimeout(kill);
}

async function addressOf(child: ChildProcess): Promise<string> {
  child.stderr?.pipe(process.stderr);
  if (!child.stdout) throw new Error("The server has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /HTTP, SSE +(\S+)/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return url;
    }
  }
  throw new Error("The server has ended without saying where it serves");
}

/** What goes on, on a line that its result replaces. */
function say(example: string, what: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001B[K  ${example.padEnd(width)}  ${what} …`);
}

function tell({ example, result, seconds, output }: Row): void {
  const time = `${seconds.toFixed(1)} s`.padStart(7);
  const last = output.split("\n").at(-1)?.replace(/^✔ */, "") ?? "";
  const saw = result === "failed" ? "failed: see below" : result === "stopped" ? "stopped" : last;
  if (process.stdout.isTTY) process.stdout.write("\r\u001B[K");
  console.log(`${MARKS[result]} ${example.padEnd(width)}  ${time}  ${saw}`);
}

function withResult(result: Result): readonly Row[] {
  return rows.filter((row) => row.result === result);
}
