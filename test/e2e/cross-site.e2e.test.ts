import { afterAll, beforeAll, expect, test } from "vitest";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { post } from "../support/http.ts";
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
