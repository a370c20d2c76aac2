import { afterAll, beforeAll, expect, test } from "vitest";
import { serve, type ServerHandle } from "../../src/server/index.ts";
import { createService, type Service } from "../../src/service.ts";
import { graphOf } from "../support/graphs.ts";
import { recordingLogger } from "../support/recording-logger.ts";

let service: Service;
let server: ServerHandle;
beforeAll(async () => {
  service = createService({
    workflows: { work: graphOf(() => undefined) },
    endpoint: "/api/graphql",
    logger: recordingLogger(),
  });
  server = await serve({ service, port: 0 });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test("the host alone leads to the page", async () => {
  const response = await fetch(new URL("/", server.url), { redirect: "manual" });
  expect(response.status).toBe(302);
  expect(response.headers.get("location")).toBe("/api/graphql");
});

test("an address that nothing is at is not found", async () => {
  expect((await fetch(new URL("/elsewhere", server.url))).status).toBe(404);
});

test("POST /stream is beside the endpoint, wherever that is", async () => {
  const response = await fetch(new URL("/api/stream/work", server.url), {
    method: "POST",
    body: "{}",
  });
  expect(await response.text()).toContain('{"mode":"updates","data":{"work":{"done":true}}}');
});
