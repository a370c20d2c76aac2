import type { ExecutionResult } from "graphql";

/** What tells a client where it stands: in `extensions` of every result of a subscription. */
export interface CursorExtensions {
  readonly runId: string;
  readonly seq: number;
  readonly cursor: string;
}

/** A result as its bytes go over the wire. */
export interface Frame {
  readonly kind: "result";
  readonly bytes: Buffer;
}

/** Nothing to show, but the cursor has moved. */
export interface TickFrame {
  readonly kind: "tick";
  readonly at: CursorExtensions;
}

/** How a transport writes results: the same text for all who watch alike. */
export interface Format {
  /** The transport's: tells it from other formats, and to those who count what is sent. */
  readonly name: string;
  /**
   * `at` is where the client stands then, which belongs into `extensions`; absent when the events could
   * not be read any further.
   */
  readonly write: (result: ExecutionResult, at: CursorExtensions | undefined) => string;
}
