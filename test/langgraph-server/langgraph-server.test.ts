import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCommandLine, type CommandLine } from "../cli/command-line.ts";
import { createBareProject, type Project } from "../cli/project.ts";
import { post, postEvents, readFrames, readResults } from "../support/http.ts";
import { eventOf, type EventFields, type Result } from "../support/result.ts";
import { until } from "../support/until.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const GRAPHS = ["story", "brief", "failing", "endless", "asking"];

const isInstalled = existsSync(join(HERE, "node_modules/@langchain/langgraph-api"));
if (!isInstalled) {
  console.warn(
    "Remote graphs are not tested: LangGraph's own server is not installed. Install it with\n" +
      "  npm install --prefix test/langgraph-server --no-package-lock",
  );
}

const EVENTS = `subscription ($input: WorkflowInput!, $threadId: ID) {
  runWorkflow(input: $input, threadId: $threadId) {
    __typename
    ... on RunEvent { namespace node }
    ... on WrittenEvent { type payload }
    ... on ProgressEvent { current status }
    ... on StateUpdate { changes }
    ... on MessageChunk { messageId content }
    ... on RunStatusEvent {
      runStatus output error { code message } interrupts { id value namespace }
    }
  }
}`;

describe.skipIf(!isInstalled)("a graph that LangGraph's own server runs", () => {
  let langgraph: LanggraphServer;
  let project: Project;
  let server: CommandLine;
  let url: string;
  beforeAll(async () => {
    langgraph = await startLanggraphServer();
    const local = GRAPHS.map((name) => [name, `${HERE}graphs.mjs:${name}`]);
    const remote = [...GRAPHS, "slow"].map((name) => [
      `remote-${name}`,
      { url: "$LANGGRAPH_URL", graph: name, description: `It is ${name} elsewhere.` },
    ]);
    project = await createBareProject({
      "langgraph.json": { graphs: Object.fromEntries([...local, ...remote]) as object },
    });
    server = startServer();
    url = await server.url();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await langgraph[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  function startServer(): CommandLine {
    return startCommandLine(["serve", "--port", "0"], project.folder, {
      LANGGRAPH_URL: langgraph.url,
    });
  }

  test("says the same events as one that runs here, but for the nodes", async () => {
    const here = await run("story");
    const elsewhere = await run("remoteStory");
    // What the README says of remote graphs.
    const known = here
      .filter(({ __typename }) => __typename !== "NodeEvent")
      .map((event) => ("payload" in event ? { ...event, node: null } : event));
    expect(elsewhere).toEqual(known);
    expect(here.map(({ __typename }) => __typename)).toEqual(
      expect.arrayContaining([
        "ProgressEvent",
        "CompleteEvent",
        "CustomEvent",
        "StateUpdate",
        "MessageChunk",
        "RunStatusEvent",
      ]),
    );
  });

  test("ends with what it declares as its output", async () => {
    const last = (await run("remoteBrief")).at(-1);
    expect(last).toMatchObject({ runStatus: "SUCCEEDED", output: { words: ["sand"] } });
    expect(last).toEqual((await run("brief")).at(-1));
  });

  test.each(["failing", "endless"])("fails as one that runs here: %s", async (name) => {
    const here = (await run(name)).at(-1);
    expect(here).toMatchObject({ runStatus: "FAILED" });
    expect((await run(toField(`remote-${name}`))).at(-1)).toEqual(here);
  });

  test("has all questions that several nodes ask at once", async () => {
    const variables = { input: { remoteAsking: { topic: "sand" } } };
    const response = await postEvents(url, { query: EVENTS, variables });
    // The operation goes on: somebody may answer.
    for await (const { data = "{}" } of readFrames(response)) {
      const { runStatus, interrupts } = eventOf(JSON.parse(data) as Result);
      if (runStatus !== "INTERRUPTED") continue;
      expect(interrupts).toMatchObject([
        { value: { question: "one?" } },
        { value: { question: "two?" } },
      ]);
      return;
    }
    expect.unreachable("the run was not interrupted");
  });

  test("runs on threads whose ids are no UUIDs, which that server insists on", async () => {
    const variables = { input: { remoteStory: { topic: "sand" } }, threadId: "thread-of-Ann" };
    const results = await readResults(await postEvents(url, { query: EVENTS, variables }));
    expect(eventOf(results.at(-1) ?? {})).toMatchObject({ runStatus: "SUCCEEDED" });
  });

  test("is cancelled there when its run is cancelled here", async () => {
    const file = join(project.folder, "cancelled");
    const { runId } = await startSlow(url, file);
    await post(url, {
      query: "mutation ($id: ID!) { cancelRun(runId: $id) { run { status } } }",
      variables: { id: runId },
    });
    await until(() => existsSync(file));
    expect(await readFile(file, "utf8")).toBe("cancelled");
  });

  test("is cancelled there when the server here dies", async () => {
    const file = join(project.folder, "killed");
    await using other = startServer();
    await startSlow(await other.url(), file);
    other.process.kill("SIGKILL");
    await until(() => existsSync(file));
    expect(await readFile(file, "utf8")).toBe("cancelled");
  });

  test("is described as one that runs here: its types and its drawing", async () => {
    const { data } = await post(url, {
      query: `{
        here: workflow(name: "story") { ...Description }
        elsewhere: workflow(name: "remote-story") { ...Description description }
      }
      fragment Description on Workflow {
        nodes { id name } edges { source target isConditional } mermaid inputSchema
      }`,
    });
    const inputSchema: unknown = expect.objectContaining({
      properties: expect.objectContaining({
        topic: { type: "string" },
        messages: expect.objectContaining({ langgraph_type: "messages" }) as unknown,
      }) as unknown,
    });
    expect(data?.["elsewhere"]).toEqual({
      ...data?.["here"],
      description: "It is story elsewhere.",
      inputSchema,
    });
    expect(data?.["here"]).toHaveProperty("nodes.length", 5);
  });

  test("must be one that it has: the others are named", async () => {
    const entry = { url: langgraph.url, graph: "tale" };
    await using other = await createBareProject({ "langgraph.json": { graphs: { tale: entry } } });
    await using failing = startCommandLine(["serve"], other.folder);
    await failing.says(/Graph "tale": \S+ has no graph "tale"; it has .*story/);
  });

  test("fails its runs when that server goes away", async () => {
    const file = join(project.folder, "gone");
    const { frames } = await startSlow(url, file);
    await langgraph[Symbol.asyncDispose]();
    const rest: unknown[] = [];
    for await (const { data } of frames) rest.push(data);
    expect(rest.join()).toContain("The connection to the LangGraph server failed");
  });

  /** What a run of the workflow says; the ids of its tasks replaced. */
  async function run(workflow: string): Promise<readonly EventFields[]> {
    const variables = { input: { [workflow]: { topic: "sand" } } };
    const results = await readResults(await postEvents(url, { query: EVENTS, variables }));
    const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
    const events = JSON.stringify(results.map(eventOf)).replace(uuid, "<id>");
    return JSON.parse(events) as EventFields[];
  }
});

/** Starts a run that goes on for a while, and waits for what it says first. */
async function startSlow(url: string, topic: string) {
  const variables = { input: { remoteSlow: { topic } } };
  const frames = readFrames(await postEvents(url, { query: EVENTS, variables }));
  let runId: unknown;
  for (let isRunning = false; !isRunning;) {
    const { value } = await frames.next();
    isRunning = value?.data?.includes("ProgressEvent") ?? true;
    ({ runId } = (JSON.parse(value?.data ?? "{}") as { extensions?: { runId?: string } })
      .extensions ?? { runId });
  }
  return { runId, frames };
}

interface LanggraphServer extends AsyncDisposable {
  readonly url: string;
}

async function startLanggraphServer(): Promise<LanggraphServer> {
  const folder = await mkdtemp(join(tmpdir(), "langgraph-server-"));
  const child = spawn(process.execPath, [join(HERE, "server.mjs"), folder]);
  child.stderr.resume();
  const url = await findUrl(child);
  return {
    url,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function findUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("The server has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const [, host] = /LangGraph serves (\S+)/.exec(line) ?? [];
    if (host === undefined) continue;
    child.stdout.resume();
    return `http://${host}`;
  }
  throw new Error("LangGraph's server ended without saying where it serves");
}

/** `remote-story` → `remoteStory`, as the field of its input is called. */
function toField(name: string): string {
  return name.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
