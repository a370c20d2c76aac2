import { followOperation, overWebSocket, type Peer } from "../peers.ts";
import { inPortions } from "./portions.ts";
import { startChild, type Child } from "./processes.ts";
import type { Contestant } from "./rounds.ts";
import type { Stream } from "./stream.ts";

export const FAN_OUT_METRICS = [
  { key: "deliveries/s", label: "deliveries/s" },
  { key: "cpu", label: "server CPU, µs/delivery" },
];

export interface FanOut {
  readonly subscribers: number;
  readonly events: number;
  /** Events between two turns of the event loop. */
  readonly perTurn: number;
}

/** How many sockets are opened at a time. */
const PORTION = 50;

/** One run to many clients, from the moment when all watch to the last event of the last client. */
export function fanOutOf(peer: Peer, { subscribers, events, perTurn }: FanOut): Contestant {
  return {
    name: peer.name,
    async open() {
      const child = await startChild(peer.file, peer.options);
      let rounds = 0;
      return {
        async measure() {
          const gate = `fan-out ${++rounds}`;
          const runId = await child.call<string>("start", { events, perTurn, gate });
          const streams = await watch(child, runId, subscribers);
          try {
            const before = await child.call<number>("cpuMicros");
            const startedAt = performance.now();
            await child.call("openGate", gate);
            await Promise.all(streams.map(({ tally }) => tally.reached(events + 1)));
            const seconds = (performance.now() - startedAt) / 1_000;
            const after = await child.call<number>("cpuMicros");
            const deliveries = subscribers * events;
            return { "deliveries/s": deliveries / seconds, cpu: (after - before) / deliveries };
          } finally {
            for (const { close } of streams) close();
          }
        },
        [Symbol.asyncDispose]: child[Symbol.asyncDispose],
      };
    },
  };
}

/** Follows a run that waits at its gate, so many times. What came before the gate shows that it does. */
export async function watch(child: Child, runId: string, subscribers: number): Promise<Stream[]> {
  const streams = await inPortions(subscribers, PORTION, () =>
    overWebSocket(child, followOperation(runId)),
  );
  await Promise.all(streams.map(({ tally }) => tally.reached(1)));
  return streams;
}
