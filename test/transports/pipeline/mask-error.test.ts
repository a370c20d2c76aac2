import { afterEach, beforeEach, expect, test } from "vitest";
import { memory, type Backend } from "../../../src/index.ts";
import { openEventSource, post, postEvents, readResults } from "../../support/http.ts";
import type { Result } from "../../support/result.ts";
import { intercept } from "../../support/intercept.ts";
import { startService, type RunningService } from "../../support/service.ts";
import { following, freeGraph, startRun } from "../../support/stepped.ts";
import { collect, connect } from "../../support/web-socket.ts";

const SECRET = "connect ECONNREFUSED postgres://admin:hunter2@db";

let isDown = false;
let backend: Backend;
let service: RunningService;

const failIfDown = (): void => {
  if (isDown) throw new Error(SECRET);
};

beforeEach(async () => {
  isDown = false;
  const { runs, events, ...rest } = memory();
  backend = {
    ...rest,
    [Symbol.asyncDispose]: async () => {},
    runs: intercept(runs, ["get"], async (_name, act) => {
      failIfDown();
      return act();
    }),
    events: {
      append: (runId, batch, at) => events.append(runId, batch, at),
      trim: (runId, before) => events.trim(runId, before),
      // The stream begins, and fails when it goes on.
      async read(runId, page) {
        if (page.limit > 1) failIfDown();
        return events.read(runId, page);
      },
    },
  };
  service = await startService({ workflows: { free: freeGraph }, backend });
});
afterEach(() => service[Symbol.asyncDispose]());

function expectMasked(errors: Result["errors"]): void {
  expect(errors).toHaveLength(1);
  const { code, errorId } = errors?.[0]?.extensions ?? {};
  expect(code).toBe("INTERNAL");
  expect(errorId).toEqual(expect.any(String));
  expect(JSON.stringify(errors)).not.toContain("hunter2");
  expect(service.log.join()).toContain(String(errorId));
  expect(service.log.join()).toContain(SECRET);
}

test("of an unexpected error a client sees an id, and the log has the rest under it", async () => {
  isDown = true;
  const { errors } = await post(service.url, { query: '{ run(id: "a") { id } }' });
  expectMasked(errors);
});

test("the same for an operation on a socket", async () => {
  isDown = true;
  const client = connect(service.wsUrl);
  const errors: unknown = await collect(client, following("a")).catch((error: unknown) => error);
  expectMasked(errors as Result["errors"]);
  await client.dispose();
});

test("the same for an EventSource, with status 500", async () => {
  isDown = true;
  const response = await openEventSource(service.url, following("a"));
  expect(response.status).toBe(500);
  expectMasked(((await response.json()) as Result).errors);
});

test("a stream that fails on its way ends with such an error", async () => {
  const runId = await startRun(service.url, "free", { count: 1 });
  const { runs } = backend;
  // Down right after the run was found.
  const found = runs.get.bind(runs);
  backend.runs.get = async (id) => {
    const run = await found(id);
    isDown = true;
    return run;
  };
  const [result, ...more] = await readResults(await postEvents(service.url, following(runId)));
  expect(more).toEqual([]);
  expectMasked(result?.errors);
});
