import { createServerAdapter } from "@whatwg-node/server";
import { handleProtocols } from "graphql-ws";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { createService, type Service } from "../../src/index.ts";
import { report } from "../support/graphs.ts";
import { post, postEvents, readFrames, readResults } from "../support/http.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { eventOf } from "../support/result.ts";
import { collect, connect, readAll } from "../support/web-socket.ts";
import { listen, type Listening } from "./listen.ts";

const RUN = {
  query:
    'subscription { runWorkflow(input: { report: { items: ["a", "b"] } }) { ... on ProgressEvent { status } } }',
};
const EVENTS = [{ status: "Processing a" }, { status: "Processing b" }];

describe("in Hono", () => {
  let service: Service;
  let listening: Listening;

  beforeAll(async () => {
    service = createService({ workflows: { report }, logger: recordingLogger() });
    const app = new Hono();
    app.get("/", (c) => c.text("The app's own page"));
    app.all("/graphql", (c) => service.fetch(c.req.raw));
    app.all("/stream/*", (c) => service.fetch(c.req.raw));
    const handshake = new WebSocketServer({
      noServer: true,
      handleProtocols: (asked) => handleProtocols(asked),
    });
    listening = await listen(
      createServerAdapter((request: Request) => app.fetch(request)),
      (request, socket, head) =>
        handshake.handleUpgrade(request, socket, head, (accepted) =>
          service.acceptSocket(accepted, request),
        ),
    );
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    await listening[Symbol.asyncDispose]();
  });

  test("queries are answered, beside the app's own pages", async () => {
    const { data } = await post(`${listening.origin}/graphql`, { query: "{ workflows { name } }" });
    expect(data).toEqual({ workflows: [{ name: "report" }] });
    expect(await (await fetch(listening.origin)).text()).toBe("The app's own page");
  });

  test("events stream, with ids to resume from", async () => {
    const response = await postEvents(`${listening.origin}/graphql`, RUN);
    const frames = await readAll(readFrames(response));
    const next = frames.filter(({ event }) => event === "next");
    expect(next.map(({ data = "" }) => eventOf(JSON.parse(data) as object))).toEqual(EVENTS);
    expect(new Set(next.map(({ id }) => id)).size).toBe(2);
  });

  test("so does POST /stream", async () => {
    const response = await fetch(`${listening.origin}/stream/report`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ items: ["a"] }),
    });
    const [first] = await readAll(readFrames(response));
    expect(JSON.parse(first?.data ?? "")).toMatchObject({ mode: "custom", data: { current: 1 } });
  });

  test("a WebSocket that the host accepted is served by `acceptSocket`", async () => {
    const client = connect(`${listening.origin.replace("http", "ws")}/graphql`);
    const results = await collect(client, RUN);
    expect(results.map(eventOf)).toEqual(EVENTS);
    expect(results.every(({ extensions }) => extensions?.cursor)).toBe(true);
    await client.dispose();
  });
});

describe("in a route of Next.js", () => {
  let service: Service;
  let listening: Listening;

  beforeAll(async () => {
    // app/api/graphql/route.ts: a module that exports a handler for each method.
    service = createService({
      workflows: { report },
      endpoint: "/api/graphql",
      logger: recordingLogger(),
    });
    const route: Readonly<Record<string, (request: Request) => Promise<Response>>> = {
      GET: service.fetch,
      POST: service.fetch,
    };
    listening = await listen(
      createServerAdapter(
        (request: Request) =>
          route[request.method]?.(request) ?? new Response(null, { status: 405 }),
      ),
    );
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    await listening[Symbol.asyncDispose]();
  });

  test("queries are answered under the route's own path", async () => {
    const query = "{ workflows { name } }";
    const { data } = await post(`${listening.origin}/api/graphql`, { query });
    expect(data).toEqual({ workflows: [{ name: "report" }] });
    const got = await fetch(`${listening.origin}/api/graphql?query=${encodeURIComponent(query)}`);
    expect(await got.json()).toEqual({ data });
  });

  test("events stream", async () => {
    const response = await postEvents(`${listening.origin}/api/graphql`, RUN);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect((await readResults(response)).map(eventOf)).toEqual(EVENTS);
  });
});
