import type { WebSocket } from "ws";
import type { Operation } from "./http.ts";
import { openRawSocket, type Message } from "./raw-socket.ts";
import type { Result } from "./result.ts";

/** One operation on a socket, and what has come of it. */
export interface Watcher {
  readonly id: string;
  readonly results: readonly Result[];
  readonly isComplete: boolean;
}

/** A socket of many operations. */
export interface WatchSocket {
  readonly socket: WebSocket;
  watch(operation: Operation): Watcher;
  /** Completes an operation from the client's side, and forgets it. */
  leave(watcher: Watcher): void;
}

/** Connects and is acknowledged. */
export async function openWatchSocket(url: string): Promise<WatchSocket> {
  const { socket, send } = await openRawSocket(url);
  // It keeps all messages; here they are many.
  socket.removeAllListeners("message");
  const watchers = new Map<string, { id: string; results: Result[]; isComplete: boolean }>();
  let operations = 0;
  socket.on("message", (data: Buffer) => {
    const { id = "", type, payload } = JSON.parse(data.toString()) as Message;
    const watcher = watchers.get(id);
    if (type === "next") watcher?.results.push(payload as Result);
    else if (type === "complete" && watcher) watcher.isComplete = true;
    else if (type === "error") throw new Error(`An operation was refused: ${data.toString()}`);
  });
  return {
    socket,
    watch(operation) {
      operations += 1;
      const watcher = { id: String(operations), results: [], isComplete: false };
      watchers.set(watcher.id, watcher);
      send({ type: "subscribe", id: watcher.id, payload: operation });
      return watcher;
    },
    leave({ id }) {
      watchers.delete(id);
      send({ type: "complete", id });
    },
  };
}
