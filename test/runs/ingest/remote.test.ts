import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GraphChunk } from "../../../src/runs/ingest/ingest.ts";
import { ingestByRemote } from "../../../src/runs/ingest/remote.ts";

/**
 * A LangGraph server, as far as a run asks it; test/langgraph-server has LangGraph's own, which does
 * not do all that others do.
 */
let server: Server;
let started: Record<string, unknown>;
let say: (stream: ServerResponse) => void;
/** What the run's status is said to be, one time after the other; the last one stays. */
let statuses: string[];
let onStatus: () => void;
beforeEach(async () => {
  statuses = ["success"];
  onStatus = () => undefined;
  server = createServer((request, response) => {
    if (request.method === "GET") {
      response.end(
        JSON.stringify({ status: statuses.length > 1 ? statuses.shift() : statuses[0] }),
      );
      onStatus();
    } else void start(request, response);
  }).listen(0, "localhost");
  await once(server, "listening");
});
afterEach(() => server.close());

async function start(request: IncomingMessage, response: ServerResponse): Promise<void> {
  started = { url: request.url, ...((await json(request)) as object) };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(part("metadata", { run_id: "run-1", attempt: 1 }));
  say(response);
}

const part = (event: string, data: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

async function ingest(config: object = {}, signal = new AbortController().signal) {
  const { port } = server.address() as AddressInfo;
  const chunks: GraphChunk[] = [];
  const outcome = await ingestByRemote({
    graph: new RemoteGraph({ graphId: "agent", url: `http://localhost:${port}` }),
    input: { topic: "sand" },
    config: { configurable: { thread_id: "thread-1", run_id: "r", graph_id: "g" }, ...config },
    signal,
    observe: true,
    onChunk: (chunk) => chunks.push(chunk),
  });
  return { chunks, outcome };
}

test("the context goes without other entries of the configuration, which the server would refuse", async () => {
  say = (stream) => stream.end(part("values", { topic: "sand" }));
  const { outcome } = await ingest({ context: { tone: "dry" } });
  expect(started).toMatchObject({
    // A UUID made of the thread's id, the same each time.
    url: "/threads/3c02765f-dae1-5242-8b29-46279b1959ab/runs/stream",
    input: { topic: "sand" },
    context: { tone: "dry" },
    config: { configurable: {} },
    if_not_exists: "create",
    on_disconnect: "cancel",
  });
  expect(outcome.output).toEqual({ topic: "sand" });
});

test("a stream that ends before its run does is a failure, and not the end of the run", async () => {
  // It cancels the run, since nobody is there any more.
  statuses = ["running", "interrupted"];
  say = (stream) => stream.end(part("values", { topic: "sand" }));
  await expect(ingest()).rejects.toThrow('ended early: its status there is "interrupted"');
});

test("a status that lags behind the stream is waited for", async () => {
  statuses = ["pending", "running", "running", "success"];
  say = (stream) => stream.end(part("values", { topic: "sand" }));
  expect((await ingest()).outcome.output).toEqual({ topic: "sand" });
});

test("a status that does not change is not waited for without end", async () => {
  statuses = ["running"];
  say = (stream) => stream.end(part("values", { topic: "sand" }));
  await expect(ingest()).rejects.toThrow('ended early: its status there is "running"');
});

test("a run that is cancelled waits for no status", async () => {
  statuses = ["running"];
  const abort = new AbortController();
  let asked = 0;
  onStatus = () => {
    asked += 1;
    abort.abort(new Error("Cancelled"));
  };
  say = (stream) => stream.end(part("values", { topic: "sand" }));
  await expect(ingest({}, abort.signal)).rejects.toThrow(/abort|cancel/i);
  expect(asked).toBe(1);
});

test("what fails there keeps LangGraph's code", async () => {
  const message =
    "Recursion limit reached\n\nTroubleshooting URL: https://docs.example.com/GRAPH_RECURSION_LIMIT/\n";
  say = (stream) => stream.end(part("error", { error: "GraphRecursionError", message }));
  await expect(ingest()).rejects.toMatchObject({ lc_error_code: "GRAPH_RECURSION_LIMIT", message });
});

test("an interrupt does not end the stream: what other nodes say after it comes, too", async () => {
  // Some servers say so of the run, others of its thread only.
  statuses = ["interrupted"];
  const interrupt = { __interrupt__: [{ id: "i1", value: "Go on?" }] };
  say = (stream) => {
    stream.write(part("updates|inner:1", interrupt));
    stream.write(part("custom", { type: "progress", current: 1 }));
    stream.end(part("updates", interrupt));
  };
  const { chunks, outcome } = await ingest();
  expect(chunks).toEqual([{ kind: "written", payload: { type: "progress", current: 1 } }]);
  expect(outcome).toMatchObject({
    isInterrupted: true,
    interrupts: [{ id: "i1", value: "Go on?", namespace: ["inner:1"] }],
  });
});
