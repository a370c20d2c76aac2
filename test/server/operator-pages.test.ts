import { afterEach, expect, test, vi } from "vitest";
import { memory, type Backend } from "../../src/index.ts";
import { serve, type ServeOptions, type ServerHandle } from "../../src/server/index.ts";
import { createService, type Service } from "../../src/service.ts";
import { graphOf } from "../support/graphs.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { until } from "../support/until.ts";

const disposables: AsyncDisposable[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const one of disposables.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

interface Started {
  readonly service: Service;
  readonly server: ServerHandle;
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
}

async function start(
  options: Partial<ServeOptions> = {},
  ping: () => Promise<void> = async () => {},
): Promise<Started> {
  const backend: Backend = { ...memory(), ping, [Symbol.asyncDispose]: async () => {} };
  const workflows = { secretPlans: graphOf(() => undefined) };
  const service = createService({ workflows, backend, logger: recordingLogger() });
  const server = await serve({
    service,
    port: 0,
    graphiql: false,
    allowUnauthenticated: true,
    ...options,
  });
  disposables.push(server, service);
  const { port } = new URL(server.url);
  const get = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, init);
  return { service, server, get };
}

test("a server that is well says so, at /healthz and at /readyz", async () => {
  const { get } = await start({ host: "127.0.0.1" });
  const health = await get("/healthz");
  expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
  const ready = await get("/readyz");
  expect([ready.status, await ready.json()]).toEqual([200, { status: "ready" }]);
  expect(ready.headers.get("cache-control")).toBe("no-store");
  expect((await get("/readyz", { method: "HEAD" })).status).toBe(200);
  expect((await get("/readyz", { method: "POST" })).status).toBe(405);
});

test("a backend that fails makes a server not ready, and what it said is not told", async () => {
  const { get } = await start({ host: "127.0.0.1" }, async () => {
    throw new Error("connect ECONNREFUSED postgres://admin:hunter2@db");
  });
  const ready = await get("/readyz");
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: "unavailable", reason: "backend failed" });
  expect((await get("/healthz")).status).toBe(200);
});

test("so does one that throws at once, or that takes longer than a second", async () => {
  const throwing = await start({ host: "127.0.0.1" }, () => {
    throw new Error("no");
  });
  expect((await throwing.get("/readyz")).status).toBe(503);
  const silent = await start({ host: "127.0.0.1" }, () => new Promise(() => {}));
  const ready = await silent.get("/readyz");
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: "unavailable", reason: "backend too slow" });
});

test("a server that stops is not ready before it lets nobody in any more, and goes on until then", async () => {
  const { server, service, get } = await start({ host: "127.0.0.1", shutdownDelayMs: 600_000 });
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const stopped = server.stopListening();
  const ready = await get("/readyz");
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: "unavailable", reason: "stopping" });
  expect((await get("/healthz")).status).toBe(200);
  expect(await (await get("/graphql?query={__typename}")).json()).toEqual({
    data: { __typename: "Query" },
  });
  await vi.advanceTimersByTimeAsync(600_000);
  vi.useRealTimers();
  await stopped;
  await expect(get("/readyz")).rejects.toThrow("fetch failed");
  await service[Symbol.asyncDispose]();
});

test("a service that was disposed of is not ready, wherever its server is", async () => {
  const { service, get } = await start({ host: "127.0.0.1" });
  await service[Symbol.asyncDispose]();
  expect(await (await get("/readyz")).json()).toEqual({
    status: "unavailable",
    reason: "stopping",
  });
  expect(await service.readiness()).toEqual({ isReady: false, reason: "stopping" });
  expect((await get("/metrics")).status).toBe(200);
});

test.each([
  ["127.0.0.1", undefined, 200],
  ["127.0.0.1", false, 404],
  ["0.0.0.0", undefined, 404],
  ["0.0.0.0", true, 200],
])("on %s with metrics: %s, /metrics is %i", async (host, metrics, status) => {
  const { get } = await start({ host, metrics });
  const response = await get("/metrics");
  expect(response.status).toBe(status);
  const text = await response.text();
  if (status === 404) return expect(text).not.toContain("langgraph_graphql_");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text).toContain("langgraph_graphql_backend_up 1");
});

test("probes that come at once ask the backend for open runs once", async () => {
  const { runs, ...rest } = memory();
  let asked = 0;
  const backend: Backend = {
    ...rest,
    runs: Object.create(runs, {
      countOpen: { value: async () => (asked += 1) && [] },
    }) as Backend["runs"],
    [Symbol.asyncDispose]: async () => {},
  };
  const service = createService({
    workflows: { work: graphOf(() => undefined) },
    backend,
    logger: recordingLogger(),
  });
  disposables.push(service);
  await Promise.all([service.metrics(), service.metrics(), service.metrics()]);
  expect(asked).toBe(1);
  await until(async () => {
    await service.metrics();
    return asked === 2;
  });
});
