import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, type Client } from "graphql-ws";
import { reconnectOptions, resumable } from "langgraph-graphql/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startCommandLine } from "../cli/command-line.ts";
import { post } from "../support/http.ts";
import { startRestartableServer, type RestartableServer } from "../support/restartable-server.ts";
import { eventOf, runIdOf, seqOf, type EventFields, type Result } from "../support/result.ts";
import { following, range, startRun } from "../support/stepped.ts";
import { until } from "../support/until.ts";

const folderOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const DEMO = folderOf("../../src/demo/");
const ROUNDS = folderOf("../faults/fixtures/");

const TIMEOUT_MS = 60_000;

let folder: string;
let running: RestartableServer | undefined;
let client: Client | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "restart-"));
});
afterEach(async () => {
  await client?.dispose();
  await running?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function start(project: string, args: readonly string[] = []): Promise<RestartableServer> {
  const server = await startRestartableServer({
    folder: project,
    data: join(folder, "data.sqlite"),
    args,
  });
  client = resumable(
    createClient({
      url: server.url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      ...reconnectOptions,
    }),
  );
  running = server;
  return server;
}

/** Follows a run with a client that comes back by itself; what it is given grows. */
function watch(runId: string) {
  const results: Result[] = [];
  const { query, variables } = following(runId, {
    select: `__typename
      ... on RunEvent { seq attempt taskId }
      ... on RunStatusEvent { runStatus output interrupts { id } }`,
  });
  const done = (async () => {
    const stream = client?.iterate<Result["data"], Result["extensions"]>({ query, variables });
    for await (const result of stream ?? []) results.push(result);
  })();
  const events = (): readonly EventFields[] => results.map(eventOf);
  const statuses = (): readonly unknown[] =>
    events().flatMap(({ runStatus }) => (runStatus === undefined ? [] : [runStatus]));
  return { results, done, events, statuses };
}

async function statusOf(url: string, runId: string): Promise<unknown> {
  const query = "query ($runId: ID!) { run(id: $runId) { status } }";
  const { data } = await post(url, { query, variables: { runId } });
  return data?.["run"]?.["status"];
}

test(
  "a run that waits for an answer when its server is killed is answered after the restart, and its watcher goes on by itself",
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const server = await start(DEMO);
    const runId = await startRun(server.url, "approval", { request: "Cake" });
    const watching = watch(runId);
    await until(() => watching.statuses().at(-1) === "INTERRUPTED");
    await server.stop("SIGKILL");
    server.start();
    await server.ready();
    expect(await statusOf(server.url, runId)).toBe("INTERRUPTED");
    const [interrupt] = watching.events().at(-1)?.["interrupts"] as readonly { id: string }[];
    const { errors } = await post(server.url, {
      query: `mutation ($runId: ID!, $answers: [InterruptAnswer!]!) {
      resumeRun(runId: $runId, answers: $answers) { run { status } }
    }`,
      variables: { runId, answers: [{ interruptId: interrupt?.id, value: { approved: true } }] },
    });
    expect(errors).toBeUndefined();
    await watching.done;
    expect(watching.statuses()).toEqual([
      "QUEUED",
      "RUNNING",
      "INTERRUPTED",
      "QUEUED",
      "RUNNING",
      "SUCCEEDED",
    ]);
    expect(watching.events().at(-1)?.["output"]).toEqual({
      draft: "Permission for: Cake",
      approved: true,
    });
    expect(watching.results.map(seqOf)).toEqual(range(1, watching.results.length));
  },
);

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s lets a run come to its next step, and it goes on from there at the next start",
  { timeout: TIMEOUT_MS },
  async (signal) => {
    const server = await start(ROUNDS);
    const runId = await startRun(server.url, "rounds", { rounds: 3 });
    const watching = watch(runId);
    await until(() => watching.events().some(({ __typename }) => __typename === "CustomEvent"));
    expect(await server.stop(signal)).toBe(0);
    expect(server.current.output).toContain(
      "Stopping: runs that have not ended go on at the next start; once more Ctrl-C to stop at once.\n",
    );
    server.start();
    await server.current.says(/Runs are kept in \S+data\.sqlite; 1 that had not ended goes on\n/);
    await watching.done;
    expect(watching.statuses()).toEqual(["QUEUED", "RUNNING", "RUNNING", "SUCCEEDED"]);
    expect(watching.events().at(-1)).toMatchObject({
      attempt: 2,
      output: { round: 3, worked: 12, reviewed: 3 },
    });
    expect(watching.results.map(seqOf)).toEqual(range(1, watching.results.length));
    // What was under way came to its end: nothing is done again.
    const work = watching.events().filter(({ __typename }) => __typename === "CustomEvent");
    const tasksOf = (attempt: number) =>
      work.filter((event) => event["attempt"] === attempt).map(({ taskId }) => taskId);
    expect(tasksOf(2).filter((task) => tasksOf(1).includes(task))).toEqual([]);
  },
);

test(
  "a run that does not come to its next step in time is aborted, and its step is done again",
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const server = await start(ROUNDS, ["--drain", "0"]);
    const runId = await startRun(server.url, "rounds", { rounds: 2 });
    const watching = watch(runId);
    await until(() => watching.events().some(({ __typename }) => __typename === "CustomEvent"));
    expect(await server.stop("SIGTERM")).toBe(0);
    server.start();
    await watching.done;
    expect(watching.statuses()).toEqual(["QUEUED", "RUNNING", "RUNNING", "SUCCEEDED"]);
    expect(watching.events().at(-1)?.["output"]).toEqual({ round: 2, worked: 8, reviewed: 2 });
  },
);

test(
  "a run that waits for another on its thread still waits after a restart, and then has its turn",
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const server = await start(DEMO);
    const startOnThread = async (request: string): Promise<string> => {
      const result = await post(server.url, {
        query: `mutation ($request: String!) {
        startRun(
          input: { approval: { request: $request } }, threadId: "shared", options: { whenBusy: ENQUEUE }
        ) { run { id } }
      }`,
        variables: { request },
      });
      expect(result.errors).toBeUndefined();
      return (result.data?.["startRun"] as { readonly run: { readonly id: string } }).run.id;
    };
    const first = await startOnThread("Cake");
    await until(async () => (await statusOf(server.url, first)) === "INTERRUPTED");
    const second = await startOnThread("Tea");
    await server.stop("SIGKILL");
    server.start();
    await server.ready();
    expect(await statusOf(server.url, second)).toBe("QUEUED");
    const watching = watch(second);
    await post(server.url, {
      query: "mutation ($first: ID!) { cancelRun(runId: $first) { run { status } } }",
      variables: { first },
    });
    await until(() => watching.statuses().at(-1) === "INTERRUPTED");
    expect(watching.statuses()).toEqual(["QUEUED", "RUNNING", "INTERRUPTED"]);
    expect(runIdOf(watching.results[0] ?? {})).toBe(second);
  },
);

test(
  "a second server on the same file says why it cannot, and what to do",
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    await start(DEMO);
    const data = join(folder, "data.sqlite");
    const second = startCommandLine(["serve", "--port", "0", "--data", data], DEMO);
    await second.says(/^error: .*data\.sqlite is in use: stop the other process .*\n$/);
    expect(await once(second.process, "close")).toEqual([1, null]);
  },
);
