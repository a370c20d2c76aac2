import { once } from "node:events";
import type { Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { Work } from "../graph.ts";

/** How many bytes may wait in the process before a raw server lets its client read. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** How many frames go out in one write when they are batched. */
const FRAMES_PER_WRITE = 64;

export interface RawOptions {
  /** What is sent for each event: ours as it was captured. */
  readonly text: string;
  /** Whether the frames of a turn leave in one write, or each in one of its own. */
  readonly batched?: boolean;
}

/** Sends the same thing again and again, in the turns that the graph would write it in. */
export async function sendTurns(
  { events, perTurn = 100 }: Work,
  send: () => void,
  sockets: ReadonlySet<Writable>,
  batched = false,
): Promise<void> {
  for (let sent = 0; sent < events;) {
    for (const end = Math.min(events, sent + perTurn); sent < end;) {
      const batch = batched ? Math.min(FRAMES_PER_WRITE, end - sent) : 1;
      if (batched) for (const socket of sockets) socket.cork();
      for (let i = 0; i < batch; i++) send();
      if (batched) for (const socket of sockets) socket.uncork();
      sent += batch;
    }
    await setImmediate();
    for (const socket of sockets) {
      if (socket.writableLength > HIGH_WATER_BYTES) await once(socket, "drain");
    }
  }
}
