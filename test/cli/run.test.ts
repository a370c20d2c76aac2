import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { interrupt, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createGates, type Gates } from "../support/gate.ts";
import { post } from "../support/http.ts";
import { startRestartableServer } from "../support/restartable-server.ts";
import { startService, type RunningService } from "../support/service.ts";
import { range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { command, commandInTerminal, type RunningCommand } from "./run/command.ts";
import { startProxy } from "./run/tcp-proxy.ts";

const FOLDER = fileURLToPath(new URL("fixtures/run/", import.meta.url));

/** Runs a workflow of the fixtures. */
const run = (...args: readonly string[]): RunningCommand => command(["run", ...args], HERE);
const HERE = { cwd: FOLDER };

const jsonLines = (text: string): readonly Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const seqs = (text: string): readonly unknown[] => jsonLines(text).map(({ seq }) => seq);

/** Another program is started, perhaps beside many others. */
const TIMEOUT_MS = 60_000;

describe("run, piped", { timeout: TIMEOUT_MS }, () => {
  test("prints the result on stdout and a line for each event on stderr", async () => {
    const { code, stdout, stderr } = await run("count", "--input", '{"to":2}').ended;
    expect(JSON.parse(stdout)).toEqual({ to: 2, done: true });
    const lines = stderr.split("\n").map((line) => line.replace(/^ +\d+\.\d s {2}/, ""));
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^run {15}queued {7}[\w-]{36}$/),
        "run               running",
        expect.stringMatching(/^left {14}progress {5}1\/2 {2}50% {2}Counting$/),
        'left              custom       {"anything":"goes"}',
        'right             event        note {"text":"counted"}',
        "right             complete     All counted",
        expect.stringMatching(/^left {14}finished {5}in \d+ ms$/),
        "end               changed      done",
        "run               succeeded",
      ]),
    );
    expect(stderr).toMatch(/\ncount succeeded in \S+ \w+\n$/);
    expect(stderr).not.toContain("\u001b");
    expect(code).toBe(0);
  });

  test("--json prints a line of JSON for each event on stdout, whatever graphs print there", async () => {
    const { code, stdout, stderr } = await run("count", "--input", '{"to":2}', "--json").ended;
    const events = jsonLines(stdout);
    expect(seqs(stdout)).toEqual(range(1, events.length));
    expect(events.find(({ __typename }) => __typename === "ProgressEvent")).toEqual({
      __typename: "ProgressEvent",
      runId: events[0]?.["runId"],
      seq: expect.any(Number),
      cursor: expect.any(String),
      createdAt: expect.any(String),
      node: "left",
      taskId: expect.any(String),
      step: 1,
      namespace: [],
      attempt: 1,
      nodeAttempt: 1,
      type: "progress",
      payload: expect.objectContaining({ type: "progress", current: 1 }),
      current: 1,
      total: 2,
      status: expect.any(String),
      fraction: 0.5,
    });
    expect(events.at(-1)).toMatchObject({ runStatus: "SUCCEEDED", output: { to: 2, done: true } });
    expect(stderr).toContain("printed by a node");
    expect(code).toBe(0);
  });

  test("a reader of stdout that has seen enough ends it without a word", async () => {
    const running = run("count", "--input", '{"to":500}', "--json");
    running.process.stdout?.once("data", () => running.process.stdout?.destroy());
    const { code, stderr } = await running.ended;
    expect(stderr).not.toContain("EPIPE");
    expect(code).toBe(141);
  });
});

