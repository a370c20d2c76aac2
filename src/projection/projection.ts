import type { ExecutionResult, GraphQLError } from "graphql";
import type { StreamItem } from "../api/event-stream.ts";
import { formatCursor } from "../events/cursor.ts";
import type { CursorExtensions, Format, Frame } from "./frame.ts";
import { RecentFrames } from "./recent-frames.ts";

/** So many bytes of frames are kept for the others that watch alike. */
const MAX_KEPT_BYTES = 1024 * 1024;

export interface ProjectionOptions {
  /** What tells it from others of its operation. */
  readonly key: string;
  /** Executes the selection for one item. */
  readonly execute: (item: StreamItem) => ExecutionResult | Promise<ExecutionResult>;
  /** What clients may see of an error. */
  readonly present: (error: GraphQLError) => GraphQLError;
  readonly format: Format;
}

/**
 * One run's events as one operation selects them, in one format: executed and serialised once for
 * all who watch alike, wherever they stand. For those far behind the others it is done again.
 */
export class Projection {
  readonly #options: ProjectionOptions;
  readonly #recent = new RecentFrames(MAX_KEPT_BYTES);
  /** How many watch alike. */
  watchers = 0;

  constructor(options: ProjectionOptions) {
    this.#options = options;
  }

  get key(): string {
    return this.#options.key;
  }

  /** The frame of an item that is no tick; a promise only where a resolver gives one. */
  frameOf(item: StreamItem): Frame | Promise<Frame> {
    // Nobody to share it with; and failures come once, at the end.
    if (this.watchers < 2 || item.kind !== "event") return this.#project(item);
    const { seq } = item.event;
    const recent = this.#recent.get(seq);
    if (recent) return recent;
    const frame = this.#project(item);
    this.#recent.add(seq, frame);
    return frame;
  }

  /** The last frame of a stream that cannot go on because of `error`. */
  failed(error: GraphQLError): Frame {
    return this.#frame({ errors: [error], data: null }, undefined);
  }

  #project(item: StreamItem): Frame | Promise<Frame> {
    const at = placeOf(item);
    const result = this.#options.execute(item);
    return result instanceof Promise
      ? result.then((settled) => this.#frame(settled, at))
      : this.#frame(result, at);
  }

  #frame({ data, errors }: ExecutionResult, at: CursorExtensions | undefined): Frame {
    const { format, present } = this.#options;
    const result = errors ? { errors: errors.map(present), data: data ?? null } : { data };
    return { kind: "result", bytes: Buffer.from(format.write(result as ExecutionResult, at)) };
  }
}

/** Where a client stands once it has an item. */
export function placeOf({ run, event }: StreamItem): CursorExtensions {
  const { seq, attempt } = event;
  return { runId: run.id, seq, cursor: formatCursor(run.id, seq, attempt) };
}
