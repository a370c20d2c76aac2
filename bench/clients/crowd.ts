import type { Socket } from "node:net";
import { followOperation } from "../peers.ts";
import { answer } from "../support/child.ts";
import type { Audience } from "../support/crowd.ts";
import { openFilesLimit } from "../support/open-files.ts";
import { inPortions } from "../support/portions.ts";
import { openSocket, subscribe } from "../support/websocket-stream.ts";

/** How many sockets are opened at a time. */
const PORTION = 50;

/** How often some of those who read slowly read something. */
const TURN_MS = 10;

/** Many clients, in a process of their own: they take nothing from the client that measures. */
const sockets: Socket[] = [];
let turns: NodeJS.Timeout | undefined;

answer("", {
  openFilesLimit,
  /** Resolves once all have had an event, which shows that they watch. */
  async watch({ url, runId, count, readEveryMs }: Audience): Promise<void> {
    if (readEveryMs) readInTurn(count, readEveryMs);
    await inPortions(count, PORTION, async () => {
      const connection = await openSocket(url);
      const { tally } = subscribe(connection, followOperation(runId));
      await tally.reached(1);
      if (readEveryMs !== undefined) connection.socket.pause();
      sockets.push(connection.socket);
    });
  },
  leave(): void {
    clearInterval(turns);
    for (const socket of sockets.splice(0)) socket.destroy();
  },
});

/** Each reads what comes in one piece, 64 KiB at most, once in so many milliseconds; evenly spread. */
function readInTurn(count: number, everyMs: number): void {
  let due = 0;
  let next = 0;
  turns = setInterval(() => {
    for (due += (count * TURN_MS) / everyMs; due >= 1; due -= 1) {
      const socket = sockets[next++ % count];
      socket?.once("data", () => socket.pause()).resume();
    }
  }, TURN_MS);
}
