import { Writable } from "node:stream";
import { interrupt } from "@langchain/langgraph";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { memory, type Backend, type ServiceOptions } from "../../src/index.ts";
import { SECRETS } from "../../src/logger.ts";
import { graphOf } from "../support/graphs.ts";
import { post, postEvents, readResults } from "../support/http.ts";
import { intercept } from "../support/intercept.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { startService, type RunningService } from "../support/service.ts";
import { EVERYTHING, following, freeGraph, startRun } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect } from "../support/web-socket.ts";

let logger = recordingLogger();
let service: RunningService | undefined;
afterEach(() => service?.[Symbol.asyncDispose]());

async function start(options: ServiceOptions): Promise<RunningService> {
  logger = recordingLogger();
  service = await startService({ logger, ...options });
  return service;
}

/** The lines with this message, as they would be written. */
function lines(message: string): readonly object[] {
  return logger.lines
    .filter((line) => line.message === message)
    .map(({ level, fields }) => ({ level, ...fields }));
}

const SECRET = "a very private thing";

test("a run has a line for its start and one for its end, which say which it is and what came of it", async () => {
  const { url } = await start({ workflows: { free: freeGraph } });
  const runId = await startRun(url, "free", { count: 5 });
  await until(() => lines("run ended").length === 1);
  const about = { level: "info", runId, workflow: "free", attempt: 1 };
  expect(lines("run started")).toEqual([about]);
  expect(lines("run ended")).toEqual([
    // All but the first, which said that it was queued.
    { ...about, status: "succeeded", events: 10, durationMs: expect.any(Number) as number },
  ]);
});

test("every line about a run carries its id, its workflow and its attempt", async () => {
  const fails = graphOf(() => {
    throw new Error("no");
  });
  const asks = graphOf(() => void interrupt("Why?"));
  const { url } = await start({ workflows: { fails, asks } });
  await startRun(url, "fails", {});
  await startRun(url, "asks", {});
  await until(() => lines("run ended").length === 2);
  expect(
    lines("run ended")
      .map((line) => (line as { status: string }).status)
      .toSorted(),
  ).toEqual(["failed", "interrupted"]);
  expect(lines("run failed")).toMatchObject([{ level: "warn", code: "RUN_FAILED" }]);
  const aboutRuns = logger.lines.filter(({ message }) => message.startsWith("run "));
  expect(aboutRuns).toHaveLength(5);
  for (const { fields } of aboutRuns) {
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(["runId", "workflow", "attempt"]));
  }
});

test("an operation has a line at debug, with its name, transport, kind and what it was refused with", async () => {
  const { url, wsUrl } = await start({ workflows: { free: freeGraph } });
  await post(url, { query: "query Names { workflows { name } }" });
  await post(url, { query: 'query { run(id: "nobody") { id } }' });
  const query = `subscription Watch { runWorkflow(input: { free: { count: 1 } }) { ${EVERYTHING} } }`;
  await readResults(await postEvents(url, { query }));
  const client = connect(wsUrl);
  await collect(client, query);
  await client.dispose();
  const durationMs = expect.any(Number) as number;
  const subscription = { level: "debug", kind: "subscription", operation: "Watch", durationMs };
  expect(lines("operation answered")).toEqual([
    { level: "debug", kind: "query", operation: "Names", transport: "http", durationMs },
    { level: "debug", kind: "query", transport: "http", durationMs, codes: ["NOT_FOUND"] },
  ]);
  expect(lines("subscription begun")).toEqual([
    { ...subscription, transport: "sse" },
    { ...subscription, transport: "websocket" },
  ]);
});

test("an error of which clients get an id is logged under it, with its operation or its run", async () => {
  let isDown = false;
  const { runs, events, ...rest } = memory();
  const failIfDown = async (_name: string, act: () => unknown): Promise<unknown> => {
    if (isDown) throw new Error("the disk is full");
    return act();
  };
  const backend: Backend = {
    ...rest,
    [Symbol.asyncDispose]: async () => {},
    runs: intercept(runs, ["list"], failIfDown as never),
    events: {
      append: (runId, batch, at) => events.append(runId, batch, at),
      trim: (runId, before) => events.trim(runId, before),
      // The stream begins, and fails when it goes on.
      read: (runId, page) =>
        isDown && page.limit > 1
          ? Promise.reject(new Error("the disk is full"))
          : events.read(runId, page),
    },
  };
  const { url } = await start({ workflows: { free: freeGraph }, backend });
  const runId = await startRun(url, "free", { count: 1 });
  await until(() => lines("run ended").length === 1);
  isDown = true;
  const { errors } = await post(url, { query: "query All { runs { nodes { id } } }" });
  const watched = await readResults(await postEvents(url, following(runId)));
  expect(lines("unexpected error")).toMatchObject([
    { errorId: errors?.[0]?.extensions?.["errorId"], operation: "All", path: ["runs"] },
    { errorId: watched.at(-1)?.errors?.[0]?.extensions?.["errorId"], runId, workflow: "free" },
  ]);
});

test("nothing that people send or nodes write is in the log, tokens least of all", async () => {
  const writes = graphOf(({ write }) => {
    write({ type: "progress", current: 1, status: SECRET });
    write({ type: "unknown", text: SECRET });
  });
  const { url, wsUrl } = await start({ workflows: { writes } });
  const query = `subscription ($runId: ID) {
    runWorkflow(input: { writes: {} }, runId: $runId) { ${EVERYTHING} }
  }`;
  const headers = { authorization: `Bearer ${SECRET}`, cookie: SECRET };
  await readResults(await postEvents(url, { query, variables: { runId: SECRET } }, headers));
  await readResults(await postEvents(url, { query, variables: { runId: "run-1" } }, headers));
  const client = connect(wsUrl, { connectionParams: { authorization: SECRET } });
  await collect(client, { query, variables: { runId: "run-2" } });
  await client.dispose();
  await until(() => lines("run ended").length === 2);
  expect(logger.lines.length).toBeGreaterThan(6);
  expect(JSON.stringify(logger.lines)).not.toContain(SECRET);
});

test("what errors of HTTP clients carry along is left out by the loggers that come with it", () => {
  let written = "";
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  const error = Object.assign(new Error("no"), {
    config: { headers: { Authorization: SECRET, cookie: SECRET }, url: "https://example.com" },
  });
  pino({ redact: [...SECRETS] }, stream).error({ err: error, authorization: SECRET }, "failed");
  expect(written).toContain("https://example.com");
  expect(written).not.toContain(SECRET);
});
