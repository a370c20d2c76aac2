import { join } from "node:path";
import type { Backend } from "../../dist/index.js";
import { createService, memory } from "../../dist/index.js";
import { postgres } from "../../dist/backends/postgres/index.js";
import { redis } from "../../dist/backends/redis/index.js";
import { sqlite } from "../../dist/backends/sqlite/index.js";
import { serve } from "../../dist/server/index.js";
import { graph, type Work } from "../graph.ts";
import { loop } from "../loop.ts";
import { steps } from "../steps.ts";
import { answer, optionsOfChild } from "../support/child.ts";
import { POSTGRES_URL, REDIS_URL, type BackendKind } from "../support/engines.ts";
import { SILENT } from "../support/silent.ts";

/** What is measured: `createService` and `serve`, as the README has them. */
export interface OursOptions {
  /** Where runs and events live. @default "memory" */
  readonly backend?: BackendKind;
  /** What this process does. @default "both" */
  readonly role?: "both" | "gateway" | "worker";
  /** How long ended runs are kept. @default the backend's own */
  readonly retentionMs?: number;
  /** Until a watcher that takes nothing is cut off. @default our own */
  readonly writeTimeoutMs?: number;
  /** For SQLite's file. */
  readonly folder: string;
  /** The schema in Postgres and the prefix in Redis. */
  readonly room: string;
  /** False: graphql-js executes each event's selection. */
  readonly compile?: boolean;
}

const { role, compile, writeTimeoutMs, ...place } = optionsOfChild<OursOptions>();
const backend = await open(place);
const service = createService({
  workflows: {
    write: graph,
    loop: { graph: loop, config: { recursionLimit: 10_000 } },
    steps: { graph: steps, config: { recursionLimit: 10_000 } },
  },
  backend,
  role,
  // As an operator would for such loads. Nobody is identified, so that limits of a viewer bind nobody.
  limits: {
    maxConcurrentRuns: 1_000,
    maxEventsPerRun: 10_000_000,
    maxBytesPerRun: 2 ** 40,
    maxEventBytes: false,
    runTimeoutMs: false,
    maxSubscriptionsPerSocket: false,
    ...(writeTimeoutMs !== undefined && { writeTimeoutMs }),
  },
  logger: SILENT,
  ...(compile !== undefined && { compile }),
});
const server = await serve({ service, port: 0, host: "127.0.0.1", graphiql: false });
const { url } = server;

// As the command line does.
process.once("SIGTERM", () => {
  void (async () => {
    await server.stopListening();
    await service[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
    process.exit();
  })();
});

answer(url, {
  start: (work: Work) => start({ write: work }),
  startLoop: (input: object) => start({ loop: input }),
  startSteps: (input: object) => start({ steps: input }),
  cancel: (id: string) =>
    ask("mutation ($id: ID!) { cancelRun(runId: $id) { run { status } } }", { id }),
  /** `undefined` for a run that is past its retention. */
  async status(id: string): Promise<string | undefined> {
    const query = "query ($id: ID!) { run(id: $id) { status } }";
    const { data, errors } = await post<{ run: { status: string } | null }>(query, { id });
    if (errors && errors[0]?.extensions?.code !== "NOT_FOUND")
      throw new Error(JSON.stringify(errors));
    return data?.run?.status;
  },
  /** Of the service's metrics one, by its name and labels; 0 where it is not told yet. */
  async metric(name: string): Promise<number> {
    const lines = (await service.metrics()).split("\n");
    const prefix = `langgraph_graphql_${name} `;
    return Number(lines.find((line) => line.startsWith(prefix))?.slice(prefix.length) ?? 0);
  },
  async lastSeq(id: string): Promise<number> {
    const { run } = await ask<{ run: { lastSeq: number } }>(
      "query ($id: ID!) { run(id: $id) { lastSeq } }",
      { id },
    );
    return run.lastSeq;
  },
  async hasRuns(): Promise<boolean> {
    const { runs } = await ask<{ runs: { nodes: unknown[] } }>(
      "{ runs(first: 1) { nodes { id } } }",
    );
    return runs.nodes.length > 0;
  },
});

async function open({
  backend: kind = "memory",
  folder,
  room,
  retentionMs,
}: OursOptions): Promise<Backend> {
  switch (kind) {
    case "memory":
      return memory({ retentionMs });
    case "sqlite":
      return sqlite({ path: join(folder, "data.sqlite"), retentionMs });
    case "postgres":
      return postgres({ connectionString: POSTGRES_URL, schema: room, retentionMs });
    case "redis": {
      const checkpoints = { postgres: POSTGRES_URL, schema: room };
      return redis({ url: REDIS_URL, prefix: room, checkpoints, retentionMs });
    }
  }
}

async function start(input: object): Promise<string> {
  const { startRun } = await ask<{ startRun: { run: { id: string } } }>(
    "mutation ($input: WorkflowInput!) { startRun(input: $input) { run { id } } }",
    { input },
  );
  return startRun.run.id;
}

async function ask<Data>(query: string, variables: object = {}): Promise<Data> {
  const { data, errors } = await post<Data>(query, variables);
  if (errors || !data) throw new Error(JSON.stringify(errors));
  return data;
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

async function post<Data>(query: string, variables: object): Promise<Answer<Data>> {
  const response = await service.fetch(
    new Request(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    }),
  );
  return (await response.json()) as Answer<Data>;
}
