import type { Tally } from "./tally.ts";

/** One operation as the client sees it, over WebSocket or server-sent events. */
export interface Stream {
  readonly tally: Tally;
  /** When the operation was sent: `performance.now()`. */
  readonly sentAt: number;
  /** Reads nothing any more, and leaves the connection open. */
  stall(): void;
  close(): void;
}

/** Looks at each event's bytes, `buffer` from `start` to `end`: slow, where only counting is asked for. */
export type OnEvent = (buffer: Buffer, start: number, end: number) => void;

export interface Operation {
  readonly query: string;
  readonly variables?: object;
}
