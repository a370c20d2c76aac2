import { expect, test } from "vitest";
import { eventSourceUrl } from "../../src/client/index.ts";
import { createGates } from "../support/gate.ts";
import { readResults } from "../support/http.ts";
import { cursorOf, seqOf, type Result } from "../support/result.ts";
import { startService } from "../support/service.ts";
import { following, range, startRun, steppedGraph } from "../support/stepped.ts";

test("an address has all of the operation, and goes on behind an event", async () => {
  const gates = createGates();
  await using service = await startService({ workflows: { steps: steppedGraph(gates) } });
  const runId = await startRun(service.url, "steps", { count: 2 });
  gates.of(runId).open(2);
  const operation = { url: service.url, operationName: null, ...following(runId) };
  const read = async (address: string): Promise<readonly Result[]> =>
    readResults(await fetch(address, { headers: { accept: "text/event-stream" } }));
  const all = await read(eventSourceUrl(operation));
  expect(all.map(seqOf)).toEqual(range(1, 8));
  const rest = await read(eventSourceUrl({ ...operation, after: cursorOf(all[4] as Result) }));
  expect(rest).toEqual(all.slice(5));
});

test("an address that has parameters keeps them", () => {
  const extensions = { trace: 1 };
  const address = new URL(
    eventSourceUrl({ url: "http://host/graphql?tenant=a", query: "{ a }", extensions, after: "7" }),
  );
  expect(Object.fromEntries(address.searchParams)).toEqual({
    tenant: "a",
    query: "{ a }",
    extensions: '{"trace":1,"resume":{"cursor":"7"}}',
  });
});

test("an address with a watch token lets a page in that shows nothing else, and the next goes on with another", async () => {
  const gates = createGates();
  await using running = await startService({
    workflows: { steps: steppedGraph(gates) },
    authenticate: ({ token }) => (token === "ann" ? { viewer: { id: "ann" } } : null),
  });
  const { url, service } = running;
  const runId = await startRun(url, "steps", { count: 2 }, "Bearer ann");
  gates.of(runId).open(2);
  const watch = async (after?: string): Promise<readonly Result[]> => {
    const { token } = await service.createWatchToken({ runId });
    const address = eventSourceUrl({ url, ...following(runId), after, token });
    return readResults(await fetch(address, { headers: { accept: "text/event-stream" } }));
  };
  const all = await watch();
  expect(all.map(seqOf)).toEqual(range(1, 8));
  expect(await watch(cursorOf(all[4] as Result))).toEqual(all.slice(5));
  const closed = await fetch(eventSourceUrl({ url, ...following(runId) }));
  expect(closed.status).toBe(401);
});
