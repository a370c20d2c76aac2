import type { Work } from "../graph.ts";
import type { Peer } from "../peers.ts";
import type { Child } from "./processes.ts";
import type { OnEvent } from "./stream.ts";

const STATUS = Buffer.from('"status":"');
const QUOTE = '"'.charCodeAt(0);

/** What many runs with a client each write at a steady pace. */
export interface SteadyRuns {
  readonly runs: number;
  readonly eventsPerSecond: number;
  readonly seconds: number;
}

/**
 * Milliseconds from each call of the writer until the client has the event. Both processes read one
 * clock, the machine's monotonic one. The runs begin evenly spread over the time between two events.
 */
export async function latenciesOf(
  peer: Peer,
  child: Child,
  { runs, eventsPerSecond, seconds }: SteadyRuns,
): Promise<number[]> {
  const latencies: number[] = [];
  const pauseMs = 1_000 / eventsPerSecond;
  const onEvent: OnEvent = (buffer, start, end) => {
    latencies.push((Number(process.hrtime.bigint()) - stampOf(buffer, start, end)) / 1e6);
  };
  await Promise.all(
    Array.from({ length: runs }, async (_, index) => {
      const work: Work = {
        events: eventsPerSecond * seconds,
        perTurn: 1,
        pauseMs,
        startAfterMs: 100 + (index / runs) * pauseMs,
        stamps: true,
      };
      const { tally, close } = await peer.run(child, work, onEvent);
      await tally.completed().finally(close);
    }),
  );
  return latencies;
}

/** When an event was written, in nanoseconds: what `stamps` puts into its status. */
export function stampOf(buffer: Buffer, start: number, end: number): number {
  const from = buffer.indexOf(STATUS, start) + STATUS.length;
  const to = buffer.indexOf(QUOTE, from);
  if (from < STATUS.length + start || to > end) return Number.NaN;
  return Number(buffer.toString("latin1", from, to));
}
