import type { Peer } from "../peers.ts";
import type { Work } from "../graph.ts";
import type { Child } from "./processes.ts";
import type { Contestant } from "./rounds.ts";
import { startPeer } from "./start-peer.ts";
import type { Stream } from "./stream.ts";

export const THROUGHPUT_METRICS = [
  { key: "events/s", label: "events/s" },
  { key: "cpu", label: "server CPU, µs/event" },
  { key: "bytes", label: "bytes/event" },
];

/** So many runs to one client each, from sending the operations to the last event of the last run. */
export function throughputOf(peer: Peer, work: Work, runs = 1): Contestant {
  const events = work.events * runs;
  return {
    name: peer.name,
    async open() {
      const child = await startPeer(peer);
      return {
        async measure() {
          const before = await child.call<number>("cpuMicros");
          const all = await Promise.all(
            Array.from({ length: runs }, () => follow(peer, child, work)),
          );
          const after = await child.call<number>("cpuMicros");
          const sentAt = Math.min(...all.map((stream) => stream.sentAt));
          const lastAt = Math.max(...all.map(({ tally }) => tally.lastAt));
          return {
            "events/s": events / ((lastAt - sentAt) / 1_000),
            cpu: (after - before) / events,
            bytes: all.reduce((bytes, { tally }) => bytes + tally.bytes, 0) / events,
          };
        },
        [Symbol.asyncDispose]: child[Symbol.asyncDispose],
      };
    },
  };
}

async function follow(peer: Peer, child: Child, work: Work): Promise<Stream> {
  const stream = await peer.run(child, work);
  await stream.tally.completed().finally(stream.close);
  const { count } = stream.tally;
  if (count !== work.events) throw new Error(`${count} of ${work.events} events came`);
  return stream;
}
