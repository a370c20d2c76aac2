import { afterAll, beforeAll, expect, test } from "vitest";
import { subscribeByFetch } from "../../src/client/index.ts";
import { memory, type Authenticate, type Authorize } from "../../src/index.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { post } from "../support/http.ts";
import { seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect, readAll } from "../support/web-socket.ts";
import { OTHER_WAYS_TO_ASK, WAYS_TO_ASK } from "../support/ways-to-ask.ts";

/** Where hooks hang. */
const gate = createGate();

/** Hangs for `slow`, and fails for `broken` once it has hung. */
const authenticate: Authenticate = async ({ token }) => {
  if (token === "slow" || token === "broken") await gate.pass();
  if (token === "broken") throw new Error("The key server is away");
  return token === null ? null : { viewer: { id: "ann", permissions: [token] } };
};

/** Hangs for `doubtful`, and lets nothing be done then. */
const authorize: Authorize = async (viewer) => {
  if (!viewer?.permissions?.includes("doubtful")) return true;
  await gate.pass();
  return false;
};

const backend = memory();
let service: RunningService;
let runId: string;
beforeAll(async () => {
  service = await startService({
    workflows: { work: graphOf(() => {}) },
    backend,
    authenticate,
    authorize,
    limits: { accessTimeoutMs: 200 },
  });
  const query = `mutation { startRun(input: { work: {} }) { run { id } } }`;
  const { data } = await post(service.url, { query }, "Bearer ann");
  runId = (data?.["startRun"]?.["run"] as { readonly id: string }).id;
});
afterAll(async () => {
  gate.open(Infinity);
  await service[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
});

const logged = (what: string): number => service.log.filter((line) => line.startsWith(what)).length;

test.each(Object.entries({ ...WAYS_TO_ASK, ...OTHER_WAYS_TO_ASK }))(
  "%s is refused when it is not found out in time who asks",
  async (_way, ask) => {
    const { code, status } = await ask(service, runId, { authorization: "Bearer slow" });
    // A socket is closed before there is an operation to refuse.
    expect([code, status]).toEqual(status === 1013 ? [null, 1013] : ["ACCESS_TIMEOUT", 503]);
  },
);

test.each(Object.entries(WAYS_TO_ASK))(
  "%s is refused when it is not found out in time whether one may",
  async (_way, ask) => {
    const { code, status } = await ask(service, runId, { authorization: "Bearer doubtful" });
    expect(code).toBe("ACCESS_TIMEOUT");
    // In `application/json` by GraphQL over HTTP, on a socket none, and for what streams 503.
    expect([200, null, 503]).toContain(status);
  },
);

test.each<[what: string, follow: (url: string) => Promise<readonly Result[]>]>([
  [
    "a WebSocket",
    async (url) => {
      const client = connect(url.replace("http", "ws"));
      try {
        return await collect(client, following(runId));
      } finally {
        await client.dispose();
      }
    },
  ],
  [
    "server-sent events",
    (url) =>
      readAll(
        subscribeByFetch<Result["data"]>({
          url,
          ...following(runId),
        }) as AsyncIterableIterator<Result>,
      ),
  ],
])("over %s a client comes back by itself once hooks answer again", async (_what, follow) => {
  let isAway = true;
  await using open = await startService({
    workflows: { work: graphOf(() => {}) },
    backend,
    authenticate: async () => {
      if (!isAway) return { viewer: { id: "ann" } };
      isAway = false;
      return new Promise(() => {});
    },
    limits: { accessTimeoutMs: 200 },
  });
  const results = await follow(open.url);
  expect(results.map(seqOf)).toEqual(range(1, results.length));
  expect(results.length).toBeGreaterThan(3);
});

test("what hooks answer or throw later changes nothing, and stands in the log", async () => {
  const ask = WAYS_TO_ASK["a query"];
  await ask?.(service, runId, { authorization: "Bearer broken" });
  const waiting = gate.arrivals;
  expect(logged("a hook takes too long")).toBe(waiting);
  gate.open(Infinity);
  await until(() => logged("the hook has") === waiting);
  expect(logged("the hook has failed, too late")).toBe(1);
  expect(await ask?.(service, runId, { authorization: "Bearer slow" })).toMatchObject({
    code: null,
  });
});
