import { afterEach, beforeEach, expect, test } from "vitest";
import { createGates, type Gates } from "../support/gate.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { openWatchSocket } from "../support/watch-socket.ts";

let gates: Gates;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  service = await startService({ workflows: { steps: steppedGraph(gates) } });
});
afterEach(() => service[Symbol.asyncDispose]());

test("whoever comes late, and shares what was made for others, sees the run as it is by then", async () => {
  const runId = await startRun(service.url, "steps", { count: 3 });
  const socket = await openWatchSocket(service.wsUrl);
  const operation = following(runId, { select: "... on RunStatusEvent { run { lastSeq } }" });
  const [one, other] = [socket.watch(operation), socket.watch(operation)];
  await until(() => one.results.length === 2 && other.results.length === 2);
  gates.of(runId).open();
  await until(() => gates.of(runId).arrivals === 2);
  const late = socket.watch(operation);
  await until(() => late.results.length === 2);
  expect(lastSeqsOf(late.results)[0]).toBeGreaterThan(lastSeqsOf(one.results)[0] ?? 0);
  socket.socket.terminate();
});

function lastSeqsOf(results: readonly unknown[]): readonly number[] {
  return (results as { data: { workflowEvents: { run: { lastSeq: number } } } }[]).map(
    ({ data }) => data.workflowEvents.run.lastSeq,
  );
}
