/**
 * Does what is kept stay bounded, in memory and in the file?
 *
 *   npm run bench:storage
 *
 * Three questions, each to a fresh SQLite file and in a process of its own: replaying 100,000 events;
 * 10,000 ended runs past their retention; a run of 1,000 steps with 200 KB of state.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { END, START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";
import { createService, type Service } from "../dist/index.js";
import { sqlite } from "../dist/backends/sqlite/index.js";

const MIB = 1024 * 1024;
const SILENT = { debug() {}, info() {}, warn() {}, error: console.error };
const [question] = process.argv.slice(2);

const questions: Readonly<Record<string, (path: string) => Promise<object>>> = {
  "replay of 100,000 events": replay,
  "10,000 ended runs": endedRuns,
  "1,000 steps with 200 KB of state": longRun,
};

if (question === undefined) {
  const answers = Object.keys(questions).map((name) => {
    const args = ["--expose-gc", "--import", "tsx", fileURLToPath(import.meta.url), name];
    return [name, JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }))];
  });
  console.log(`Node ${process.version}`);
  for (const [name, answer] of answers) {
    console.log(`\n${name}`);
    console.table(answer);
  }
} else {
  const folder = await mkdtemp(join(tmpdir(), "storage-"));
  const answer = await questions[question]?.(join(folder, "data.sqlite"));
  await rm(folder, { recursive: true });
  console.log(JSON.stringify(answer));
}

/** Reads all events of a run that has ended as server-sent events, and looks at the heap meanwhile. */
async function replay(path: string): Promise<object> {
  const events = 100_000;
  const graph = new StateGraph(z.object({ events: z.number() }))
    .addNode("write", ({ events: count }, config) => {
      for (let i = 1; i <= count; i++) {
        config.writer?.({ type: "progress", current: i, total: count, status: "x".repeat(180) });
      }
      return {};
    })
    .addEdge(START, "write")
    .compile();
  await using backend = await sqlite({ path });
  await using service = createService({ workflows: { write: graph }, backend, logger: SILENT });
  const runId = await start(service, `{ write: { events: ${events} } }`);
  await until(async () => (await statusOf(service, runId)) === "SUCCEEDED");

  const rounds = [];
  for (let round = 0; round < 3; round++) {
    const before = heapMiB();
    const startedAt = performance.now();
    let count = 0;
    let most = 0;
    const replayed = `subscription { workflowEvents(runId: "${runId}", only: [PROGRESS]) { ... on ProgressEvent { current } } }`;
    const response = await service.fetch(request({ query: replayed }, "text/event-stream"));
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      count += decoder.decode(chunk).split("event: next").length - 1;
      if (count % 10_000 < 5) most = Math.max(most, heapMiB());
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    rounds.push({
      events: count,
      "events/s": Math.round(count / seconds),
      "heap before, MiB": before,
      "most heap during, MiB": most,
    });
  }
  return rounds;
}

/** Starts runs, lets retention forget them, and compares the second half with the first. */
async function endedRuns(path: string): Promise<object> {
  const graph = new StateGraph(z.object({ text: z.string() }))
    .addNode("say", ({ text }, config) => {
      for (let i = 0; i < 5; i++) config.writer?.({ type: "progress", current: i, total: 5 });
      return { text: `${text}!` };
    })
    .addEdge(START, "say")
    .compile();
  await using backend = await sqlite({ path, retentionMs: 1 });
  await using service = createService({ workflows: { say: graph }, backend, logger: SILENT });
  const rows = [];
  for (let total = 0; total <= 10_000; total += 2_500) {
    if (total > 0) {
      for (let i = 0; i < 2_500; i += 50) {
        const ids = await Promise.all(
          Array.from({ length: 50 }, () => start(service, `{ say: { text: "Hi" } }`)),
        );
        await until(async () => {
          const statuses = await Promise.all(ids.map((id) => statusOf(service, id)));
          return statuses.every((status) => status === undefined || status === "SUCCEEDED");
        });
      }
      await until(
        async () =>
          (await query(service, "{ runs(first: 1) { nodes { id } } }")).runs.nodes.length === 0,
      );
    }
    rows.push({ "runs so far": total, ...(await sizes(path)) });
  }
  return rows;
}

/** Loops a thousand times over a large state, and looks at the file as it goes. */
async function longRun(path: string): Promise<object> {
  const State = z.object({ step: z.number(), text: z.string() });
  const graph = new StateGraph(State)
    .addNode("count", async ({ step }) => ({ step: step + 1 }))
    .addEdge(START, "count")
    .addConditionalEdges("count", ({ step }) => (step < 1_000 ? "count" : END))
    .compile();
  await using backend = await sqlite({ path, retentionMs: 3_000 });
  const workflows = { loop: { graph, config: { recursionLimit: 2_000 } } };
  await using service = createService({ workflows, backend, logger: SILENT });
  const rows = [{ when: "before", ...(await sizes(path)) }];
  const variables = { input: { loop: { step: 0, text: "x".repeat(200_000) } } };
  const { startRun } = await query(
    service,
    "mutation ($input: WorkflowInput!) { startRun(input: $input) { run { id } } }",
    variables,
  );
  const seen = async (count: number): Promise<boolean> => {
    const { run } = await query(
      service,
      `{ run(id: "${startRun.run.id}") { lastSeq isFinished } }`,
    );
    return run.isFinished || run.lastSeq > count * 3;
  };
  for (const steps of [250, 500, 750, 1_000]) {
    await until(() => seen(steps));
    rows.push({ when: `after ${steps} steps`, ...(await sizes(path)) });
  }
  await until(async () => (await statusOf(service, startRun.run.id)) === undefined);
  // Space goes back in small portions.
  await setTimeout(2_000);
  rows.push({ when: "after its retention", ...(await sizes(path)) });
  return rows;
}

async function sizes(path: string): Promise<Record<string, number>> {
  const size = async (file: string): Promise<number> => {
    const found = await stat(file).catch(() => undefined);
    return mib(found?.size ?? 0);
  };
  return {
    "file, MiB": await size(path),
    "write-ahead log, MiB": await size(`${path}-wal`),
    "heap, MiB": heapMiB(),
    "resident, MiB": mib(process.memoryUsage.rss()),
  };
}

function heapMiB(): number {
  globalThis.gc?.();
  return mib(process.memoryUsage().heapUsed);
}

function mib(bytes: number): number {
  return Math.round((bytes / MIB) * 10) / 10;
}

function request(body: object, accept = "application/json"): Request {
  return new Request("http://localhost/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept },
    body: JSON.stringify(body),
  });
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the query asks for
async function query(service: Service, text: string, variables: object = {}): Promise<any> {
  const response = await service.fetch(request({ query: text, variables }));
  return (await response.json()).data;
}

async function start(service: Service, input: string): Promise<string> {
  const { startRun } = await query(
    service,
    `mutation { startRun(input: ${input}) { run { id } } }`,
  );
  return startRun.run.id;
}

async function statusOf(service: Service, runId: string): Promise<string | undefined> {
  return (await query(service, `{ run(id: "${runId}") { status } }`)).run?.status;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await setTimeout(20);
}
