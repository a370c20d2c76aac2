import { afterEach, beforeEach, expect, test } from "vitest";
import { createGates, type Gates } from "../support/gate.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { seqOf, type Result } from "../support/result.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, range, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";

let gates: Gates;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  service = await startService({ workflows: { steps: steppedGraph(gates) } });
});
afterEach(() => service[Symbol.asyncDispose]());

test("an operation's id may come again in the very packet that completes it", async () => {
  const payload = following(await startRun(service.url, "steps", { count: 1 }));
  const raw = await openRawSocket(service.wsUrl);
  raw.send({ type: "subscribe", id: "1", payload });
  await until(() => raw.of("1").length === 3);
  const { _socket: connection } = raw.socket as unknown as {
    readonly _socket: { cork(): void; uncork(): void };
  };
  connection.cork();
  raw.send({ type: "complete", id: "1" });
  raw.send({ type: "subscribe", id: "1", payload });
  connection.uncork();
  await until(() => raw.of("1").length === 6);
  gates.of(String(payload.variables["runId"])).open();
  await raw.message("1", "complete");
  const types = raw.of("1").map(({ type }) => type);
  expect(types.indexOf("complete")).toBe(types.length - 1);
  const seqs = raw
    .of("1")
    .flatMap((message) => (message.payload ? [seqOf(message.payload as Result)] : []));
  expect(seqs).toEqual([...range(1, 3), ...range(1, 7)]);
  raw.socket.terminate();
});
