import { createClient } from "graphql-ws";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import {
  initialRunView,
  reconnectOptions,
  reduceRun,
  resumable,
  watchConnection,
  withConnection,
  type RunView,
} from "../../src/client/index.ts";
import { createGates, type Gates } from "../support/gate.ts";
import { startService, type RunningService } from "../support/service.ts";
import { following, startRun, steppedGraph } from "../support/stepped.ts";
import { until } from "../support/until.ts";
import { collect, connect } from "../support/web-socket.ts";

/** Where nobody listens. */
const NOBODY = "ws://127.0.0.1:1/graphql";

let gates: Gates;
let service: RunningService;

beforeEach(async () => {
  gates = createGates();
  service = await startService({ workflows: { steps: steppedGraph(gates) } });
});
afterEach(() => service[Symbol.asyncDispose]());

/** The address of a server that is away for a while, once it has been there. */
function addressOfRestarting(): () => string {
  let attempts = 0;
  return () => {
    attempts += 1;
    return attempts === 2 || attempts === 3 ? NOBODY : service.wsUrl;
  };
}

test("with reconnectOptions a client waits for a server that is away; by itself it gives up at once", async () => {
  const runId = await startRun(service.url, "steps", { count: 1 });
  const clients = [{}, reconnectOptions].map((options) =>
    createClient({ url: addressOfRestarting(), webSocketImpl: WebSocket, ...options }),
  );
  const [alone, patient] = clients.map((client) => collect(resumable(client), following(runId)));
  const refused = expect(alone).rejects.toThrow();
  await until(() => service.sockets.length === 2);
  for (const socket of service.sockets) socket.terminate();
  gates.of(runId).open();
  expect((await patient)?.length).toBe(7);
  await refused;
});

test("a view tells that its client connects, is live, connects again, and has seen the end", async () => {
  const client = resumable(connect(service.wsUrl));
  const runId = await startRun(service.url, "steps", { count: 1 });
  let view: RunView = initialRunView;
  const connections: string[] = [];
  const show = (next: RunView): void => {
    if (next.connection !== view.connection) connections.push(next.connection);
    view = next;
  };
  const stop = watchConnection(client, (connection) => show(withConnection(view, connection)));
  await new Promise<void>((resolve, reject) => {
    client.subscribe(following(runId), {
      next(result) {
        show(reduceRun(view, result));
        if (view.lastSeq !== 3) return;
        service.sockets.at(-1)?.terminate();
        gates.of(runId).open();
      },
      error: reject,
      complete() {
        show(withConnection(view, "ended"));
        resolve();
      },
    });
  });
  stop();
  await client.dispose();
  expect(connections).toEqual(["live", "reconnecting", "live", "ended"]);
});