describe("the input", { timeout: TIMEOUT_MS }, () => {
  test("comes from a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "run-"));
    await writeFile(join(folder, "input.json"), '{"to":1}');
    const { stdout } = await run("count", "--input", `@${join(folder, "input.json")}`).ended;
    await rm(folder, { recursive: true });
    expect(JSON.parse(stdout)).toMatchObject({ to: 1 });
  });

  test("comes from stdin", async () => {
    const args = ["run", "count", "--input", "-"];
    const { stdout } = await command(args, { ...HERE, stdin: '{"to":1}' }).ended;
    expect(JSON.parse(stdout)).toMatchObject({ to: 1 });
  });

  test("that the workflow refuses is told with its paths", async () => {
    const { code, stdout, stderr } = await run("count", "--input", '{"to":"two","from":1}').ended;
    expect(stderr).toMatch(
      /^error: The input is not valid\n {2}count\.to: .*"two"\n {2}count\.from: .*\n$/m,
    );
    expect(stderr).not.toContain("Variable");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("has messages as a role and a text", async () => {
    const messages = [{ role: "HUMAN", text: "Hi" }];
    const { stdout } = await run("chat", "--input", JSON.stringify({ messages })).ended;
    expect(stdout).toContain("You said Hi");
  });

  test.each([
    ["that is not JSON", ["count", "--input", "{"], "--input is not JSON: "],
    ["of a file that is not there", ["count", "--input", "@no.json"], "no.json cannot be read: "],
    ["without a workflow", [], "Pass the workflow to run, or a run to --follow"],
    [
      "of a workflow that is not there",
      ["sing"],
      'There is no workflow "sing": choose one of count, fail, ask, wait, write, flood, greet, chat',
    ],
    ["for a run that is only followed", ["--follow", "1"], "--follow is for a run on a server: "],
    ["with two JSONs on stdin", ["greet", "--input", "-", "--context", "-"], "stdin has one JSON"],
    ["with an option that is none", ["count", "--loud"], "unknown option '--loud'"],
    ["for an address that is none", ["count", "--url", "here"], "--url here is not an address "],
    ["without the configuration", ["count", "-c", "no.json"], "no.json cannot be read: "],
  ])("%s starts nothing: exit code 2", async (_name, args, message) => {
    const { code, stdout, stderr } = await run(...args).ended;
    expect(stderr).toContain("error: ");
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("the context", { timeout: TIMEOUT_MS }, () => {
  test("is given with --context, as JSON or in a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "run-"));
    const file = join(folder, "context.json");
    await writeFile(file, '{"name":"Bo"}');
    const [given, read] = await Promise.all([
      run("greet", "--context", '{"name":"Ada"}').ended,
      run("greet", "--context", `@${file}`).ended,
    ]);
    await rm(folder, { recursive: true });
    expect(JSON.parse(given.stdout)).toEqual({ greeting: "Hello Ada" });
    expect(JSON.parse(read.stdout)).toEqual({ greeting: "Hello Bo" });
  });

  test("that the workflow refuses is told with its paths", async () => {
    const { code, stderr } = await run("greet", "--context", '{"name":1}').ended;
    expect(stderr).toMatch(
      /^error: The context is not valid; it is given with --context\n {2}greet\.name: .*\n$/m,
    );
    expect(code).toBe(2);
  });

  test("is refused for a workflow that takes none", async () => {
    const { code, stderr } = await run("ask", "--context", "{}").ended;
    expect(stderr).toContain("the workflow takes none: leave out --context");
    expect(code).toBe(2);
  });
});

describe("the exit code", { timeout: TIMEOUT_MS }, () => {
  test("is 1 for a run that fails, which prints no result", async () => {
    const { code, stdout, stderr } = await run("fail").ended;
    expect(stderr).toMatch(/^fail failed after \d+ ms: no more ink$/m);
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });

  test("is 3 for a run that waits for an answer; the question is printed", async () => {
    const { code, stdout, stderr } = await run("ask").ended;
    expect(stderr).toMatch(/interrupted {2}\w+ \{"question":"Shall we\?"\}/);
    expect(stderr).toMatch(/^ask waits for an answer after/m);
    expect(stdout).toBe("");
    expect(code).toBe(3);
  });

  test("is 130 when Ctrl-C cancels the run", async () => {
    const running = run("wait");
    await until(() => running.stderr.includes("Waiting"));
    running.process.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(stderr).toContain("Cancelling the run");
    expect(stderr).toMatch(/^wait was cancelled after/m);
    expect(code).toBe(130);
  });
});

describe("run --url", { timeout: TIMEOUT_MS }, () => {
  let gates: Gates;
  let service: RunningService;
  beforeEach(async () => {
    gates = createGates();
    service = await startService({ workflows: { steps: steppedGraph(gates), ask } });
  });
  afterEach(() => service[Symbol.asyncDispose]());

  const runIdOf = async (running: RunningCommand): Promise<string> => {
    await until(() => running.stdout.includes("\n"));
    return String(jsonLines(running.stdout.slice(0, running.stdout.indexOf("\n")))[0]?.["runId"]);
  };

  test("runs a workflow of the server", async () => {
    const running = run("steps", "--url", service.url, "--input", '{"count":2}', "--json");
    gates.of(await runIdOf(running)).open(2);
    const { code, stdout } = await running.ended;
    expect(jsonLines(stdout).at(-1)).toMatchObject({ runStatus: "SUCCEEDED" });
    expect(code).toBe(0);
  });

  test("connects again when the connection is lost, and shows each event exactly once", async () => {
    await using proxy = await startProxy(service.url);
    const running = run("steps", "--url", proxy.url, "--input", '{"count":6}', "--json");
    const gate = gates.of(await runIdOf(running));
    for (const current of [1, 2, 3]) {
      gate.open();
      await until(() => running.stdout.includes(`"current":${current},`));
      const before = proxy.connections;
      proxy.cut();
      gate.open();
      await until(() => proxy.connections > before);
    }
    gate.open(Infinity);
    const { code, stdout, stderr } = await running.ended;
    expect(seqs(stdout)).toEqual(range(1, 12));
    expect(stderr).toContain("reconnecting");
    expect(stderr).toContain("Connected again");
    expect(code).toBe(0);
  });

  test("prints how to answer when a run waits for that, and how to follow on, which goes on just there", async () => {
    const waiting = await run("ask", "--url", service.url).ended;
    expect(waiting.code).toBe(3);
    const [, id = ""] = /interrupted {2}(\S+) /.exec(waiting.stderr) ?? [];
    const [, mutation = ""] = /^Answer it with:\n {2}(mutation .+)$/m.exec(waiting.stderr) ?? [];
    expect(mutation).toMatch(
      new RegExp(
        `^mutation { resumeRun\\(runId: "[\\w-]+", answers: \\[{ interruptId: "${id}", value: … }\\]\\) { run { status } } }$`,
      ),
    );
    const [, args = ""] = /^ {2}langgraph-graphql run (.+)$/m.exec(waiting.stderr) ?? [];
    const [, runId = ""] = /--follow (\S+)/.exec(args) ?? [];
    const following = run(...args.split(" "), "--json");
    const answered = await post(service.url, { query: mutation.replace("…", '"Yes"') });
    expect(answered.errors).toBeUndefined();
    const { code, stdout } = await following.ended;
    expect(jsonLines(stdout).at(-1)).toMatchObject({ runId, runStatus: "SUCCEEDED" });
    expect(seqs(stdout)[0]).toBe(Number(/--after (\d+)/.exec(args)?.[1]) + 1);
    expect(code).toBe(0);
  });

  test("--follow shows a run that exists from its beginning, and ends as it ended", async () => {
    const runId = await startRun(service.url, "steps", { count: 1 });
    const following = run("--url", service.url, "--follow", runId);
    gates.of(runId).open();
    const { code, stdout, stderr } = await following.ended;
    expect(stderr).toMatch(/run {15}queued/);
    expect(JSON.parse(stdout)).toMatchObject({ done: true });
    expect(code).toBe(0);
  });

  test("--follow of what has been seen to its end tells how it ended", async () => {
    const runId = await startRun(service.url, "steps", { count: 0 });
    const first = await run("--url", service.url, "--follow", runId, "--json").ended;
    const cursor = String(jsonLines(first.stdout).at(-1)?.["cursor"]);
    const args = ["--url", service.url, "--follow", runId, "--after", cursor];
    const { code, stdout } = await run(...args).ended;
    expect(JSON.parse(stdout)).toMatchObject({ done: true });
    expect(code).toBe(0);
  });

  test("Ctrl-C leaves a run alone that is only followed", async () => {
    const runId = await startRun(service.url, "steps", { count: 1 });
    const following = run("--url", service.url, "--follow", runId);
    await until(() => following.stderr.includes("started"));
    following.process.kill("SIGINT");
    const { code, stderr } = await following.ended;
    expect(stderr).toContain(`--follow ${runId} --after `);
    expect(code).toBe(130);
    const { data } = await post(service.url, { query: `{ run(id: "${runId}") { status } }` });
    expect(data).toEqual({ run: { status: "RUNNING" } });
  });

  test("Ctrl-C cancels a run that it has started", async () => {
    const running = run("steps", "--url", service.url, "--input", '{"count":1}', "--json");
    const runId = await runIdOf(running);
    running.process.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    const { data } = await post(service.url, { query: `{ run(id: "${runId}") { status } }` });
    expect(data).toEqual({ run: { status: "CANCELLED" } });
  });

  test("a second Ctrl-C leaves at once, whether or not the server has heard of the first", async () => {
    await using proxy = await startProxy(service.url);
    const args = ["steps", "--url", proxy.url, "--input", '{"count":1}', "--json"];
    const running = run(...args);
    await runIdOf(running);
    proxy.freeze();
    running.process.kill("SIGINT");
    await until(() => running.stderr.includes("once more Ctrl-C to leave at once"));
    running.process.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(stderr).not.toContain("may not have ended yet");
    expect(code).toBe(130);
  });

  test("Ctrl-C leaves at once when the server is gone, and says that the run may go on", async () => {
    await using proxy = await startProxy(service.url);
    const args = ["steps", "--url", proxy.url, "--input", '{"count":1}', "--json"];
    const running = run(...args);
    const runId = await runIdOf(running);
    proxy.close();
    proxy.cut();
    await until(() => running.stderr.includes("reconnecting for up to a minute"));
    running.process.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(stderr).toContain("steps was not cancelled, and may go on at the server\n");
    expect(stderr).not.toContain("Cancelling");
    expect(stderr).toContain(`--follow ${runId}`);
    expect(code).toBe(130);
  });

  test("follows on by itself when the server restarts with its runs", async () => {
    const folder = await mkdtemp(join(tmpdir(), "run-"));
    await using server = await startRestartableServer({
      folder: fileURLToPath(new URL("../faults/fixtures/", import.meta.url)),
      data: join(folder, "data.sqlite"),
    });
    const args = ["rounds", "--url", server.url, "--input", '{"rounds":5}', "--json"];
    const running = run(...args);
    await until(() => running.stdout.includes("CustomEvent"));
    await server.stop("SIGKILL");
    server.start();
    const { code, stdout, stderr } = await running.ended;
    const events = jsonLines(stdout);
    expect(seqs(stdout)).toEqual(range(1, events.length));
    expect(events.at(-1)).toMatchObject({
      attempt: 2,
      runStatus: "SUCCEEDED",
      output: { round: 5, worked: 20, reviewed: 5 },
    });
    expect(stderr).toContain("reconnecting for up to a minute");
    expect(code).toBe(0);
    await rm(folder, { recursive: true });
  });

  test("a run that is gone when the server is there again is told as such", async () => {
    await using restarted = await startService({ workflows: { steps: steppedGraph(gates), ask } });
    await using proxy = await startProxy(service.url);
    const running = run("steps", "--url", proxy.url, "--input", '{"count":1}', "--json");
    await runIdOf(running);
    proxy.redirect(restarted.url);
    proxy.cut();
    const { code, stderr } = await running.ended;
    expect(stderr).toContain("does not know the run any more: it may keep its runs in memory only");
    expect(code).toBe(1);
  });

  test("--thread goes on with a thread", async () => {
    const args = ["steps", "--url", service.url, "--input", '{"count":0}', "--thread", "mine"];
    const runId = await runIdOf(run(...args, "--json"));
    const { data } = await post(service.url, { query: `{ run(id: "${runId}") { threadId } }` });
    expect(data).toEqual({ run: { threadId: "mine" } });
  });

  test("--context is refused by a server whose workflows take none", async () => {
    const { code, stderr } = await run("steps", "--url", service.url, "--context", "{}").ended;
    expect(stderr).toContain("the workflow takes none: leave out --context");
    expect(code).toBe(2);
  });

  test("a server whose names have a prefix is reached with --prefix", async () => {
    await using agents = await startService({
      workflows: { steps: steppedGraph(gates) },
      schema: { prefix: "Agents" },
    });
    const args = ["steps", "--url", agents.url, "--input", '{"count":0}'];
    expect((await run(...args, "--prefix", "Agents").ended).code).toBe(0);
    const { code, stderr } = await run(...args).ended;
    expect(stderr).toContain("does not answer as langgraph-graphql does");
    expect(code).toBe(2);
  });

  test("a run that is not there is told as such", async () => {
    const { code, stderr } = await run("--url", service.url, "--follow", "nobody").ended;
    expect(stderr).toBe('error: Run "nobody" does not exist\n');
    expect(code).toBe(2);
  });

  test("a server that is not there is told as such", async () => {
    await using proxy = await startProxy(service.url);
    proxy.close();
    const { code, stderr } = await run("steps", "--url", proxy.url).ended;
    expect(stderr).toBe(
      `error: ${proxy.url} cannot be reached (ECONNREFUSED): start the server, or mend --url\n`,
    );
    expect(code).toBe(1);
  });

  test("a server that wants to know who asks is told as such, and lets in with --header", async () => {
    await using closed = await startService({
      workflows: { steps: steppedGraph(gates) },
      authenticate: ({ token }) => (token === "me" ? { viewer: { id: "me" } } : null),
    });
    const args = ["steps", "--url", closed.url, "--input", '{"count":0}'];
    const { code, stderr } = await run(...args).ended;
    expect(stderr).toContain('does not know who asks (Unauthenticated): pass --header "Authori');
    expect(code).toBe(1);
    expect((await run(...args, "--header", "Authorization: Bearer me").ended).code).toBe(0);
  });

  test("a server of something else is told as such, and gets the headers", async () => {
    const requests: (string | undefined)[] = [];
    const other = createServer().on("upgrade", ({ headers }, socket) => {
      requests.push(headers.authorization);
      socket.end(`HTTP/1.1 ${requests.length === 1 ? 401 : 404} No\r\n\r\n`);
    });
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/graphql`;
    const args = ["steps", "--url", url, "--header", "Authorization: Bearer me"];
    const refused = await run(...args).ended;
    const missing = await run(...args).ended;
    other.close();
    expect(refused.stderr).toContain("refuses the connection (401): pass what it asks for");
    expect(missing.stderr).toContain("is not a langgraph-graphql server (it answers 404)");
    expect(requests).toEqual(["Bearer me", "Bearer me"]);
  });
});

const hasScript = spawnSync("script", ["--version"]).status === 0;
if (!hasScript) console.warn("run in a terminal is not tested: script (util-linux) is missing");

describe.skipIf(!hasScript)("run in a terminal", { timeout: TIMEOUT_MS }, () => {
  const TERMINAL = { ...HERE, columns: 70, rows: 30 };
  const SHOW_CURSOR = "\u001b[?25h";
  const CTRL_C = "\u0003";

  const rowsOf = (printed: string): readonly string[] =>
    stripVTControlCharacters(printed)
      .split("\n")
      .map((line) => line.trim());

  /** The rows that stay, and what is printed below them. */
  const lastRows = (printed: string): readonly string[] =>
    rowsOf(printed.slice(printed.lastIndexOf(SHOW_CURSOR)));

  test("draws a bar for each task, and they are full at the end", async () => {
    const args = ["run", "count", "--input", '{"to":3}'];
    const { code, stdout } = await commandInTerminal(args, TERMINAL).ended;
    const [left, right, summary, ...result] = lastRows(stdout);
    expect(left).toBe(`✔ left   ${"━".repeat(17)}  100%  3/3  All counted`);
    expect(right).toBe(`✔ right  ${"━".repeat(17)}  100%  3/3  All counted`);
    expect(summary).toMatch(/^✔ count succeeded in \S+ \w+$/);
    expect(JSON.parse(result.join(""))).toEqual({ to: 3, done: true });
    expect(rowsOf(stdout)).toContain('◆ left  note {"text":"counted"}');
    expect(rowsOf(stdout)).toContain("printed by a node");
    expect(code).toBe(0);
  });

  test("shows what a model writes, line by line", async () => {
    const { stdout } = await commandInTerminal(["run", "write"], TERMINAL).ended;
    const rows = rowsOf(stdout);
    expect(rows).toContain("author │ The first line.");
    expect(rows).toContain("author │ The second.");
  });

  test("draws while stdout goes to a file, which gets the result and nothing else", async () => {
    const folder = await mkdtemp(join(tmpdir(), "run-"));
    const stdoutTo = join(folder, "result.json");
    const args = ["run", "count", "--input", '{"to":3}'];
    const { stdout } = await commandInTerminal(args, { ...TERMINAL, stdoutTo }).ended;
    const result = await readFile(stdoutTo, "utf8");
    await rm(folder, { recursive: true });
    expect(lastRows(stdout)[0]).toContain("100%  3/3");
    expect(JSON.parse(result)).toEqual({ to: 3, done: true });
  });

  test("cuts what is said to the width of the terminal, and Ctrl-C cancels", async () => {
    const running = commandInTerminal(["run", "wait"], { ...TERMINAL, columns: 40 });
    await until(() => running.stdout.includes("Waiting"));
    running.process.stdin?.write(CTRL_C);
    const { code, stdout } = await running.ended;
    const [task, summary] = lastRows(stdout);
    expect(task).toBe("■ sleep  1  Waiting and waiting and wa…");
    expect(task).toHaveLength(39);
    expect(summary).toMatch(/^■ wait was cancelled after \S+ \w+$/);
    expect(code).toBe(130);
  });

  test("ends with every bar on the screen or above it, however many there are", async () => {
    const args = ["run", "flood", "--input", '{"tasks":30}'];
    const { stdout } = await commandInTerminal(args, { ...TERMINAL, rows: 10 }).ended;
    const shown = lastRows(stdout).filter((row) => row.startsWith("✔ drop"));
    const all = rowsOf(stdout).filter((row) => /^✔ drop.*100% {2}1\/1$/.test(row));
    expect(shown).toHaveLength(6);
    expect(new Set(all.map((row) => row.replace(/ *━.*/, ""))).size).toBe(30);
  });

  test("knows NO_COLOR", async () => {
    const args = ["run", "count", "--input", '{"to":3}'];
    const env = { NO_COLOR: "1" };
    const [plain, coloured] = await Promise.all([
      commandInTerminal(args, { ...TERMINAL, env }).ended,
      commandInTerminal(args, TERMINAL).ended,
    ]);
    const green = "\u001b[32m";
    expect(plain.stdout).not.toContain(green);
    expect(coloured.stdout).toContain(green);
  });
});

const ask = new StateGraph(z.object({ answer: z.string().optional() }))
  .addNode("question", () => ({ answer: interrupt<string, string>("Shall we?") }))
  .addEdge(START, "question")
  .compile();
