import { afterAll, beforeAll, expect, test } from "vitest";
import { createService } from "../../src/index.ts";
import { serve } from "../../src/server/index.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { post } from "../support/http.ts";
import { handshake } from "../support/raw-socket.ts";
import type { Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";

const EVIL = "https://evil.example.com";
const ALLOWED = "https://app.example.com";

const gate = createGate();
const work = graphOf(({ config }) => gate.pass(config.signal));

let closed: RunningService;
let open: RunningService;
beforeAll(async () => {
  closed = await startService({ workflows: { work } });
  open = await startService({ workflows: { work }, allowedOrigins: [ALLOWED] });
});
afterAll(async () => {
  await closed[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

/** Everything that a page could ask for. */
const REQUESTS: Readonly<Record<string, readonly [path: string, init: RequestInit]>> = {
  "a query": ["/graphql", json('{"query": "{ __typename }"}')],
  "a subscription": [
    "/graphql",
    json('{"query": "subscription { workflowEvents(runId: \\"a\\") { __typename } }"}'),
  ],
  "the plain stream": ["/stream/nothing", json("{}")],
  "what a browser asks before it sends JSON": [
    "/graphql",
    {
      method: "OPTIONS",
      headers: {
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    },
  ],
};

test.each(Object.keys(REQUESTS))(
  "no page of another site may read the answer to %s",
  async (name) => {
    expect(await allowedOriginOf(closed, name, EVIL)).toBeNull();
    expect(await allowedOriginOf(open, name, EVIL)).not.toBe(EVIL);
  },
);

test.each(Object.keys(REQUESTS))(
  "a page of an allowed site may read the answer to %s",
  async (name) => {
    expect(await allowedOriginOf(open, name, ALLOWED)).toBe(ALLOWED);
  },
);

test("a page without an origin reads nothing, however many sites are allowed", async () => {
  await using both = await startService({
    workflows: { work },
    allowedOrigins: [ALLOWED, "https://other.example.com"],
  });
  for (const name of Object.keys(REQUESTS)) {
    expect(await allowedOriginOf(both, name, "null")).toBeNull();
  }
});

test.each(Object.keys(REQUESTS).filter((name) => !name.startsWith("what a browser asks")))(
  "%s of a page of another site is refused with 403",
  async (name) => {
    const [path, init] = REQUESTS[name] ?? ["/", {}];
    const headers = { ...(init.headers as Record<string, string>), origin: EVIL };
    const response = await fetch(new URL(path, open.url), { ...init, headers });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: "FORBIDDEN" } }],
    });
  },
);

test("an image or a link of another site reads nothing either", async () => {
  const address = `${open.url}?query={__typename}`;
  for (const site of ["cross-site", "same-site"]) {
    const response = await fetch(address, { headers: { "sec-fetch-site": site } });
    expect(response.status).toBe(403);
  }
});

test("a page that its browser calls the server's own may ask, whatever a proxy calls the host", async () => {
  const headers = { origin: "https://behind.example.com", "sec-fetch-site": "same-origin" };
  const response = await fetch(`${closed.url}?query={__typename}`, { headers });
  expect(response.status).toBe(200);
});

test("a site that is refused is logged once, with what to write to let it in", async () => {
  await using service = await startService({ workflows: { work } });
  const handshakeOf = (origin: string) =>
    handshake(service.wsUrl, "graphql-transport-ws", { origin });
  for (const origin of [EVIL, EVIL, "http://localhost:5173"]) {
    expect(await handshakeOf(origin)).toBe(403);
    await allowedOriginOf(service, "a query", origin);
  }
  expect(service.log).toHaveLength(2);
  expect(service.log[0]).toContain(`allowedOrigins: ["${EVIL}"], or --origin ${EVIL}`);
  expect(service.log[1]).toContain("--origin http://localhost:5173");
});

test.each([
  ["*", /cannot be "\*": any page could then act for its visitor, with their cookies/],
  ["https://app.example.com/", /is not an origin: write https:\/\/app\.example\.com$/],
  ["app.example.com", /is not an origin: write one such as https:\/\/app\.example\.com$/],
])("%s is no origin to allow: the service does not start", (origin, message) => {
  expect(() => createService({ workflows: { work }, allowedOrigins: [origin] })).toThrow(message);
});

test.each(["/graphql?query={__typename}", "/graphql", "/", "/elsewhere", "/stream/nothing"])(
  "the answer to %s tells browsers to frame, embed and guess nothing",
  async (path) => {
    await using server = await serve({ service: open.service, port: 0, graphiql: true });
    const headers = { accept: path === "/graphql" ? "text/html" : "*/*" };
    const answer = await fetch(new URL(path, server.url), { headers, redirect: "manual" });
    await answer.body?.cancel();
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-security-policy": expect.stringMatching(
        /default-src 'none'.*frame-ancestors 'none'/,
      ),
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
  },
);

test("a form of another site cancels nothing", async () => {
  const start = `mutation { startRun(runId: "daily", input: { work: {} }) { isNew } }`;
  await post(closed.url, { query: start });
  const response = await fetch(closed.url, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: EVIL },
    body: `query=${encodeURIComponent('mutation { cancelRun(runId: "daily") { run { status } } }')}`,
  });
  const { errors } = (await response.json()) as Result;
  expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
  const { data } = await post(closed.url, { query: '{ run(id: "daily") { isFinished } }' });
  expect(data).toEqual({ run: { isFinished: false } });
});

function json(body: string): RequestInit {
  const headers = { "content-type": "application/json", accept: "*/*" };
  return { method: "POST", headers, body };
}

async function allowedOriginOf(
  service: RunningService,
  name: string,
  origin: string,
): Promise<string | null> {
  const [path, init] = REQUESTS[name] ?? ["/", {}];
  const headers = { ...(init.headers as Record<string, string>), origin };
  const response = await fetch(new URL(path, service.url), { ...init, headers });
  await response.body?.cancel();
  return response.headers.get("access-control-allow-origin");
}
