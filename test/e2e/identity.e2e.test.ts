import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ForbiddenError, type Authenticate, type Authentication } from "../../src/index.ts";
import { graphOf } from "../support/graphs.ts";
import { post } from "../support/http.ts";
import { startService, type RunningService } from "../support/service.ts";
import { collect, connect } from "../support/web-socket.ts";
import { OTHER_WAYS_TO_ASK, WAYS_TO_ASK, type Asker } from "../support/ways-to-ask.ts";

const ANN: Asker = { authorization: "Bearer ann" };
const BOB: Asker = { authorization: "bearer bob" };

/** Lets in whoever names an account as a token. */
const authenticate: Authenticate = ({ token }) => {
  if (token === "broken") throw new Error("The key server is away");
  if (token === "banned") throw new ForbiddenError("This account is closed");
  if (token === "nobody") return { viewer: { id: "" } };
  if (token === "bare") return { id: "ann" } as unknown as Authentication;
  return token === "ann" || token === "bob" ? { viewer: { id: token } } : null;
};

let service: RunningService;
beforeAll(async () => {
  service = await startService({ workflows: { work: graphOf(() => {}) }, authenticate });
  const started = await fetch(new URL("/stream/work", service.url), {
    method: "POST",
    headers: { authorization: "Bearer ann", "content-type": "application/json" },
    body: "{}",
  });
  await started.text();
});
afterAll(() => service[Symbol.asyncDispose]());

const ALL = { ...WAYS_TO_ASK, ...OTHER_WAYS_TO_ASK };
const ways = Object.entries(ALL);

/** Ann's run, which has ended. */
async function annsRun(): Promise<string> {
  const { data } = await post(service.url, { query: "{ runs { nodes { id } } }" }, "Bearer ann");
  const nodes = data?.["runs"]?.["nodes"] as readonly { readonly id: string }[];
  return nodes.at(-1)?.id ?? "";
}

describe.each(ways)("%s", (_way, ask) => {
  test("is answered for a viewer who is known", async () => {
    expect(await ask(service, await annsRun(), ANN)).toMatchObject({ code: null });
  });

  test.each<[what: string, Asker]>([
    ["no token", {}],
    ["a token that is not good", { authorization: "Bearer eve" }],
    ["another scheme", { authorization: "Basic ann" }],
    ["an empty token", { authorization: "Bearer " }],
  ])("is refused with %s", async (_what, asker) => {
    const { code, status } = await ask(service, await annsRun(), asker);
    // A socket is closed before there is an operation to refuse.
    expect([code, status]).toEqual(status === 4403 ? [null, 4403] : ["UNAUTHENTICATED", 401]);
  });

  test("is refused when the hook fails, and the log says why", async () => {
    const { code, status } = await ask(service, await annsRun(), {
      authorization: "Bearer broken",
    });
    expect([code, status]).toEqual(status === 1013 ? [null, 1013] : ["INTERNAL", 500]);
    expect(service.log.at(-1)).toContain("The key server is away");
  });

  test("is refused when the hook names nobody", async () => {
    const { status } = await ask(service, await annsRun(), { authorization: "Bearer nobody" });
    expect([500, 1013]).toContain(status);
  });

  test("is refused when the hook forgot that it tells a viewer, and the log says what to write", async () => {
    const { status } = await ask(service, await annsRun(), { authorization: "Bearer bare" });
    expect([500, 1013]).toContain(status);
    expect(service.log.at(-1)).toContain("authenticate must return { viewer: { id } }");
  });

  test("is refused as the hook says it", async () => {
    const { code, status } = await ask(service, await annsRun(), {
      authorization: "Bearer banned",
    });
    expect([code, status]).toEqual(status === 4403 ? [null, 4403] : ["FORBIDDEN", 403]);
  });
});

test.each(Object.entries(WAYS_TO_ASK))(
  "%s does not find another viewer's run, as if there were none",
  async (_way, ask) => {
    const runId = await annsRun();
    const theirs = await ask(service, runId, BOB);
    expect(theirs.code).toBe("NOT_FOUND");
    expect(await ask(service, "none", BOB)).toEqual(theirs);
  },
);

test("401 says how to authenticate", async () => {
  const { status, headers } = await fetch(service.url, { method: "POST" });
  expect([status, headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
});

test("where nobody has to say who they are, what a client says of it does no harm", async () => {
  await using open = await startService({ workflows: { work: graphOf(() => {}) } });
  const client = connect(open.wsUrl, {
    connectionParams: {
      authorization: "Bearer ann\r\nx: тайна\0",
      Authorization: ["Bearer"],
      traceparent: "a\nb",
      tracestate: "тайна",
    },
    retryAttempts: 0,
  });
  const [result] = await collect(client, "{ workflows { name } }");
  expect(result).toEqual({ data: { workflows: [{ name: "work" }] } });
  await client.dispose();
});
