import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Authenticate, WatchToken } from "../../src/index.ts";
import { createGates } from "../support/gate.ts";
import { openEventSource, post, postEvents, readFrames } from "../support/http.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, freeGraph, steppedGraph } from "../support/stepped.ts";
import { OTHER_WAYS_TO_ASK, WAYS_TO_ASK, type Outcome } from "../support/ways-to-ask.ts";

const gates = createGates();
const authenticate: Authenticate = ({ token }) =>
  token === "ann" || token === "bob" ? { viewer: { id: token } } : null;

let closed: RunningService;
let open: RunningService;
beforeAll(async () => {
  const workflows = { work: freeGraph, stepped: steppedGraph(gates) };
  const limits = { maxStartsPerMinutePerViewer: false } as const;
  closed = await startService({ workflows, authenticate, limits });
  open = await startService({ workflows });
});
afterAll(async () => {
  await closed[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

/** Starts a run of `workflow` and returns its id. */
async function start(service: RunningService, workflow: string, as?: string): Promise<string> {
  const input = { [workflow]: { count: 2 } };
  const query = `mutation ($input: WorkflowInput!) { startRun(input: $input) { run { id } } }`;
  const { data } = await post(service.url, { query, variables: { input } }, as);
  return (data?.["startRun"]?.["run"] as { readonly id: string }).id;
}

const CREATE = `mutation ($runId: ID!, $ttl: Int! = 900) {
  createWatchToken(runId: $runId, ttlSeconds: $ttl) { token expiresAt }
}`;

async function create(service: RunningService, runId: string, as?: string, ttl?: number) {
  const variables = { runId, ...(ttl !== undefined && { ttl }) };
  const { data, errors } = await post(service.url, { query: CREATE, variables }, as);
  const made = data?.["createWatchToken"] as unknown as
    | (Pick<WatchToken, "token"> & { readonly expiresAt: string })
    | null;
  return { token: made?.token ?? "", made, code: errors?.[0]?.extensions?.["code"] };
}

const MUTATES = ["a mutation", "a WebSocket's mutation"];
const waysToWatch = Object.entries(WAYS_TO_ASK).filter(([way]) => !MUTATES.includes(way));
const waysToMutate = Object.entries(WAYS_TO_ASK).filter(([way]) => MUTATES.includes(way));

describe.each([
  ["where viewers are known", () => closed, "Bearer ann"],
  ["where nobody is", () => open, undefined],
] as const)("%s, the bearer of a watch token", (_where, service, ann) => {
  test.each(waysToWatch)("reads and watches its run: %s", async (_way, how) => {
    const runId = await start(service(), "work", ann);
    const { token } = await create(service(), runId, ann);
    expect(await how(service(), runId, { authorization: `Bearer ${token}` })).toMatchObject({
      code: null,
    });
  });

  test.each(waysToWatch)("finds no other run of the same viewer: %s", async (_way, how) => {
    const { token } = await create(service(), await start(service(), "work", ann), ann);
    const other = await start(service(), "work", ann);
    const { code } = await how(service(), other, { authorization: `Bearer ${token}` });
    expect(code).toBe("NOT_FOUND");
  });

  test.each([...waysToMutate, ...Object.entries(OTHER_WAYS_TO_ASK)])(
    "is FORBIDDEN all else: %s",
    async (_way, how) => {
      const runId = await start(service(), "work", ann);
      const { token } = await create(service(), runId, ann);
      const outcome = await how(service(), runId, { authorization: `Bearer ${token}` });
      expect(outcome).toMatchObject({ code: "FORBIDDEN" } satisfies Partial<Outcome>);
    },
  );

  test.each(waysToWatch)("is nobody once it is tampered with: %s", async (_way, how) => {
    const runId = await start(service(), "work", ann);
    const { token } = await create(service(), runId, ann);
    const { code, status } = await how(service(), runId, { authorization: `Bearer ${token}x` });
    expect([code, status]).toEqual(status === 4403 ? [null, 4403] : ["UNAUTHENTICATED", 401]);
  });

  test("gets neither to the run's thread nor to another token", async () => {
    const runId = await start(service(), "work", ann);
    const { token } = await create(service(), runId, ann);
    const query = "query ($id: ID!) { run(id: $id) { lastSeq thread { id } } }";
    const { data, errors } = await post(
      service().url,
      { query, variables: { id: runId } },
      `Bearer ${token}`,
    );
    expect(data).toMatchObject({ run: { thread: null } });
    expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
    expect((await create(service(), runId, `Bearer ${token}`)).code).toBe("FORBIDDEN");
  });
});

describe("a token in an address", () => {
  test("is how an EventSource watches, which sends no headers", async () => {
    const runId = await start(closed, "work", "Bearer ann");
    const { token } = await create(closed, runId, "Bearer ann");
    const url = `${closed.url}?token=${token}`;
    const events = [];
    for await (const { event } of readFrames(await openEventSource(url, following(runId)))) {
      events.push(event);
    }
    expect(events.at(-1)).toBe("complete");
    expect(events.length).toBeGreaterThan(3);
  });

  test("is a watch token or nothing: others would stand in logs", async () => {
    const runId = await start(closed, "work", "Bearer ann");
    const { status } = await openEventSource(`${closed.url}?token=ann`, following(runId));
    expect(status).toBe(401);
  });

  test("is not looked at in a POST", async () => {
    const runId = await start(closed, "work", "Bearer ann");
    const { token } = await create(closed, runId, "Bearer ann");
    const { status } = await postEvents(`${closed.url}?token=${token}`, following(runId));
    expect(status).toBe(401);
  });
});

test("a token is made by whose run it is, and for nobody else's", async () => {
  const runId = await start(closed, "work", "Bearer ann");
  expect((await create(closed, runId, "Bearer bob")).code).toBe("NOT_FOUND");
  expect((await create(closed, "none", "Bearer bob")).code).toBe("NOT_FOUND");
  expect((await create(closed, runId, "Bearer ann", 0)).code).toBe("BAD_USER_INPUT");
  expect((await create(closed, runId, "Bearer ann", 86_401)).code).toBe("BAD_USER_INPUT");
});

test("a back end makes one for any run", async () => {
  const runId = await start(closed, "work", "Bearer ann");
  const { token } = await closed.service.createWatchToken({ runId });
  const how = WAYS_TO_ASK["server-sent events"];
  expect(await how?.(closed, runId, { authorization: `Bearer ${token}` })).toMatchObject({
    code: null,
  });
  await expect(closed.service.createWatchToken({ runId: "none" })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test("a stream ends without its ending when its token does, and the token opens none again", async () => {
  const runId = await start(closed, "stepped", "Bearer ann");
  const { token, made } = await create(closed, runId, "Bearer ann", 3);
  const url = `${closed.url}?token=${token}`;
  const response = await openEventSource(url, following(runId));
  expect(response.status).toBe(200);
  const events: string[] = [];
  const reading = (async () => {
    for await (const { event } of readFrames(response)) events.push(event);
  })();
  await expect(reading).rejects.toThrow();
  expect(events).not.toContain("complete");
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(made?.expiresAt ?? "") - 50);
  expect((await openEventSource(url, following(runId))).status).toBe(401);
  gates.of(runId).open(Infinity);
});
