import { BadUserInputError } from "../errors.ts";

/** A place in a run's log: just after the event numbered `seq`. */
export interface Cursor {
  /** Absent in a bare seq, which the context places. */
  readonly runId?: string;
  readonly seq: number;
  /** The epoch under which that event was recorded; absent in a bare seq. */
  readonly epoch?: number;
}

const CURSOR = /^(\d{1,15})(?:\.(\d{1,15})\.([\w-]{1,128}))?$/;

/** The string that clients hold; opaque to them. */
export function formatCursor(runId: string, seq: number, epoch: number): string {
  return `${seq}.${epoch}.${runId}`;
}

/**
 * Reads a cursor that a client brought back: one of ours, or a bare seq. Throws `BadUserInputError`;
 * `path` says where it was in the request.
 */
export function parseCursor(text: string, path: readonly string[] = []): Cursor {
  const match = CURSOR.exec(text);
  if (!match) {
    throw new BadUserInputError(
      `${JSON.stringify(text.slice(0, 80))} is not a cursor: pass the cursor of a result, or a seq`,
      [{ path, message: "Not a cursor" }],
    );
  }
  const [, seq, epoch, runId] = match;
  return runId === undefined
    ? { seq: Number(seq) }
    : { runId, seq: Number(seq), epoch: Number(epoch) };
}

/** The furthest of the cursors given, or `undefined`. All must be of the same run, as far as they say. */
export function furthest(cursors: readonly Cursor[]): Cursor | undefined {
  const runIds = new Set(cursors.map((c) => c.runId).filter((id) => id !== undefined));
  if (runIds.size > 1) {
    throw new BadUserInputError(`The cursors are of different runs: ${[...runIds].join(", ")}`);
  }
  const [runId] = runIds;
  const last = cursors.toSorted((a, b) => a.seq - b.seq).at(-1);
  return last && runId !== undefined ? { ...last, runId } : last;
}
